package refine

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Keys of the state topic: one for the partition as a whole, one for each cab.
const (
	headKey   = "partition"
	cabPrefix = "cab/"
)

var errShort = errors.New("want two numbers and no more")

// Restore implements kafka.State.
func (p *Partition) Restore(pairs iter.Seq2[[]byte, []byte]) error {
	for key, value := range pairs {
		if string(key) == headKey {
			if err := json.Unmarshal(value, &p.head); err != nil {
				return fmt.Errorf("state %s: %w", key, err)
			}
			continue
		}
		name, ok := strings.CutPrefix(string(key), cabPrefix)
		if !ok {
			return fmt.Errorf("state %q: no such key is known; was it written by a newer weir?", key)
		}
		c := &cab{name: name}
		if err := c.unmarshal(value); err != nil {
			return fmt.Errorf("state %s: %w", key, err)
		}
		if err := c.check(); err != nil {
			return fmt.Errorf("state %s: %w", key, err)
		}
		p.cabs[name] = c
		p.settle(c)
	}
	return nil
}

// check refuses what cannot have been written.
func (c *cab) check() error {
	inOrder := slices.IsSortedFunc(c.Held, func(a, b held) int { return int(a.Seq - b.Seq) })
	if c.Next < 0 || c.Accepted < 0 || c.Accepted > c.Next || !inOrder || len(c.Held) > 0 && c.Held[0].Seq < c.Next {
		return fmt.Errorf("sequences out of order: next %d, accepted %d, %d held", c.Next, c.Accepted, len(c.Held))
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
	for name, c := range p.changed {
		key := []byte(cabPrefix + name)
		if c == nil {
			put(key, nil)
			continue
		}
		value, err := c.marshal()
		if err != nil {
			return fmt.Errorf("state %s: %w", key, err)
		}
		put(key, value)
	}
	clear(p.changed)
	return nil
}

// A cab of which nothing is held, given up or wrong, which is nearly every one
// at nearly any time, is a few bytes: plain or plainHired, Next and Accepted.
// JSON, which begins with a brace, is the others.
const (
	plain      = 1
	plainHired = 2
)

func (c *cab) marshal() ([]byte, error) {
	if len(c.Held)+len(c.GivenUp)+len(c.Streaks) > 0 {
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
