package pagetest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/weirstream/weir/scenarios/pagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder keeps the errors of a test instead of failing it.
type recorder struct {
	testing.TB
	cleanups []func()
	errors   []string
}

func (r *recorder) Cleanup(f func())  { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Error(args ...any) { r.errors = append(r.errors, fmt.Sprint(args...)) }

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) end() {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
}

// page is what a small app serves.
type page struct{ policy, body string }

// serve gives the address of an app that serves the page that is current.
func serve(t *testing.T, current *atomic.Pointer[page]) string {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p := current.Load()
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", p.policy)
		fmt.Fprintf(w, `<!doctype html><body>%s<p id="end">end</p></body>`, p.body)
	}))
	t.Cleanup(app.Close)
	return app.URL
}

// TestTabSeesWhatIsWrong keeps the tests of pages from passing blindly.
func TestTabSeesWhatIsWrong(t *testing.T) {
	t.Parallel()
	const (
		own      = "default-src 'self'"
		inline   = "default-src 'self' 'unsafe-inline'"
		picture  = `<img src="http://127.0.0.1:1/picture.png">`
		fetching = `<script>fetch("http://127.0.0.1:1/news").catch(() => {})</script>`
	)
	var current atomic.Pointer[page]
	first := pagetest.Open(t, serve(t, &current))
	for _, test := range []struct {
		name string
		page page
		want string // matches all errors
	}{
		{"nothing", page{own, `<img src="/picture.png">`}, `^$`},
		{"script error", page{"", `<script>noSuchName()</script>`}, `(?s)^script error: .*noSuchName`},
		{"picture from elsewhere", page{"", picture}, `^request to http://127\.0\.0\.1:1/picture\.png$`},
		{"forbidden picture", page{own, picture}, `forbidden: .*/picture\.png`},
		{"news from elsewhere", page{"", fetching}, `^request to http://127\.0\.0\.1:1/news$`},
		{"forbidden news", page{inline, fetching}, `^forbidden: .*/news`},
		{"forbidden script", page{own, fetching}, `^forbidden: .*inline script`},
		{"too wide", page{"", `<p style="width: 400px">wide</p>`}, `^at 320 pixels the page is 4\d\d wide: .*<p style`},
	} {
		current.Store(&test.page)
		recorded := &recorder{TB: t}
		first.T = recorded
		b := first.Another()
		b.Load()
		b.Says("#end", "end")
		b.Sized(320, 640)
		recorded.end()
		if all := strings.Join(recorded.errors, "\n"); !regexp.MustCompile(test.want).MatchString(all) {
			t.Errorf("%s: the tab says %q, want %s", test.name, all, test.want)
		}
	}
}
