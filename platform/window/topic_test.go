package window

import (
	"iter"

	"pgregory.net/rapid"
)

// topic is a compacted topic that has not been compacted yet.
type topic struct{ records []Change }

// append writes what has changed.
func (p *topic) append(t rapid.TB, e *Engine[string, reading, tally]) {
	var err error
	if p.records, err = e.Changes(p.records); err != nil {
		t.Fatal(err)
	}
}

func (p *topic) all() iter.Seq2[[]byte, []byte] { return sequence(p.records) }

func sequence(records []Change) iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for _, r := range records {
			if !yield(r.Key, r.Value) {
				return
			}
		}
	}
}

// compacted is what compaction leaves.
func (p *topic) compacted() map[string][]byte {
	left := map[string][]byte{}
	for _, r := range p.records {
		if r.Value == nil {
			delete(left, string(r.Key))
		} else {
			left[string(r.Key)] = r.Value
		}
	}
	return left
}
