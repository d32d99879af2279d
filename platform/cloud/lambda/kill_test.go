package lambda

import (
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// TestKillEndsEveryEnvironment kills an idle environment and one at work: the
// invocation in hand fails, later ones get new processes.
func TestKillEndsEveryEnvironment(t *testing.T) {
	t.Parallel()
	s := running(t, Config{})
	create(t, s, "sleep")
	if s.Kill("sleep") != 0 {
		t.Error("killed what never ran")
	}
	if _, err := s.Invoke(t.Context(), "sleep", []byte("0")); err != nil {
		t.Fatal(err)
	}
	if n := s.Kill("other"); n != 0 {
		t.Errorf("killed %d of another function", n)
	}
	result := make(chan Result, 1)
	go func() {
		r, err := s.Invoke(t.Context(), "sleep", []byte("60"))
		if err != nil {
			t.Error(err)
		}
		result <- r
	}()
	for len(logOf(s, "sleep")) < 4 { // the second START
		if err := (clock.Wall{}).Sleep(t.Context(), 5*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Kill("sleep"); n != 1 {
		t.Errorf("killed %d environments, want the one at work", n)
	}
	if r := <-result; r.FunctionError != unhandled || !strings.Contains(string(r.Payload), "signal: killed") {
		t.Errorf("the invocation in hand: %s %s", r.FunctionError, r.Payload)
	}
	if r, err := s.Invoke(t.Context(), "sleep", []byte("0")); err != nil || r.FunctionError != "" {
		t.Errorf("afterwards: %+v, %v", r, err)
	}
	if n := s.Kill("sleep"); n != 1 {
		t.Errorf("killed %d idle environments, want 1", n)
	}
}
