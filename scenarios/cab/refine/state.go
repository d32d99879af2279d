package refine

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// Keys of the state topic: one for the partition as a whole, one for each cab and
// one for each reading held.
const (
	headKey    = "partition"
	cabPrefix  = "cab/"
	heldPrefix = "held/"
)

func heldKey(cab string, seq int64) []byte {
	return strconv.AppendInt(append(append([]byte(heldPrefix), cab...), '/'), seq, 10)
}

var (
	errShort    = errors.New("want two numbers and no more")
	errKey      = errors.New("no such key is known; was it written by a newer weir?")
	errNoTurn   = errors.New("its turn has been, or there is no such cab")
	errBackward = errors.New("sequences out of order")
)

// Restore implements kafka.State.
func (p *Partition) Restore(pairs iter.Seq2[[]byte, []byte]) error {
	turns := map[string][]byte{} // by key: cabs may come after what they hold
	for key, value := range pairs {
		if err := p.restore(string(key), value, turns); err != nil {
			return fmt.Errorf("state %s: %w", key, err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(turns)) {
		if err := p.restoreHeld(key, turns[key]); err != nil {
			return fmt.Errorf("state %s: %w", key, err)
		}
	}
	return nil
}

func (p *Partition) restore(key string, value []byte, turns map[string][]byte) error {
	name, isCab := strings.CutPrefix(key, cabPrefix)
	switch {
	case key == headKey:
		return json.Unmarshal(value, &p.head)
	case strings.HasPrefix(key, heldPrefix):
		turns[key] = value
		return nil
	case !isCab:
		return errKey
	}
	c := &cab{name: name}
	if err := c.unmarshal(value); err != nil {
		return err
	}
	p.cabs[name] = c
	return c.check()
}

func (p *Partition) restoreHeld(key string, value []byte) error {
	name, number, _ := strings.Cut(strings.TrimPrefix(key, heldPrefix), "/")
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || string(heldKey(name, seq)) != key {
		return errKey
	}
	var t *event.Telemetry
	if err := json.Unmarshal(value, &t); err != nil {
		return err
	}
	c := p.cabs[name]
	if c == nil || seq < c.Next {
		return errNoTurn
	}
	c.hold(seq, t)
	at, _ := c.find(seq)
	c.held[at].saved = true
	p.settle(c)
	return nil
}

// check refuses what cannot have been written.
func (c *cab) check() error {
	if c.Next < 0 || c.Accepted < 0 || c.Accepted > c.Next {
		return fmt.Errorf("%w: next %d, accepted %d", errBackward, c.Next, c.Accepted)
	}
	for kind, s := range c.Streaks {
		if s == nil {
			return fmt.Errorf("streak %q is null", kind)
		}
	}
	return nil
}

// Snapshot implements kafka.State.
func (p *Partition) Snapshot(put func(key, value []byte)) error {
	if p.headNew {
		value, err := json.Marshal(p.head)
		if err != nil {
			return fmt.Errorf("state %s: %w", headKey, err)
		}
		put([]byte(headKey), value)
		p.headNew = false
	}
	for _, key := range p.gone {
		put(key, nil)
	}
	p.gone = nil
	for name, c := range p.changed {
		if c == nil {
			put([]byte(cabPrefix+name), nil)
		} else if err := c.snapshot(put); err != nil {
			return fmt.Errorf("state %s%s: %w", cabPrefix, name, err)
		}
	}
	clear(p.changed)
	return nil
}

func (c *cab) snapshot(put func(key, value []byte)) error {
	value, err := c.marshal()
	if err != nil {
		return err
	}
	put([]byte(cabPrefix+c.name), value)
	for i := range c.held {
		h := &c.held[i]
		if h.saved {
			continue
		}
		if value, err = json.Marshal(h.reading); err != nil {
			return err
		}
		put(heldKey(c.name, h.seq), value)
		h.saved = true
	}
	for _, seq := range c.gone {
		put(heldKey(c.name, seq), nil)
	}
	c.gone = c.gone[:0]
	return nil
}

// A cab of which nothing is given up or wrong, which is nearly every one
// at nearly any time, is a few bytes: plain or plainHired, Next and Accepted.
// JSON, which begins with a brace, is the others.
const (
	plain      = 1
	plainHired = 2
)

func (c *cab) marshal() ([]byte, error) {
	if len(c.GivenUp)+len(c.Streaks) > 0 {
		return json.Marshal(c)
	}
	kind := byte(plain)
	if c.Hired {
		kind = plainHired
	}
	b := append(make([]byte, 0, 1+2*binary.MaxVarintLen32), kind)
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(c.Next)), uint64(c.Accepted)), nil
}

func (c *cab) unmarshal(value []byte) error {
	if len(value) == 0 || value[0] != plain && value[0] != plainHired {
		return json.Unmarshal(value, c)
	}
	next, n := binary.Uvarint(value[1:])
	if n <= 0 {
		return errShort
	}
	accepted, m := binary.Uvarint(value[1+n:])
	if m <= 0 || 1+n+m != len(value) {
		return errShort
	}
	c.Next, c.Accepted, c.Hired = int64(next), int64(accepted), value[0] == plainHired
	return nil
}
