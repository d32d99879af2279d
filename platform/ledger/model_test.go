package ledger

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// model is the ledger as one would write it without a thought for memory.
type model struct {
	seen      map[string]map[ID]int // marks by point and id
	highest   map[string]map[uint32]uint32
	late      map[string]int
	unknown   map[string]int
	outcome   map[ID]string
	conflicts int
}

func newModel() *model {
	return &model{
		seen: map[string]map[ID]int{}, highest: map[string]map[uint32]uint32{},
		late: map[string]int{}, unknown: map[string]int{}, outcome: map[ID]string{},
	}
}

func (m *model) mark(at string, id ID) {
	if m.seen[at] == nil {
		m.seen[at], m.highest[at] = map[ID]int{}, map[uint32]uint32{}
	}
	m.seen[at][id]++
	if m.seen[at][id] > 1 {
		return
	}
	if id.Seq < m.highest[at][id.Device] {
		m.late[at]++
	} else {
		m.highest[at][id.Device] = id.Seq
	}
}

func (m *model) duplicates(at string) (n int) {
	for _, times := range m.seen[at] {
		n += times - 1
	}
	return n
}

// missing lists what one point has and another lacks, in order.
func (m *model) missing(from, to string) []ID {
	var ids []ID
	for id := range m.seen[from] {
		if m.seen[to][id] == 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b ID) int {
		if a.Device != b.Device {
			return int(a.Device) - int(b.Device)
		}
		return int(a.Seq) - int(b.Seq)
	})
	return ids
}

func drawID(t *rapid.T) ID {
	return ID{rapid.Uint32Range(0, 5).Draw(t, "device"), rapid.Uint32Range(0, 140).Draw(t, "seq")}
}

// Whatever happens in whatever order, the ledger says what the model says.
func TestLedgerAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l, m := New(), newModel()
		points := rapid.SampledFrom([]string{"stream", "browser"})
		t.Repeat(map[string]func(*rapid.T){
			"send":        func(t *rapid.T) { id := drawID(t); l.Sent(id); m.mark(Device, id) },
			"acknowledge": func(t *rapid.T) { id := drawID(t); l.Acknowledged(id); m.mark(acknowledged, id) },
			"reject":      func(t *rapid.T) { id := drawID(t); l.Rejected(id); m.mark(rejected, id) },
			"arrive": func(t *rapid.T) {
				at, id := points.Draw(t, "point"), drawID(t)
				l.Arrived(at, id)
				if m.seen[Device][id] == 0 {
					m.unknown[at]++
				} else {
					m.mark(at, id)
				}
			},
			"arrive in bulk": func(t *rapid.T) {
				at, id := points.Draw(t, "point"), drawID(t)
				for id.Seq = range id.Seq {
					l.Sent(id)
					m.mark(Device, id)
					l.Arrived(at, id)
					m.mark(at, id)
				}
			},
			"outcome": func(t *rapid.T) {
				id, text := drawID(t), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "text")
				l.Outcome(id, text)
				if first, ok := m.outcome[id]; !ok {
					m.outcome[id] = text
				} else if first != text {
					m.conflicts++
				}
			},
			"save and restore": func(t *rapid.T) { l = copyOf(t, l) },
			"":                 func(t *rapid.T) { compare(t, l, m) },
		})
	})
}

func compare(t *rapid.T, l *Ledger, m *model) {
	for _, at := range []string{Device, acknowledged, rejected, "stream", "browser", "nowhere"} {
		want := Counts{Distinct: len(m.seen[at]), Duplicates: m.duplicates(at), OutOfOrder: m.late[at]}
		if got := l.Count(at); got != want {
			t.Fatalf("%s counts %+v, want %+v", at, got, want)
		}
		for _, to := range []string{Device, "stream", "browser", "nowhere"} {
			compareHop(t, l, m, at, to)
		}
		named := l.Duplicated(at)
		if want := min(m.duplicates(at), 1); len(named) < want {
			t.Fatalf("%s names no duplicate of %d", at, m.duplicates(at))
		}
		for _, id := range named {
			if m.seen[at][id] < 2 {
				t.Fatalf("%s calls %s a duplicate", at, id)
			}
		}
	}
	id := drawID(t)
	if got := l.OutcomeOf(id); got != m.outcome[id] {
		t.Fatalf("outcome of %s is %q, want %q", id, got, m.outcome[id])
	}
	if got := l.Has("stream", id); got != (m.seen["stream"][id] > 0) {
		t.Fatalf("the stream has %s: %v", id, got)
	}
	if n, ids := l.Conflicts(); n != m.conflicts || len(ids) > LostLimit || n > 0 && len(ids) == 0 {
		t.Fatalf("%d conflicts %v, want %d", n, ids, m.conflicts)
	}
}

func compareHop(t *rapid.T, l *Ledger, m *model, from, to string) {
	owed := from
	if from == Device {
		owed = acknowledged
	}
	lost := m.missing(owed, to)
	got := l.Reconcile(from, to)
	if got.Sent != len(m.seen[from]) || got.Acknowledged != len(m.seen[owed]) || got.Received != len(m.seen[to]) ||
		got.Duplicates != m.duplicates(to) || got.OutOfOrder != m.late[to] || got.Unknown != m.unknown[to] ||
		got.Lost != len(lost) || !slices.Equal(got.LostIDs, lost[:min(len(lost), LostLimit)]) {
		t.Fatalf("%s → %s is %+v, want %d lost %v", from, to, got, len(lost), lost)
	}
}

// copyOf sends a ledger through a file's encoding.
func copyOf(t *rapid.T, l *Ledger) *Ledger {
	var file bytes.Buffer
	if err := gob.NewEncoder(&file).Encode(l.Snapshot()); err != nil {
		t.Fatal(err)
	}
	var s Snapshot
	if err := gob.NewDecoder(&file).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return Restore(s)
}

// Outcomes beyond count cost no memory and are still told from the first ones.
func TestOutcomesAreBounded(t *testing.T) {
	t.Parallel()
	l := New()
	const n = maxTexts + 1000
	for i := range uint32(n) {
		l.Outcome(ID{Seq: i}, fmt.Sprint(i))
	}
	if got := l.OutcomeOf(ID{Seq: 7}); got != "7" {
		t.Errorf("the outcome of the eighth is %q", got)
	}
	if got := l.OutcomeOf(ID{Seq: n - 1}); got != otherText {
		t.Errorf("the last outcome is %q", got)
	}
	if got := len(l.outcomes.texts); got > maxTexts+1 {
		t.Errorf("%d texts are kept", got)
	}
	l.Outcome(ID{Device: 1}, string(make([]byte, 1<<20)))
	if got := l.OutcomeOf(ID{Device: 1}); len(got) > maxTextBytes {
		t.Errorf("%d bytes of an outcome are kept", len(got))
	}
}
