package index

import "github.com/twmb/franz-go/pkg/kgo"

// written is a document on its way, with the record that it is made of.
type written struct {
	Document
	origin *kgo.Record
}

// fold keeps of each document the highest version in a batch: most activities
// say nothing but where their cab is now, and the cab's next one says it again.
type fold struct {
	kept []written
	at   map[string]int // by index and id
}

func newFold(records int) *fold { return &fold{at: make(map[string]int, records)} }

func (f *fold) add(origin *kgo.Record, documents []Document) {
	for _, d := range documents {
		key := d.Index + "|" + d.ID
		at, known := f.at[key]
		switch {
		case !known:
			f.at[key] = len(f.kept)
			f.kept = append(f.kept, written{d, origin})
		case d.Version > f.kept[at].Version:
			f.kept[at] = written{d, origin}
		}
	}
}
