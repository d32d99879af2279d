package window

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// FuzzRestore has engines of all kinds read one cell or result count beside a
// sound meta record. What is taken can be worked with and is written again as
// something that is read the same.
func FuzzRestore(f *testing.F) {
	for kind, s := range shapes() {
		for _, change := range saved(f, s) {
			if string(change.Key) != "window/m" {
				f.Add(uint8(kind), int64(-30), change.Key[len("window/"):], change.Value[1:len(change.Value)-4])
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, watermark int64, key, fields []byte) {
		s := shapes()[int(kind)%len(shapes())]
		var out []string
		idle := s.engine(t, &out)
		idle.Advance(watermark)
		empty, err := idle.Changes(nil)
		if err != nil {
			t.Fatal(err)
		}
		a := arena(append([]byte{stateVersion}, fields...))
		record := a.seal(append([]byte("window/"), key...), 0)
		e := s.engine(t, &out)
		if e.Restore(sequence(append(empty, record))) != nil {
			return
		}
		for _, k := range e.entries {
			for i := range k.cells {
				e.log.touch(k, &k.cells[i].mark)
			}
		}
		changes, err := e.Changes(nil)
		if err != nil {
			t.Fatal(err)
		}
		var again []string
		twin := s.engine(t, &again)
		if err := twin.Restore(sequence(append(empty, changes...))); err != nil {
			t.Fatalf("%q was taken, and what was written of it refused: %v", record, err)
		}
		e.Advance(EndOfStream)
		twin.Advance(EndOfStream)
		if len(out) == 0 && watermark < 0 || !slices.Equal(out, again) {
			t.Fatalf("%q gives %q, and written and read %q", record, out, again)
		}
	})
}

// FuzzOpen takes only what was sealed under its key.
func FuzzOpen(f *testing.F) {
	for _, change := range saved(f, shapes()[0]) {
		f.Add(change.Key, change.Value)
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		fields, err := open(key, value)
		if err != nil {
			return
		}
		a := arena(append([]byte{stateVersion}, fields...))
		if sealed := a.seal(key, 0); !bytes.Equal(sealed.Value, value) {
			t.Fatalf("%x was taken and is sealed %x", value, sealed.Value)
		}
	})
}

// FuzzAccumulators reads all ready accumulators; what is taken is written again
// as something that is read the same.
func FuzzAccumulators(f *testing.F) {
	numbers, texts := Set[uint64]{values: []uint64{0, 7, 1 << 63}}, Set[string]{values: []string{"", "cab-1", "cab-12"}}
	stats := Stats{}
	stats.Add(1.5)
	stats.Add(-2)
	f.Add(AppendTexts(stats.Append(AppendNumbers(nil, &numbers)), &texts))
	f.Add([]byte{0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(data)
		numbers, stats, texts := r.Numbers(), r.Stats(), r.Texts()
		if r.Close() != nil {
			return
		}
		if !slices.IsSorted(numbers.Values()) || !slices.IsSorted(texts.Values()) {
			t.Fatalf("%x is read as %v and %q", data, numbers.Values(), texts.Values())
		}
		written := AppendTexts(stats.Append(AppendNumbers(nil, &numbers)), &texts)
		r = NewReader(written)
		numbers2, stats2, texts2 := r.Numbers(), r.Stats(), r.Texts()
		if err := r.Close(); err != nil || !slices.Equal(numbers2.Values(), numbers.Values()) || stats2 != stats || !slices.Equal(texts2.Values(), texts.Values()) {
			t.Fatalf("%x is written %x and read differently: %v", data, written, err)
		}
	})
}

// FuzzWatermarks takes only states that are written again the same.
func FuzzWatermarks(f *testing.F) {
	w := &Watermarks{sources: map[string]*source{"0": {watermark: 7}, "1": {watermark: NoWatermark, idle: true}}, current: 7}
	state, err := w.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state[:len(state)-4])
	f.Fuzz(func(t *testing.T, body []byte) {
		var w Watermarks
		if w.UnmarshalBinary(binary.BigEndian.AppendUint32(slices.Clone(body), checksum(nil, body))) != nil {
			return
		}
		state, err := w.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var again Watermarks
		if err := again.UnmarshalBinary(state); err != nil || again.current != w.current || len(again.sources) != len(w.sources) {
			t.Fatalf("%x is written %x and read differently: %v", body, state, err)
		}
	})
}
