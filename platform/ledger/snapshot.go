package ledger

import (
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Snapshot is a ledger's whole content, to be written to a file and handed to
// another process.
type Snapshot struct {
	Points      map[string]PointSnapshot
	Texts       []string
	Outcomes    [][]uint16
	Conflicts   int
	ConflictIDs []ID
	Latencies   map[string]*hdrhistogram.Snapshot
}

// PointSnapshot is one point's content.
type PointSnapshot struct {
	Devices      [][]uint64
	Count        int
	Duplicates   int
	DuplicateIDs []ID
	OutOfOrder   int
	Unknown      int
	UnknownIDs   []ID
	Highest      []uint32
}

// Snapshot copies the ledger.
func (l *Ledger) Snapshot() Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Snapshot{
		Points: map[string]PointSnapshot{}, Latencies: map[string]*hdrhistogram.Snapshot{},
		Texts: slices.Clone(l.outcomes.texts), Outcomes: cloneAll(l.outcomes.devices),
		Conflicts: l.outcomes.conflicts, ConflictIDs: slices.Clone(l.outcomes.conflictIDs),
	}
	for name, p := range l.points {
		s.Points[name] = PointSnapshot{
			Devices: cloneAll(p.set.devices), Count: p.set.count,
			Duplicates: p.duplicates, DuplicateIDs: slices.Clone(p.duplicateIDs), OutOfOrder: p.outOfOrder,
			Unknown: p.unknown, UnknownIDs: slices.Clone(p.unknownIDs), Highest: slices.Clone(p.highest),
		}
	}
	for name, h := range l.latencies {
		s.Latencies[name] = h.Export()
	}
	return s
}

// Restore builds a ledger from a snapshot that passes Check, and takes it over.
func Restore(s Snapshot) *Ledger {
	l := New()
	for name, p := range s.Points {
		l.points[name] = &point{
			set: set{devices: p.Devices, count: p.Count}, duplicates: p.Duplicates, duplicateIDs: p.DuplicateIDs,
			outOfOrder: p.OutOfOrder, unknown: p.Unknown, unknownIDs: p.UnknownIDs, highest: p.Highest,
		}
	}
	for name, h := range s.Latencies {
		l.latencies[name] = hdrhistogram.Import(h)
	}
	l.outcomes = outcomes{
		texts: s.Texts, index: make(map[string]uint16, len(s.Texts)), devices: s.Outcomes,
		conflicts: s.Conflicts, conflictIDs: s.ConflictIDs,
	}
	for i, text := range s.Texts {
		l.outcomes.index[text] = uint16(i)
	}
	return l
}

func cloneAll[T any](lists [][]T) [][]T {
	return slices.Collect(func(yield func([]T) bool) {
		for _, list := range lists {
			if !yield(slices.Clone(list)) {
				return
			}
		}
	})
}
