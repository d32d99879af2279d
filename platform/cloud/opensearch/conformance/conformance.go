// Package conformance checks that an endpoint answers as OpenSearch 2.19 does.
// It speaks HTTP only and assumes nothing else, so it can be pointed at the
// embedded service or at a real engine. It makes indexes and templates whose
// names begin with weir-conformance- and deletes them.
package conformance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/weirstream/weir/platform/clock"
)

// Target is the endpoint to judge.
type Target struct {
	URL      string
	User     string // "" sends no credentials
	Password string
	Client   *http.Client
}

// Run runs the whole suite.
func Run(t *testing.T, target Target) {
	s := &suite{Target: target, run: clock.Wall{}.Now().UnixNano() % 1e9}
	t.Cleanup(func() { s.send(t, "DELETE", fmt.Sprintf("/weir-conformance-%d-*", s.run), "", "") })
	for _, part := range []struct {
		name  string
		steps []step
	}{
		{"index life", indexLife()},
		{"mappings", mappings()},
		{"dynamic mapping", dynamicMapping()},
		{"templates", templates()},
		{"aliases", aliases()},
		{"documents", documents()},
		{"versions", versions()},
		{"updates", updates()},
		{"refusals", refusals()},
		{"bulk", bulk()},
		{"bulk errors", bulkErrors()},
		{"refresh", refresh()},
		{"queries", queries()},
		{"dates", dates()},
		{"sorting", sorting()},
		{"search errors", searchErrors()},
		{"metrics", metrics()},
		{"buckets", buckets()},
		{"histograms", histograms()},
		{"several indexes", severalIndexes()},
		{"media types", mediaTypes()},
		{"other requests", otherRequests()},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			prefix := fmt.Sprintf("weir-conformance-%d-%s", s.run, strings.ReplaceAll(part.name, " ", "-"))
			for i, step := range part.steps {
				s.check(t, i, prefix, step)
			}
		})
	}
}

type suite struct {
	Target
	run int64
}

// step is a request and what must be in the answer. IX stands for the part's
// prefix of names.
type step struct {
	do     string // method, path, and Content-Type: "" means JSON's where there is a body, "-" none
	body   string
	status int
	// want is JSON of which everything must be in the answer: objects member by
	// member, lists element by element. "*" stands for anything, null also for
	// what is not there, fractions are equal to six digits. Where it is no JSON
	// the answer must contain it.
	want string
}

func (s *suite) check(t *testing.T, i int, prefix string, step step) {
	t.Helper()
	fill := strings.NewReplacer("IX", prefix)
	method, path, _ := strings.Cut(fill.Replace(step.do), " ")
	path, media, _ := strings.Cut(path, " ")
	status, body := s.send(t, method, path, fill.Replace(step.body), media)
	if step.status != 0 && status != step.status {
		t.Errorf("step %d, %s: status %d, want %d: %.600s", i, step.do, status, step.status, body)
		return
	}
	if step.want == "" {
		return
	}
	wanted := fill.Replace(step.want)
	want, err := decode([]byte(wanted))
	if err != nil {
		if !bytes.Contains(body, []byte(wanted)) {
			t.Errorf("step %d, %s: %q is not in %.600s", i, step.do, wanted, body)
		}
		return
	}
	got, err := decode(body)
	if err != nil {
		t.Errorf("step %d, %s: %v in %.600s", i, step.do, err, body)
		return
	}
	if at := lacks(got, want, ""); at != "" {
		t.Errorf("step %d, %s %.300s:\n%s\nin %.2000s", i, step.do, step.body, at, body)
	}
}

func decode(text []byte) (out any, err error) { return out, json.Unmarshal(text, &out) }

// lacks says where got differs from want, "" for nowhere.
func lacks(got, want any, path string) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		for name, value := range w {
			if at := lacks(g[name], value, path+"."+name); at != "" {
				return at
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			break
		}
		for i := range w {
			if at := lacks(g[i], w[i], fmt.Sprintf("%s[%d]", path, i)); at != "" {
				return at
			}
		}
		return ""
	case float64:
		if g, ok := got.(float64); ok && w != math.Trunc(w) && math.Abs(g-w) <= 1e-6*math.Abs(w) {
			return ""
		}
	case string:
		if w == "*" && got != nil {
			return ""
		}
	}
	if fmt.Sprint(got) == fmt.Sprint(want) {
		return ""
	}
	return fmt.Sprintf("%s is %v, want %v", path, show(got), show(want))
}

func show(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

func (s *suite) send(t *testing.T, method, path, body, media string) (int, []byte) {
	t.Helper()
	// The test's own context has ended when cleaning up.
	r, err := http.NewRequest(method, s.URL+path, strings.NewReader(body)) //nolint:noctx // See above.
	if err != nil {
		t.Fatal(err)
	}
	if media != "-" && body+media != "" {
		r.Header.Set("Content-Type", cmp.Or(media, "application/json"))
	}
	if s.User != "" {
		r.SetBasicAuth(s.User, s.Password)
	}
	reply, err := s.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	out, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, out
}
