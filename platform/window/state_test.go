package window

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// saved is an engine with windows, sessions or revisions open, and its records.
func saved(t testing.TB, s shape) []Change {
	t.Helper()
	var out []string
	e := s.engine(t, &out)
	for i := range 40 {
		at := int64(i * 7 % 90)
		e.Add(fmt.Sprintf("zone-%d", i%3), at, reading{id: uint64(i), at: at, value: float64(i)})
		e.Advance(at - 60)
	}
	changes, err := e.Changes(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) < 4 {
		t.Fatalf("only %d records", len(changes))
	}
	return changes
}

func shapes() []shape {
	return []shape{
		{windows: Tumbling(ms(30))},
		{windows: Sliding(ms(30), ms(10)), merge: true, late: ms(25)},
		{windows: Session(ms(4)), merge: true, late: ms(25)},
	}
}

func TestDamagedStateIsRefusedByName(t *testing.T) {
	t.Parallel()
	for _, s := range shapes() {
		changes := saved(t, s)
		for i, change := range changes {
			for bit := range len(change.Value) * 8 {
				damaged := slices.Clone(changes)
				damaged[i].Value = slices.Clone(change.Value)
				damaged[i].Value[bit/8] ^= 1 << (bit % 8)
				refuses(t, s, damaged, change.Key, nil)
			}
			short := slices.Clone(changes)
			short[i].Value = change.Value[:len(change.Value)-1]
			refuses(t, s, short, change.Key, ErrCorrupt)
			swapped := slices.Clone(changes)
			swapped[i].Value = changes[(i+1)%len(changes)].Value
			refuses(t, s, swapped, change.Key, ErrCorrupt)
			newer := slices.Clone(changes)
			body := append([]byte{stateVersion + 1}, change.Value[1:len(change.Value)-4]...)
			newer[i].Value = (*arena)(&body).seal(change.Key, 0).Value
			refuses(t, s, newer, change.Key, ErrNewer)
		}
	}
}

// refuses has an engine restore what it must not take.
func refuses(t *testing.T, s shape, records []Change, key []byte, want error) {
	t.Helper()
	var out []string
	err := s.engine(t, &out).Restore(sequence(records))
	var refused *StateError
	if !errors.As(err, &refused) || !bytes.Equal(refused.Key, key) || want != nil && !errors.Is(err, want) {
		t.Fatalf("%s: got %v, want a StateError of %q with %v", s.windows, err, key, want)
	}
}

func TestStateOfOtherWindowsIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range shapes() {
		changes := saved(t, s)
		for _, other := range []shape{
			{windows: Tumbling(ms(60)), merge: true, late: s.late},
			{windows: Sliding(ms(30), ms(5)), merge: true, late: s.late},
			{windows: Session(ms(9)), merge: true, late: s.late},
			{windows: s.windows, merge: true, late: s.late + ms(1)},
		} {
			refuses(t, other, changes, []byte("window/m"), ErrOther)
		}
	}
}

func TestStateWithoutItsMetaRecordIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range shapes() {
		changes := slices.DeleteFunc(saved(t, s), func(c Change) bool { return string(c.Key) == "window/m" })
		refuses(t, s, changes, []byte("window/m"), ErrCorrupt)
	}
}

func TestRestoreWantsAnEmptyEngineWithState(t *testing.T) {
	t.Parallel()
	s := shapes()[0]
	changes := saved(t, s)
	var out []string
	e := s.engine(t, &out)
	e.Add("zone", 1, reading{})
	if err := e.Restore(sequence(changes)); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("restoring an engine in use gives %v, want ErrNotEmpty", err)
	}
	cfg := s.config(func(Result[string, tally]) {})
	cfg.State = Codec[tally]{}
	stateless, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	stateless.Add("zone", 1, reading{})
	if _, err := stateless.Changes(nil); !errors.Is(err, ErrNoState) {
		t.Errorf("changes without a codec give %v, want ErrNoState", err)
	}
	if err := stateless.Restore(sequence(changes)); !errors.Is(err, ErrNoState) {
		t.Errorf("restoring without a codec gives %v, want ErrNoState", err)
	}
	if len(stateless.log.entries) > 0 {
		t.Error("an engine without a codec logs changes that nobody will ask for")
	}
}

// Engines share a topic under names, and neither sees the other's records.
func TestEnginesShareATopic(t *testing.T) {
	t.Parallel()
	var records []Change
	names := []string{"zone", "zone2"}
	for i, name := range names {
		cfg := shapes()[i].config(func(Result[string, tally]) {})
		cfg.Name = name
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		e.Add(name, 5, reading{})
		if records, err = e.Changes(records); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range names {
		var keys []string
		cfg := shapes()[i].config(func(r Result[string, tally]) { keys = append(keys, r.Key) })
		cfg.Name = name
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Restore(sequence(records)); err != nil {
			t.Fatal(err)
		}
		e.Advance(EndOfStream)
		if keys = slices.Compact(keys); !slices.Equal(keys, []string{name}) {
			t.Errorf("%s restored keys %q", name, keys)
		}
	}
}

// What did not change is not written again, and what was never written leaves
// no tombstone.
func TestChangesAreOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	var out []string
	e := shape{windows: Tumbling(time.Second)}.engine(t, &out)
	count := func(what string, values, tombstones int) {
		t.Helper()
		changes, err := e.Changes(nil)
		if err != nil {
			t.Fatal(err)
		}
		gone := 0
		for _, c := range changes {
			if c.Value == nil {
				gone++
			}
			if gone > 0 && c.Value != nil && !strings.HasPrefix(string(c.Key), "window/") {
				t.Errorf("%s: strange key %q", what, c.Key)
			}
		}
		if len(changes)-gone != values || gone != tombstones {
			t.Errorf("%s: %d values and %d tombstones, want %d and %d", what, len(changes)-gone, gone, values, tombstones)
		}
	}
	count("a new engine writes its watermark", 1, 0)
	count("nothing has happened", 0, 0)
	for i := range 10_000 {
		e.Add(fmt.Sprint(i), 10, reading{})
	}
	count("ten thousand keys", 10_000, 0)
	count("nothing has happened since", 0, 0)
	e.Add("7", 20, reading{})
	e.Add("7", 30, reading{})
	e.Add("8", 1010, reading{})
	e.Advance(900)
	count("two cells and the watermark", 3, 0)
	e.Add("9", 1020, reading{})
	e.Advance(1000)
	count("a window is over", 2, 10_000)
	e.Add("10", 1030, reading{})
	e.Advance(2000)
	count("of three cells two had been written", 1, 2)
	if len(out) != 10_003 {
		t.Errorf("%d results, want 10003", len(out))
	}
}
