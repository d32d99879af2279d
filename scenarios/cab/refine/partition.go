// Package refine is the first stage behind cab-telemetry. It takes each
// reading once, puts every cab's readings in order, finds their zone, pick-ups,
// drop-offs and incidents, and decides what is late.
//
// Guarantee: what it emits, and in which order, is a function of the records of
// its input partition in their order, and of nothing else: no clock, no other
// partition. Together with a transaction over input offsets, outputs and state
// each reading has its effect exactly once.
package refine

import (
	"container/heap"
	"time"

	"github.com/weirstream/weir/scenarios/cab/event"
	"github.com/weirstream/weir/scenarios/cab/runs"
)

// Verdict is what became of a reading.
type Verdict int

// The verdicts.
const (
	Accepted  Verdict = iota + 1 // emitted, now or when its turn comes
	Duplicate                    // taken before
	Late                         // behind the watermark
	Outdated                     // of a run that another one has followed
)

// Partition is what refine remembers about one input partition. It is for one
// goroutine.
type Partition struct {
	lateness event.Millis
	head     head
	cabs     map[string]*cab
	waiting  waiting
	changed  map[string]*cab // since the last Snapshot; nil: it is gone
	gone     [][]byte        // keys of former runs that the topic still has
	headNew  bool
}

// head is the state of the partition as a whole.
type head struct {
	runs.Runs
	// Latest is the largest event time so far, 0 before the first; Told is the
	// watermark at the last Tell that told something.
	Latest event.Millis `json:"latest"`
	Told   event.Millis `json:"told"`
}

// NewPartition is a partition without any history.
func NewPartition(lateness time.Duration) *Partition {
	return &Partition{
		lateness: event.Millis(lateness / time.Millisecond),
		cabs:     map[string]*cab{}, changed: map[string]*cab{},
	}
}

// Run is whose readings are taken, "" before the first.
func (p *Partition) Run() string { return p.head.Run }

// Watermark says that what is still to come with an earlier event time is late;
// 0 before the first reading.
func (p *Partition) Watermark() event.Millis {
	if p.head.Latest == 0 {
		return 0
	}
	return max(0, p.head.Latest-p.lateness)
}

// Tell is the watermark if everybody has to hear of it, for a window ended
// since they heard last. What is taken later is not behind it.
func (p *Partition) Tell() (watermark event.Millis, news bool) {
	watermark = p.Watermark()
	if p.head.Run == "" || watermark.Minute() <= p.head.Told.Minute() && p.head.Told > 0 {
		return 0, false
	}
	p.head.Told, p.headNew = watermark, true
	return watermark, true
}

// Take handles the partition's next reading, which has passed its checks, and
// emits what has its turn: perhaps nothing, perhaps readings of other cabs that
// waited for this one's time. None of them is behind the Watermark of before the
// call, which is therefore what may be said of them to others. The reading is
// kept.
func (p *Partition) Take(t *event.Telemetry, emit func(event.Activity)) Verdict {
	if !p.enter(t.RunID) {
		return Outdated
	}
	c := p.cabs[t.Cab]
	if c == nil {
		c = &cab{name: t.Cab}
		p.cabs[t.Cab] = c
	}
	if c.known(t.Seq) {
		return Duplicate
	}
	p.touch(c)
	late := t.EventTime < p.Watermark() || t.Seq < c.Next
	if late {
		c.hold(t.Seq, nil)
	} else {
		c.hold(t.Seq, t)
	}
	c.release(0, emit)
	p.settle(c)
	p.advance(t.EventTime, emit)
	if late {
		return Late
	}
	return Accepted
}

// enter tells whether a run's readings are taken.
func (p *Partition) enter(run string) bool {
	taken, begins := p.head.Enter(run)
	if !begins {
		return taken
	}
	for name, c := range p.cabs {
		p.changed[name] = nil
		for _, h := range c.held {
			if h.saved {
				c.gone = append(c.gone, h.seq)
			}
		}
		for _, seq := range c.gone {
			p.gone = append(p.gone, heldKey(name, seq))
		}
	}
	clear(p.cabs)
	p.waiting = nil
	p.head.Latest, p.head.Told, p.headNew = 0, 0, true
	return true
}

// advance moves the watermark and no longer waits for what it overtakes.
func (p *Partition) advance(at event.Millis, emit func(event.Activity)) {
	if at <= p.head.Latest {
		return
	}
	p.head.Latest, p.headNew = at, true
	for len(p.waiting) > 0 && p.waiting[0].until < p.Watermark() {
		c := p.waiting[0]
		p.touch(c)
		c.release(p.Watermark(), emit)
		p.settle(c)
	}
}

func (p *Partition) touch(c *cab) { p.changed[c.name] = c }

// settle puts c where it belongs among those that wait, or takes it from them.
func (p *Partition) settle(c *cab) {
	switch {
	case len(c.held) == 0 && c.at > 0:
		heap.Remove(&p.waiting, c.at-1)
	case len(c.held) > 0 && c.at > 0:
		heap.Fix(&p.waiting, c.at-1)
	case len(c.held) > 0:
		heap.Push(&p.waiting, c)
	}
}

// waiting is a heap of cabs that hold readings, by until and name.
type waiting []*cab

func (w waiting) Len() int { return len(w) }

func (w waiting) Less(i, j int) bool {
	a, b := w[i].until, w[j].until
	return a < b || a == b && w[i].name < w[j].name
}

func (w waiting) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].at, w[j].at = i+1, j+1
}

func (w *waiting) Push(x any) {
	c := x.(*cab)
	*w = append(*w, c)
	c.at = len(*w)
}

func (w *waiting) Pop() any {
	last := len(*w) - 1
	c := (*w)[last]
	(*w)[last] = nil
	*w = (*w)[:last]
	c.at = 0
	return c
}
