package lambda

import (
	"hash/fnv"
	"maps"
	"slices"
)

// place is how far a mapping is in one shard. It is all that a restart needs,
// as one value that encodes to JSON: who reads on from it delivers every
// record that was not settled, and none that the place says was.
type place struct {
	From Position `json:"from"` // every record before it is settled
	// Ahead says which records after From are settled too: for a number of
	// lanes, the last settled one of each lane ("" if none), because a lane
	// settles its records in order. It has more than one entry only while a
	// change of ParallelizationFactor waits for records from before it.
	Ahead  map[int][]string `json:"ahead,omitempty"`
	Window *openWindow      `json:"window,omitempty"` // the tumbling window with a state to keep
	Done   bool             `json:"done,omitempty"`   // read and handled to its end, or never wanted
}

// advance is the one way in which a shard's place changes, and makes one for a
// shard that is new.
func (m *mapping) advance(shard string, change func(*place)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.shards[shard]
	if p == nil {
		p = &place{}
		m.shards[shard] = p
	}
	change(p)
	m.keepPlaces(shard)
}

// at is a copy of a shard's place.
func (m *mapping) at(shard string) place {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := *m.shards[shard]
	p.Ahead = maps.Clone(p.Ahead) // its slices are never changed in place
	return p
}

// finish marks a shard as handled to its end.
func (m *mapping) finish(shard string) {
	m.advance(shard, func(p *place) { *p = place{From: p.From, Done: true} })
}

// handled reports whether nothing of a shard is left to do.
func (m *mapping) handled(shard string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shards[shard].Done
}

// settled reports whether a record after From is done with.
func (p *place) settled(r *Record) bool {
	for lanes, last := range p.Ahead {
		if !after(r.SequenceNumber, last[laneOf(r.PartitionKey, lanes)]) {
			return true
		}
	}
	return false
}

// laneOf spreads partition keys over lanes, in the same way after a restart.
func laneOf(key string, lanes int) int {
	if lanes == 1 {
		return 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return int(h.Sum32() % uint32(lanes))
}

// after compares sequence numbers, which are decimal; "" is before them all.
func after(a, b string) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return a > b
}

// track knows what was fetched of a shard and is not settled, so that From is
// always the lowest unfinished position. The mapping's mu guards it.
type track struct {
	last  []string // settled last in each lane
	queue []tracked
}

// tracked is a fetched record, or the end of a fetch.
type tracked struct {
	number string
	lane   int       // settled: nothing waits for it
	to     *Position // nil: after number
}

const settled = -1

func newTrack(lanes int, p place) *track {
	t := &track{last: make([]string, lanes)}
	copy(t.last, p.Ahead[lanes])
	return t
}

// add notes what comes next in the shard's order.
func (t *track) add(e tracked) {
	if n := len(t.queue); e.lane == settled && n > 0 && t.queue[n-1].lane == settled {
		t.queue[n-1] = e
		return
	}
	t.queue = append(t.queue, e)
}

// settle notes that a lane is done with its records up to a number.
func (t *track) settle(lane int, number string) { t.last[lane] = number }

// move brings a place up to what is settled.
func (t *track) move(p *place) {
	n := 0
	for ; n < len(t.queue); n++ {
		e := t.queue[n]
		if e.lane != settled && after(e.number, t.last[e.lane]) {
			break
		}
		if p.From = (Position{Type: AfterSequenceNumber, SequenceNumber: e.number}); e.to != nil {
			p.From = *e.to
		}
	}
	if t.queue = t.queue[n:]; len(t.queue) == 0 {
		t.queue, p.Ahead = nil, nil
		return
	}
	if len(t.last) > 1 {
		if p.Ahead == nil {
			p.Ahead = map[int][]string{}
		}
		p.Ahead[len(t.last)] = slices.Clone(t.last)
	}
	maps.DeleteFunc(p.Ahead, func(_ int, last []string) bool { return p.From.beyond(last) })
}

// beyond reports that none of the numbers is at or after a position.
func (p Position) beyond(numbers []string) bool {
	return (p.Type == AfterSequenceNumber || p.Type == AtSequenceNumber) &&
		!slices.ContainsFunc(numbers, func(n string) bool { return after(n, p.SequenceNumber) })
}
