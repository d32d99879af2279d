package runs

import (
	"fmt"
	"testing"
)

func TestANewRunEndsTheOneBefore(t *testing.T) {
	t.Parallel()
	var r Runs
	for i, step := range []struct {
		run           string
		taken, begins bool
	}{
		{"a", true, true},
		{"a", true, false},
		{"b", true, true},
		{"a", false, false},
		{"b", true, false},
		{"c", true, true},
		{"b", false, false},
		{"a", false, false},
	} {
		if taken, begins := r.Enter(step.run); taken != step.taken || begins != step.begins {
			t.Errorf("step %d, run %s: taken %v, begins %v", i, step.run, taken, begins)
		}
	}
}

func TestFormerRunsAreBounded(t *testing.T) {
	t.Parallel()
	var r Runs
	for i := range 3 * formerMax {
		r.Enter(fmt.Sprint(i))
	}
	if len(r.Former) != formerMax || r.Former[formerMax-1] != fmt.Sprint(3*formerMax-2) {
		t.Errorf("%d former runs, the last %v", len(r.Former), r.Former[formerMax-1])
	}
	if taken, _ := r.Enter(r.Former[0]); taken {
		t.Error("the earliest that is known is taken")
	}
}
