package window

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func textCodec() Codec[string] {
	return Codec[string]{
		Append: func(dst []byte, value *string) []byte { return append(dst, *value...) },
		Decode: func(data []byte, value *string) error {
			if *value = string(data); *value == "unreadable" {
				return errors.New("unreadable")
			}
			return nil
		},
	}
}

func newStore(t rapid.TB) *Store[string, string] {
	t.Helper()
	s, err := NewStore("store", StringKeys[string](), textCodec())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A store is a map, however often it is put down and picked up, and its topic
// keeps what the map has.
func TestStoreAgainstMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, m := newStore(t), map[string]string{}
		topic := &topic{}
		key := rapid.SampledFrom([]string{"", "a", "ab", "b"})
		changed := map[string]bool{}
		commit := func() {
			before := len(topic.records)
			topic.records = s.Changes(topic.records)
			if n := len(topic.records) - before; n > 2*len(changed) {
				t.Fatalf("%d records for %d changed keys", n, len(changed))
			}
			clear(changed)
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				k, v := key.Draw(t, "key"), rapid.StringN(0, 3, -1).Draw(t, "value")
				s.Set(k, v)
				m[k], changed[k] = v, true
			},
			"delete": func(t *rapid.T) {
				k := key.Draw(t, "key")
				s.Delete(k)
				delete(m, k)
				changed[k] = true
			},
			"commit": func(*rapid.T) { commit() },
			"restore": func(t *rapid.T) {
				commit()
				if left := topic.compacted(); len(left) != len(m) {
					t.Fatalf("the topic keeps %d records of %d values", len(left), len(m))
				}
				s = newStore(t)
				if err := s.Restore(topic.all()); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				if got := maps.Collect(s.All()); !maps.Equal(got, m) || s.Len() != len(m) {
					t.Fatalf("the store has %v, want %v", got, m)
				}
				for _, k := range []string{"", "a", "ab", "b"} {
					want, there := m[k]
					if got, ok := s.Get(k); got != want || ok != there {
						t.Fatalf("%q has %q, %t, want %q, %t", k, got, ok, want, there)
					}
				}
			},
		})
		var order []string
		for k := range s.All() {
			order = append(order, k)
		}
		if !slices.IsSorted(order) {
			t.Fatalf("keys come in the order %q", order)
		}
	})
}

func TestStoreRefusesWhatItDidNotWrite(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.Set("a", "1")
	good := s.Changes(nil)
	if err := s.Restore(sequence(good)); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("restoring a store in use gives %v", err)
	}
	seal := func(version byte, value string) Change {
		a := arena(append([]byte{version}, value...))
		return a.seal(good[0].Key, 0)
	}
	for _, c := range []struct {
		name   string
		record Change
		want   error
	}{
		{"good", good[0], nil},
		{"of another", Change{Key: []byte("other/a"), Value: []byte("?")}, nil},
		{"damaged", Change{Key: good[0].Key, Value: append([]byte{stateVersion, 'x'}, good[0].Value[2:]...)}, ErrCorrupt},
		{"short", Change{Key: good[0].Key, Value: []byte{}}, ErrCorrupt},
		{"under a foreign key", Change{Key: []byte("store/b"), Value: good[0].Value}, ErrCorrupt},
		{"newer", seal(stateVersion+1, "1"), ErrNewer},
		{"unreadable", seal(stateVersion, "unreadable"), ErrCorrupt},
	} {
		err := newStore(t).Restore(sequence([]Change{c.record}))
		var refused *StateError
		if !errors.Is(err, c.want) || c.want != nil && (!errors.As(err, &refused) || string(refused.Key) != string(c.record.Key)) {
			t.Errorf("%s: got %v, want a StateError of %q with %v", c.name, err, c.record.Key, c.want)
		}
	}
	for _, name := range []string{"", "a/b"} {
		if _, err := NewStore(name, StringKeys[string](), textCodec()); err == nil {
			t.Errorf("a store may be called %q", name)
		}
	}
	if _, err := NewStore[string, string]("store", StringKeys[string](), Codec[string]{}); err == nil {
		t.Error("a store needs no codec for its values")
	}
}

func TestStoreWritesNothingOfWhatWasNeverSaved(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.Set("a", "1")
	s.Delete("a")
	s.Delete("b")
	if changes := s.Changes(nil); len(changes) > 0 {
		t.Errorf("changes of a key that came and went: %q", changes)
	}
}
