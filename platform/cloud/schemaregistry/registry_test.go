package schemaregistry

import (
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"
	"go.uber.org/goleak"

	"github.com/weirstream/weir/platform/cloud/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run serves a registry until the test ends, or end is called.
func run(t *testing.T, cfg Config) (s *Service, url string, end func()) {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	over := false
	end = func() {
		if over {
			return
		}
		over = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(end)
	if url, err = s.URL(); err != nil {
		t.Fatal(err)
	}
	return s, url, end
}

func dial(t *testing.T, url string, options ...sr.ClientOpt) *sr.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := sr.NewClient(append([]sr.ClientOpt{sr.URLs(url), sr.HTTPClient(&http.Client{Transport: transport})}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestIdsAreSharedAndStay(t *testing.T) {
	t.Parallel()
	_, url, _ := run(t, Config{})
	client, ctx := dial(t, url), t.Context()
	one, err := client.CreateSchema(ctx, "t-value", record(fieldA))
	if err != nil || one.ID != 1 || one.Version != 1 {
		t.Fatalf("%+v, %v", one, err)
	}
	spaced := record("\n  " + fieldA + " ")
	for _, subject := range []string{"t-value", "u/value", "t-value"} { // again, elsewhere, again
		same, err := client.CreateSchema(ctx, subject, spaced)
		if err != nil || same.ID != 1 || same.Version != 1 {
			t.Errorf("the same schema under %s: %+v, %v", subject, same, err)
		}
	}
	if subjects, err := client.Subjects(ctx); err != nil || !slices.Equal(subjects, []string{"t-value", "u/value"}) {
		t.Errorf("subjects %v, %v", subjects, err)
	}
	if uses, err := client.SchemaUsagesByID(ctx, 1); err != nil || len(uses) != 2 {
		t.Errorf("usages %+v, %v", uses, err)
	}
	_, err = client.SchemaByID(ctx, 99)
	wantCode(t, err, 40403, http.StatusNotFound)
	_, err = client.SchemaByVersion(ctx, "none", -1)
	wantCode(t, err, 40401, http.StatusNotFound)
	_, err = client.SchemaByVersion(ctx, "t-value", 7)
	wantCode(t, err, 40402, http.StatusNotFound)
	_, err = client.CreateSchema(ctx, "t-value", sr.Schema{Schema: `{"type":"record"}`})
	wantCode(t, err, 42201, http.StatusUnprocessableEntity)
	_, err = client.CreateSchema(ctx, "t-value", sr.Schema{Schema: `{}`, Type: sr.TypeJSON})
	wantCode(t, err, 50101, http.StatusNotImplemented)

	if gone, err := client.DeleteSubject(ctx, "t-value", sr.HardDelete); err == nil {
		t.Errorf("deleted for good at once: %v", gone)
	}
	for _, how := range []sr.DeleteHow{sr.SoftDelete, sr.HardDelete} {
		if gone, err := client.DeleteSubject(ctx, "t-value", how); err != nil || !slices.Equal(gone, []int{1}) {
			t.Errorf("delete: %v, %v", gone, err)
		}
		if kept, err := client.SchemaByID(ctx, 1); err != nil || kept.Schema != record(fieldA).Schema {
			t.Errorf("by its id afterwards: %+v, %v", kept, err)
		}
	}
}

func TestReferencesMakeTypesKnown(t *testing.T) {
	t.Parallel()
	_, url, _ := run(t, Config{})
	client, ctx := dial(t, url), t.Context()
	user := sr.Schema{Schema: `{"type":"record","name":"User","fields":[{"name":"home","type":"Place"}]}`}
	_, err := client.CreateSchema(ctx, "user", user)
	wantCode(t, err, 42201, http.StatusUnprocessableEntity)
	if _, err := client.CreateSchema(ctx, "place", sr.Schema{Schema: `{"type":"record","name":"Place","fields":[]}`}); err != nil {
		t.Fatal(err)
	}
	user.References = []sr.SchemaReference{{Name: "Place", Subject: "place", Version: 1}}
	if _, err := client.CreateSchema(ctx, "user", user); err != nil {
		t.Error(err)
	}
	_, err = client.DeleteSubject(ctx, "place", sr.SoftDelete)
	wantCode(t, err, 42206, http.StatusUnprocessableEntity)
}

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	ours := Config{User: "AKIA", Password: "secret"}
	everywhere := ours
	everywhere.Listen = "0.0.0.0:0"
	for name, test := range map[string]struct {
		config         Config
		user, password string
		admitted       bool
	}{
		"the root":                     {ours, "AKIA", "secret", true},
		"a wrong password":             {ours, "AKIA", "guess", false},
		"another user":                 {ours, "other", "secret", false},
		"nobody, on this machine":      {ours, "", "", true},
		"nobody, from other machines":  {everywhere, "", "", false},
		"the root from other machines": {everywhere, "AKIA", "secret", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, url, _ := run(t, test.config)
			var options []sr.ClientOpt
			if test.user != "" {
				options = append(options, sr.BasicAuth(test.user, test.password))
			}
			if _, err := dial(t, url, options...).Subjects(t.Context()); test.admitted && err != nil {
				t.Error(err)
			} else if !test.admitted {
				wantCode(t, err, 40101, http.StatusUnauthorized)
			}
		})
	}
}

func TestTheWireIsConfluents(t *testing.T) {
	t.Parallel()
	s, url, _ := run(t, Config{})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, test := range []struct{ method, path, body, want string }{
		{"GET", "/", "", `{}`},
		{"GET", "/config", "", `{"compatibilityLevel":"BACKWARD"}`},
		{"PUT", "/config/a", `{"compatibility":"full"}`, `{"compatibility":"FULL"}`},
		{"GET", "/config/a", "", `{"compatibilityLevel":"FULL"}`},
		{"DELETE", "/config/a", "", `{"compatibilityLevel":"FULL"}`},
		{"PUT", "/config", `{"compatibility":"SOME"}`, `"error_code":42203`},
		{"POST", "/subjects/a/versions", `{"schema":"\"string\""}`, `{"id":1}`},
		{"GET", "/subjects/a/versions/latest", "", `{"subject":"a","id":1,"version":1,"schema":"\"string\""}`},
		{"GET", "/subjects/a/versions/1/schema", "", `"string"`},
		{"GET", "/subjects/a/versions/0", "", `"error_code":42202`},
		{"POST", "/subjects/a/versions", `{`, `"error_code":400`},
		{"DELETE", "/subjects/a/versions/latest", "", `1`},
		{"GET", "/subjects", "", `[]`},
		{"GET", "/nothing", "", `"error_code":404`},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, url+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(got.Body)
		got.Body.Close()
		if !strings.Contains(string(body), test.want) || got.Header.Get("Content-Type") != "application/vnd.schemaregistry.v1+json" {
			t.Errorf("%s %s: %s %s, want %s", test.method, test.path, got.Header.Get("Content-Type"), body, test.want)
		}
	}
	undo := s.Lose()
	if _, err := client.Get(url); err == nil {
		t.Error("a lost registry answered")
	}
	undo()
	undo()
	if got, err := client.Get(url); err != nil {
		t.Errorf("back again: %v", err)
	} else {
		got.Body.Close()
	}
}

// franz-go's own encoder writes magic, id and payload with these ids.
func TestRecordsCarryTheIds(t *testing.T) {
	t.Parallel()
	_, url, _ := run(t, Config{})
	made, err := dial(t, url).CreateSchema(t.Context(), "t-value", record(fieldA))
	if err != nil {
		t.Fatal(err)
	}
	var serde sr.Serde
	serde.Register(made.ID, 0, sr.EncodeFn(func(any) ([]byte, error) { return []byte{84}, nil }), sr.DecodeFn(func([]byte, any) error { return nil }))
	wire, err := serde.Encode(0)
	if err != nil || len(wire) != 6 || wire[0] != 0 || int(binary.BigEndian.Uint32(wire[1:])) != made.ID {
		t.Errorf("wire %v, %v", wire, err)
	}
}

func TestSchemasSurvive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func() *store.Data {
		data, err := store.OpenData(store.DataConfig{Dir: dir, Account: "123456789012", Region: "us-east-1"})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	data := open()
	_, url, end := run(t, Config{Data: data})
	client, ctx := dial(t, url), t.Context()
	for _, fields := range []string{fieldA, fieldA + "," + fieldBDefault} {
		if _, err := client.CreateSchema(ctx, "t-value", record(fields)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.CreateSchema(ctx, "gone", record(fieldB)); err != nil {
		t.Fatal(err)
	}
	for _, how := range []sr.DeleteHow{sr.SoftDelete, sr.HardDelete} {
		if _, err := client.DeleteSubject(ctx, "gone", how); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.SetCompatibility(ctx, sr.SetCompatibility{Level: sr.CompatFull}, "t-value")[0].Err; err != nil {
		t.Fatal(err)
	}
	end()
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}

	data = open()
	defer data.Close()
	_, url, end = run(t, Config{Data: data})
	defer end()
	client = dial(t, url)
	last, err := client.SchemaByVersion(ctx, "t-value", -1)
	if err != nil || last.Version != 2 || last.ID != 2 || last.Schema.Schema != record(fieldA+","+fieldBDefault).Schema {
		t.Errorf("latest: %+v, %v", last, err)
	}
	if subjects, err := client.Subjects(ctx); err != nil || !slices.Equal(subjects, []string{"t-value"}) {
		t.Errorf("subjects %v, %v", subjects, err)
	}
	if level := client.Compatibility(ctx, "t-value")[0]; level.Level != sr.CompatFull {
		t.Errorf("level: %+v", level)
	}
	if next, err := client.CreateSchema(ctx, "new", record(fieldA+","+fieldB)); err != nil || next.ID != 4 {
		t.Errorf("the next id: %+v, %v, want 4", next, err)
	}
}
