package refine

import (
	"cmp"
	"math"
	"slices"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// cab is what is remembered of one cab. The exported fields are its state as
// the state topic keeps it.
type cab struct {
	// Next is the sequence whose turn it is: all before were emitted, given up
	// or late.
	Next int64 `json:"next"`
	// GivenUp are sequences that the watermark overtook before they came, and, if
	// there are too many, all between the oldest. One that comes after all is late
	// and not a duplicate.
	GivenUp []span `json:"given_up,omitempty"`

	Accepted int64              `json:"accepted"` // sequence after the last reading emitted; 0: none was
	Hired    bool               `json:"hired,omitempty"`
	Streaks  map[string]*streak `json:"streaks,omitempty"` // by kind of incident

	name string
	at   int // in the partition's waiting cabs, from 1; 0 is nowhere

	// held are readings that came before their turn, by sequence. The state
	// topic has each under a key of its own, so that a cab that holds many is not
	// written with all of them for each that comes.
	held  []held
	gone  []int64      // held no longer, and the topic does not know yet
	until event.Millis // how far the watermark may come before it waits no longer
}

type held struct {
	seq     int64
	reading *event.Telemetry // nil: it was late, and only its turn is kept
	saved   bool             // on the state topic
}

// until is the reading's own time. When the watermark is behind it, what the cab
// waits for is late, if it comes at all; and nothing is held longer, so that what
// is emitted is never behind the watermark before. The turn of a late reading is
// over already.
func (h *held) until() event.Millis {
	if h.reading == nil {
		return 0
	}
	return h.reading.EventTime
}

// span is sequences First to Last.
type span struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

// streak counts readings alike, of one kind of incident.
type streak struct {
	Violations int          `json:"violations,omitempty"` // in a row, while no incident is open
	Calm       int          `json:"calm,omitempty"`       // in a row, while one is
	Open       bool         `json:"open,omitempty"`
	OpenedSeq  int64        `json:"opened_seq,omitempty"`
	OpenedAt   event.Millis `json:"opened_at,omitempty"`
}

// givenUpMax bounds what is remembered of a device that loses much: a state record
// has to stay far below what brokers take.
const givenUpMax = 4096

// bound forgets which of the oldest readings were taken, and not which were given up:
// one that comes again is late then, and none is taken for a repetition that is not.
func (c *cab) bound() {
	if over := len(c.GivenUp) - givenUpMax; over > 0 {
		c.GivenUp[over].First = c.GivenUp[0].First
		c.GivenUp = slices.Delete(c.GivenUp, 0, over)
	}
}

// known tells whether a sequence was taken before. If it was given up, it is
// known from now on.
func (c *cab) known(seq int64) bool {
	if seq >= c.Next {
		_, found := c.find(seq)
		return found
	}
	for i, s := range c.GivenUp {
		if seq < s.First || seq > s.Last {
			continue
		}
		var rest []span
		if s.First < seq {
			rest = append(rest, span{s.First, seq - 1})
		}
		if seq < s.Last {
			rest = append(rest, span{seq + 1, s.Last})
		}
		c.GivenUp = slices.Replace(c.GivenUp, i, i+1, rest...)
		c.bound()
		return false
	}
	return true
}

func (c *cab) find(seq int64) (at int, found bool) {
	return slices.BinarySearchFunc(c.held, seq, func(h held, seq int64) int { return cmp.Compare(h.seq, seq) })
}

// hold keeps a reading for its turn; a nil one keeps the turn of a late one.
func (c *cab) hold(seq int64, t *event.Telemetry) {
	if seq < c.Next {
		return
	}
	at, _ := c.find(seq)
	c.held = slices.Insert(c.held, at, held{seq: seq, reading: t})
	if len(c.held) == 1 {
		c.until = math.MaxInt64
	}
	c.until = min(c.until, c.held[at].until())
}

// release emits the readings whose turn has come. What is missing before one that the
// watermark has overtaken is given up. It looks at each reading held once or twice,
// however many gaps there are.
func (c *cab) release(watermark event.Millis, emit func(event.Activity)) {
	overtaken := 0
	for i := len(c.held) - 1; i >= 0 && c.until < watermark && overtaken == 0; i-- {
		if c.held[i].until() < watermark {
			overtaken = i + 1
		}
	}
	n := 0
	for n < len(c.held) && (n < overtaken || c.held[n].seq == c.Next) {
		h := &c.held[n]
		if h.seq > c.Next {
			c.GivenUp = append(c.GivenUp, span{c.Next, h.seq - 1})
			c.Next = h.seq
		}
		if h.reading != nil {
			emit(c.accept(h.reading))
		}
		if h.saved {
			c.gone = append(c.gone, h.seq)
		}
		c.Next++
		n++
	}
	if n == 0 {
		return
	}
	c.bound()
	c.held = slices.Delete(c.held, 0, n)
	c.until = math.MaxInt64
	for i := range c.held {
		c.until = min(c.until, c.held[i].until())
	}
}

// accept refines the next reading in order.
func (c *cab) accept(t *event.Telemetry) event.Activity {
	a := event.Activity{
		ID: t.ID, RunID: t.RunID, Cab: t.Cab, Seq: t.Seq, EventTime: t.EventTime,
		Zone: event.Zone(t.Lat, t.Lon), Lat: t.Lat, Lon: t.Lon, SpeedKmh: t.SpeedKmh,
		Hired: t.Hired, Schema: t.Schema, Gap: t.Seq - c.Accepted,
	}
	if c.Accepted > 0 {
		a.PickUp = t.Hired && !c.Hired
		a.DropOff = !t.Hired && c.Hired
	}
	c.health(t, &a)
	c.Accepted, c.Hired = t.Seq+1, t.Hired
	return a
}
