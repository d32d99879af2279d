// Package runs decides whose records a partition takes. Readings of one run
// follow those of another on the same topics, and each begins anew.
package runs

import "slices"

// Runs is what a partition remembers of its runs. It is saved with the
// partition's state.
type Runs struct {
	Run    string   `json:"run"`              // whose records are taken, "" before the first
	Former []string `json:"former,omitempty"` // runs before it, the latest last
}

// formerMax is how many former runs are known as such. A record of an even
// earlier one begins it anew.
const formerMax = 16

// Enter tells whether a record of run is taken. A run that was not there before
// ends the one before it, for its devices count from the beginning: then begins
// is true, and what is known of the run before is to be forgotten.
func (r *Runs) Enter(run string) (taken, begins bool) {
	if run == r.Run {
		return true, false
	}
	if slices.Contains(r.Former, run) {
		return false, false
	}
	if r.Run != "" {
		r.Former = append(r.Former, r.Run)
		if over := len(r.Former) - formerMax; over > 0 {
			r.Former = slices.Delete(r.Former, 0, over)
		}
	}
	r.Run = run
	return true, true
}
