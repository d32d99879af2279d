package window

// unscheduled is the place of an entry that waits for nothing.
const unscheduled = -1

// schedule is a heap of entries by the instant of their next work, then by key,
// so that working it off from the top gives results in their order.
type schedule[K comparable, A any] struct {
	heap []*entry[K, A]
}

func before[K comparable, A any](a, b *entry[K, A]) bool {
	return a.next < b.next || a.next == b.next && a.bytes < b.bytes
}

// first is the entry with the earliest work, nil if there is none.
func (s *schedule[K, A]) first() *entry[K, A] {
	if len(s.heap) == 0 {
		return nil
	}
	return s.heap[0]
}

// sooner has an entry's next work be at an instant if it is not earlier anyway.
func (s *schedule[K, A]) sooner(k *entry[K, A], at int64) {
	if k.place == unscheduled || at < k.next {
		s.set(k, at)
	}
}

// set has an entry's next work be at an instant.
func (s *schedule[K, A]) set(k *entry[K, A], at int64) {
	k.next = at
	if k.place == unscheduled {
		k.place = len(s.heap)
		s.heap = append(s.heap, k)
	}
	if !s.up(k) {
		s.down(k)
	}
}

// pop takes the first entry off.
func (s *schedule[K, A]) pop() {
	last := len(s.heap) - 1
	first, moved := s.heap[0], s.heap[last]
	s.heap[last] = nil
	s.heap = s.heap[:last]
	if moved != first {
		moved.place = 0
		s.down(moved)
	}
	first.place = unscheduled
}

// up moves an entry towards the top and tells whether it moved.
func (s *schedule[K, A]) up(k *entry[K, A]) bool {
	i := k.place
	for i > 0 {
		parent := (i - 1) / 2
		if !before(k, s.heap[parent]) {
			break
		}
		s.put(i, s.heap[parent])
		i = parent
	}
	moved := i != k.place
	s.put(i, k)
	return moved
}

func (s *schedule[K, A]) down(k *entry[K, A]) {
	i := k.place
	for {
		child := 2*i + 1
		if child >= len(s.heap) {
			break
		}
		if child+1 < len(s.heap) && before(s.heap[child+1], s.heap[child]) {
			child++
		}
		if !before(s.heap[child], k) {
			break
		}
		s.put(i, s.heap[child])
		i = child
	}
	s.put(i, k)
}

func (s *schedule[K, A]) put(i int, k *entry[K, A]) {
	s.heap[i] = k
	k.place = i
}
