package lambda

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// runtimeClient is a runtime that calls the Runtime API step by step.
type runtimeClient struct{ handler http.Handler }

func (c runtimeClient) post(path, body string, trailer ...string) int {
	r := httptest.NewRequest(http.MethodPost, "/2018-06-01/runtime/"+path, strings.NewReader(body))
	r.Trailer = http.Header{}
	for i := 0; i+1 < len(trailer); i += 2 {
		r.Trailer.Set(trailer[i], trailer[i+1])
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w.Code
}

// next fetches one event that the test offers.
func (c runtimeClient) next(a *runtimeAPI, inv *invocation) http.Header {
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/2018-06-01/runtime/invocation/next", nil))
	}()
	a.work <- inv
	<-done
	return w.Header()
}

func TestRuntimeAPI(t *testing.T) {
	t.Parallel()
	a := newRuntimeAPI()
	c := runtimeClient{a.handler()}
	deadline := time.UnixMilli(1700000000123)
	one := newInvocation("id-1", "arn:f", []byte(`{"a":1}`), deadline)
	header := c.next(a, one)
	for name, want := range map[string]string{
		"Lambda-Runtime-Aws-Request-Id": "id-1", "Lambda-Runtime-Deadline-Ms": "1700000000123",
		"Lambda-Runtime-Invoked-Function-Arn": "arn:f",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.HasPrefix(header.Get("Lambda-Runtime-Trace-Id"), "Root=1-") {
		t.Errorf("trace id %q", header.Get("Lambda-Runtime-Trace-Id"))
	}
	for _, step := range []struct {
		what, path string
		want       int
	}{
		{"another invocation's id", "invocation/id-2/response", http.StatusBadRequest},
		{"the answer", "invocation/id-1/response", http.StatusAccepted},
		{"a second answer", "invocation/id-1/response", http.StatusForbidden},
		{"an error after the answer", "invocation/id-1/error", http.StatusForbidden},
		{"an init error", "init/error", http.StatusAccepted},
		{"a second init error", "init/error", http.StatusForbidden},
	} {
		if got := c.post(step.path, `"x"`); got != step.want {
			t.Errorf("%s: status %d, want %d", step.what, got, step.want)
		}
	}
	two := newInvocation("id-2", "arn:f", nil, deadline)
	c.next(a, two)
	if o := <-one.outcome; string(o.payload) != `"x"` || o.failed {
		t.Errorf("first outcome %+v", o)
	}
	<-one.done // asking for the next event ends the one before
	body := base64.StdEncoding.EncodeToString([]byte(`{"errorMessage":"half-way"}`))
	if got := c.post("invocation/id-2/response", "part", "Lambda-Runtime-Function-Error-Type", "E", "Lambda-Runtime-Function-Error-Body", body); got != http.StatusAccepted {
		t.Errorf("a failed stream: status %d", got)
	}
	if o := <-two.outcome; !o.failed || string(o.payload) != `{"errorMessage":"half-way"}` {
		t.Errorf("a response that failed half-way: %+v", o)
	}
	three, four := newInvocation("id-3", "arn:f", nil, deadline), newInvocation("id-4", "arn:f", nil, deadline)
	c.next(a, three)
	c.next(a, four)
	if o := <-three.outcome; !o.failed || !strings.Contains(string(o.payload), "NoResponse") {
		t.Errorf("an event nobody answered: %+v", o)
	}
}

func TestLogLinesStayWithinBounds(t *testing.T) {
	t.Parallel()
	var lines []string
	w := &lineWriter{emit: func(line []byte) { lines = append(lines, string(line)) }}
	long := strings.Repeat("x", 3*logLineBytes)
	for _, part := range []string{"one\ntw", "o\n\n", long, "\nend"} {
		_, _ = w.Write([]byte(part))
	}
	w.flush()
	if strings.Join(lines[:3], "|") != "one|two|" || lines[len(lines)-1] != "end" || strings.Join(lines[3:len(lines)-1], "") != long {
		t.Errorf("%d lines", len(lines))
	}
	ring := &logRing{}
	for range 5000 {
		ring.add(strings.Repeat("y", 1000))
	}
	kept := ring.snapshot()
	if total := len(kept) * 1001; total > logRingBytes || total < logRingBytes/2 {
		t.Errorf("ring keeps %d bytes, bound %d", total, logRingBytes)
	}
}

func TestConfigNamesEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := New(Config{})
	for _, part := range []string{"Launcher", "Roles", "Endpoint"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not name %s", err, part)
		}
	}
}
