package window

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// incident is what a fleet keeps of a truck: an incident opens after two
// windows in a row above the limit and closes after two below.
type incident struct {
	open   bool
	streak uint64
}

func incidentCodec() Codec[incident] {
	return Codec[incident]{
		Append: func(dst []byte, i *incident) []byte {
			open := byte(0)
			if i.open {
				open = 1
			}
			return append(dst, open, byte(i.streak))
		},
		Decode: func(data []byte, i *incident) error {
			r := NewReader(data)
			i.open, i.streak = r.Uvarint() == 1, r.Uvarint()
			return r.Close()
		},
	}
}

// fleet watches trucks by sliding windows with hysteresis.
type fleet struct {
	windows   *Engine[string, float64, Stats]
	incidents *Store[string, incident]
	out       []string
}

func newFleet(t *rapid.T, topic []Change) *fleet {
	f := &fleet{}
	var err error
	if f.incidents, err = NewStore("incidents", StringKeys[string](), incidentCodec()); err != nil {
		t.Fatal(err)
	}
	f.windows, err = New(Config[string, float64, Stats]{
		Name: "deviation", Windows: Sliding(ms(10), ms(2)), Merge: (*Stats).Merge, Emit: f.judge,
		Add:  func(s *Stats, value float64) { s.Add(value) },
		Keys: StringKeys[string](),
		State: Codec[Stats]{
			Append: func(dst []byte, s *Stats) []byte { return s.Append(dst) },
			Decode: func(data []byte, s *Stats) error { r := NewReader(data); *s = r.Stats(); return r.Close() },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.windows.Restore(sequence(topic)), f.incidents.Restore(sequence(topic))); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fleet) judge(r Result[string, Stats]) {
	i, _ := f.incidents.Get(r.Key)
	if above := r.Value.Mean() > 5; above == i.open {
		i.streak = 0
	} else {
		i.streak++
	}
	if i.streak == 2 {
		i.open, i.streak = !i.open, 0
		f.out = append(f.out, fmt.Sprintf("%s open=%t at %d", r.Key, i.open, r.Window.End))
	}
	if i == (incident{}) {
		f.incidents.Delete(r.Key)
	} else {
		f.incidents.Set(r.Key, i)
	}
}

// What windows and a store decide together is the same wherever the process is
// killed, as long as the changes of both are committed together.
func TestIncidentsSurviveKills(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events := drawEvents(t, 0)
		calm := newFleet(t, nil)
		for _, event := range events {
			calm.windows.Advance(event.at)
			calm.windows.Add(event.key, event.at, event.value/20)
		}
		var topic []Change
		var out []string
		f := newFleet(t, nil)
		for position := 0; position < len(events); {
			n := rapid.IntRange(1, len(events)-position).Draw(t, "batch")
			for _, event := range events[position : position+n] {
				f.windows.Advance(event.at)
				f.windows.Add(event.key, event.at, event.value/20)
			}
			if rapid.IntRange(0, 2).Draw(t, "killed") == 0 {
				f = newFleet(t, topic)
				continue
			}
			changes, err := f.windows.Changes(topic)
			if err != nil {
				t.Fatal(err)
			}
			topic = f.incidents.Changes(changes)
			out = append(out, f.out...)
			f.out = nil
			position += n
		}
		if !slices.Equal(out, calm.out) {
			t.Fatalf("with kills: %q, want %q", out, calm.out)
		}
	})
}
