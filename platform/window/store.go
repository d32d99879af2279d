package window

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Store keeps a value by key that outlives windows, such as whether a truck's
// incident is open, and saves and restores it as an [Engine] does: written in
// the same transaction as the engine's changes, the two never disagree. It is
// for one goroutine.
type Store[K comparable, V any] struct {
	name   string
	keys   Codec[K]
	values Codec[V]
	items  map[K]*item[K, V]
	dirty  []*item[K, V]
	gone   [][]byte // keys of records to delete
}

type item[K comparable, V any] struct {
	key   K
	bytes string // the record's key
	value V
	mark  mark
}

// NewStore checks its codecs and returns an empty store. Its name begins every
// key of saved state: engines and stores that share a topic have different ones.
func NewStore[K comparable, V any](name string, keys Codec[K], values Codec[V]) (*Store[K, V], error) {
	switch {
	case name == "" || strings.Contains(name, "/"):
		return nil, fmt.Errorf("store: name %q is empty or contains a slash", name)
	case !keys.complete() || !values.complete():
		return nil, errors.New("store: a codec lacks Append or Decode")
	}
	return &Store[K, V]{name: name, keys: keys, values: values, items: map[K]*item[K, V]{}}, nil
}

// Get is the value of a key; ok is false if there is none.
func (s *Store[K, V]) Get(key K) (value V, ok bool) {
	if it := s.items[key]; it != nil {
		return it.value, true
	}
	return value, false
}

// Set gives a key a value, which the store shares with the caller if it has
// pointers: change it by another Set.
func (s *Store[K, V]) Set(key K, value V) {
	it := s.items[key]
	if it == nil {
		it = &item[K, V]{key: key, bytes: s.recordKey(&key)}
		s.items[key] = it
	}
	it.value = value
	if !it.mark.dirty {
		it.mark.dirty = true
		s.dirty = append(s.dirty, it)
	}
}

// Delete forgets a key.
func (s *Store[K, V]) Delete(key K) {
	it := s.items[key]
	if it == nil {
		return
	}
	delete(s.items, key)
	if it.mark.saved {
		s.gone = append(s.gone, []byte(it.bytes))
	}
}

// Len is how many keys have a value.
func (s *Store[K, V]) Len() int { return len(s.items) }

// All yields keys and values by the bytes of the key. The store must not be
// changed meanwhile.
func (s *Store[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		all := make([]*item[K, V], 0, len(s.items))
		for _, it := range s.items {
			all = append(all, it)
		}
		slices.SortFunc(all, func(a, b *item[K, V]) int { return cmp.Compare(a.bytes, b.bytes) })
		for _, it := range all {
			if !yield(it.key, it.value) {
				return
			}
		}
	}
}

// recordKey is the key under which a value is saved.
func (s *Store[K, V]) recordKey(key *K) string {
	return string(s.keys.Append(append([]byte(s.name), '/'), key))
}

// Changes appends what has changed since the last call, as Engine.Changes does.
func (s *Store[K, V]) Changes(dst []Change) []Change {
	for _, key := range s.gone {
		dst = append(dst, Change{Key: key})
	}
	s.gone = s.gone[:0]
	var a arena
	for _, it := range s.dirty {
		if s.items[it.key] != it {
			continue // deleted since
		}
		it.mark = mark{saved: true}
		from := len(a)
		a = append(a, stateVersion)
		a = s.values.Append(a, &it.value)
		dst = append(dst, a.seal([]byte(it.bytes), from))
	}
	clear(s.dirty)
	s.dirty = s.dirty[:0]
	return dst
}

// Restore reads saved state into an empty store, as Engine.Restore does.
func (s *Store[K, V]) Restore(records iter.Seq2[[]byte, []byte]) error {
	if len(s.items) > 0 {
		return ErrNotEmpty
	}
	keys, values := latest(s.name, records)
	for _, key := range keys {
		it, err := s.read([]byte(key), values[key])
		if err != nil {
			return &StateError{Key: []byte(key), Err: err}
		}
		s.items[it.key] = it
	}
	return nil
}

func (s *Store[K, V]) read(recordKey, value []byte) (*item[K, V], error) {
	fields, err := open(recordKey, value)
	if err != nil {
		return nil, err
	}
	it := &item[K, V]{bytes: string(recordKey), mark: mark{saved: true}}
	if err := s.keys.Decode(recordKey[len(s.name)+1:], &it.key); err != nil {
		return nil, fmt.Errorf("%w: key: %w", ErrCorrupt, err)
	}
	if again := s.recordKey(&it.key); again != it.bytes {
		return nil, fmt.Errorf("%w: its key is written %q", ErrCorrupt, again)
	}
	if err := s.values.Decode(fields, &it.value); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return it, nil
}
