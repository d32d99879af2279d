package window

import (
	"encoding/binary"
	"fmt"
	"time"

	"pgregory.net/rapid"
)

// reading is the tests' event: it knows itself, so that a result tells which
// events it counted.
type reading struct {
	id    uint64
	key   string
	at    int64
	value float64
}

// tally is the tests' accumulator: which events, how often, and their numbers.
type tally struct {
	ids   Set[uint64]
	adds  uint64
	stats Stats
}

func (a *tally) add(r reading) {
	a.ids.Add(r.id)
	a.adds++
	a.stats.Add(r.value)
}

func (a *tally) merge(from *tally) {
	a.ids.Merge(&from.ids)
	a.adds += from.adds
	a.stats.Merge(&from.stats)
}

func (a *tally) String() string { return fmt.Sprintf("%v×%d %+v", a.ids.Values(), a.adds, a.stats) }

func tallyCodec() Codec[tally] {
	return Codec[tally]{
		Append: func(dst []byte, a *tally) []byte {
			return a.stats.Append(binary.AppendUvarint(AppendNumbers(dst, &a.ids), a.adds))
		},
		Decode: func(data []byte, a *tally) error {
			r := NewReader(data)
			a.ids, a.adds, a.stats = r.Numbers(), r.Uvarint(), r.Stats()
			return r.Close()
		},
	}
}

// given is a result as text, so that sequences of them can be compared.
func text(key string, w Window, revision uint32, value *tally) string {
	if value == nil {
		return fmt.Sprintf("%s [%d,%d) #%d retracted", key, w.Start, w.End, revision)
	}
	return fmt.Sprintf("%s [%d,%d) #%d %s", key, w.Start, w.End, revision, value)
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// shape is what random tests draw of a config.
type shape struct {
	windows Windows
	late    time.Duration
	merge   bool
}

// engine makes an engine whose results are appended to out as text.
func (s shape) engine(t rapid.TB, out *[]string) *Engine[string, reading, tally] {
	t.Helper()
	cfg := s.config(func(r Result[string, tally]) { *out = append(*out, text(r.Key, r.Window, r.Revision, r.Value)) })
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (s shape) config(emit func(Result[string, tally])) Config[string, reading, tally] {
	cfg := Config[string, reading, tally]{
		Windows: s.windows, AllowedLateness: s.late, Add: (*tally).add, Emit: emit,
		Keys: StringKeys[string](), State: tallyCodec(),
	}
	if s.merge {
		cfg.Merge = (*tally).merge
	}
	return cfg
}
