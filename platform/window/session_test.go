package window

import (
	"slices"
	"testing"
)

// What late events do to sessions that have given their results: each is
// revised, or taken back when another start names it.
func TestLateEventsJoinSessions(t *testing.T) {
	t.Parallel()
	s := shape{windows: Session(ms(10)), merge: true, late: ms(100)}
	var out []string
	e := s.engine(t, &out)
	id := uint64(0)
	says := func(what string, want ...string) {
		t.Helper()
		if !slices.Equal(out, want) {
			t.Errorf("%s: %q, want %q", what, out, want)
		}
		out = nil
	}
	add := func(at int64) {
		id++
		if outcome := e.Add("k", at, reading{id: id}); outcome != Counted {
			t.Errorf("event %d has outcome %d", id, outcome)
		}
	}
	tombstones := func(want ...int64) {
		t.Helper()
		changes, err := e.Changes(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, start := range want {
			key := e.appendKey(nil, kindCell, start, "k")
			if !slices.ContainsFunc(changes, func(c Change) bool { return string(c.Key) == string(key) && c.Value == nil }) {
				t.Errorf("no tombstone for the session from %d", start)
			}
		}
		if got := slices.IndexFunc(changes, func(c Change) bool { return c.Value != nil }); got != len(want) {
			t.Errorf("%d tombstones, want %d", got, len(want))
		}
	}
	of := func(ids ...uint64) *tally {
		a := &tally{}
		for _, id := range ids {
			a.add(reading{id: id})
		}
		return a
	}
	add(0)
	add(20)
	add(40)
	e.Advance(45)
	says("two sessions are over", text("k", Window{0, 10}, 0, of(1)), text("k", Window{20, 30}, 0, of(2)))
	tombstones()
	add(5)
	says("one goes on", text("k", Window{0, 15}, 1, of(1, 4)))
	add(13)
	says("and takes in the next", text("k", Window{20, 30}, 1, nil), text("k", Window{0, 30}, 2, of(1, 2, 4, 5)))
	tombstones(20)
	add(31)
	says("one begins earlier and is still open")
	e.Advance(49)
	says("it is open")
	e.Advance(50)
	says("it is over", text("k", Window{31, 50}, 0, of(3, 6)))
	tombstones(40)
	add(30)
	says("it begins earlier once more", text("k", Window{31, 50}, 1, nil), text("k", Window{30, 50}, 0, of(3, 6, 7)))
	tombstones(31)
	add(29)
	says("all are one", text("k", Window{30, 50}, 1, nil), text("k", Window{0, 50}, 3, of(1, 2, 3, 4, 5, 6, 7, 8)))
	tombstones(30)
	add(70)
	tombstones()
	add(65) // no commit sees this start
	e.Advance(180)
	says("the last one is over", text("k", Window{65, 80}, 0, of(9, 10)))
	tombstones(0, 70)
	if e.Cells() != 0 {
		t.Errorf("%d sessions are open", e.Cells())
	}
}
