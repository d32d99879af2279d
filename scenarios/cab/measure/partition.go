// Package measure is the second stage behind cab-telemetry: it counts what is
// refined in one-minute windows of event time for each zone.
//
// Guarantee: nothing that reaches it is late, because every record says how far
// its source has come and the least of all sources counts. What it emits is the
// same however the records of different sources are interleaved; together with a
// transaction over input offsets, outputs and state each window is given once.
//
// Where it breaks: a source counts from its first record of a run on, for one
// that no cab reports to must not hold the windows. One whose first record comes
// when the others are already further than the lateness has it, and what follows
// it, counted as misplaced and in no window. And a source that has reported and
// falls silent, because no cab of that partition reports any more, holds all
// windows until one does.
package measure

import (
	"encoding/json"
	"fmt"
	"iter"
	"strconv"

	"github.com/weirstream/weir/platform/window"
	"github.com/weirstream/weir/scenarios/cab/event"
	"github.com/weirstream/weir/scenarios/cab/runs"
)

// Partition is what measure remembers about one partition of cab-activity. It
// is for one goroutine.
type Partition struct {
	head    head
	headNew bool
	marks   *window.Watermarks
	windows *window.Engine[string, *event.Activity, tally]
	busy    busy
	gone    [][]byte // keys of windows that ended with their run
	emit    func(event.Metrics)
	// misplaced counts activities behind the watermark, which a source has
	// promised not to send.
	misplaced int64
}

// head is the state of the partition as a whole.
type head struct {
	runs.Runs
	Marks []byte `json:"marks"`
}

// NewPartition is a partition without any history.
func NewPartition() (*Partition, error) {
	p := &Partition{busy: newBusy()}
	if err := p.begin(); err != nil {
		return nil, err
	}
	return p, nil
}

// begin makes windows without events, and sources that said nothing yet.
func (p *Partition) begin() (err error) {
	p.windows, err = window.New(window.Config[string, *event.Activity, tally]{
		Name: "zones", Windows: window.Tumbling(event.Window),
		Add: func(into *tally, a *event.Activity) { into.add(a) },
		Emit: func(r window.Result[string, tally]) {
			m := r.Value.metrics(p.head.Run, r.Key, r.Window.Start, r.Revision)
			m.NoFreeWindows = p.busy.next(&m)
			p.emit(m)
		},
		Keys: window.StringKeys[string](), State: tallies(),
	})
	if err != nil {
		return err
	}
	p.marks, err = window.NewWatermarks(window.WatermarksConfig{})
	return err
}

// Misplaced is how many activities came behind their source's word. There are
// none unless a stage before is at fault.
func (p *Partition) Misplaced() int64 { return p.misplaced }

// Take handles the partition's next record: an activity, or nil for one that
// only says how far its source is. It emits the windows that are over.
func (p *Partition) Take(a *event.Activity, mark event.Mark, emit func(event.Metrics)) error {
	if entered, err := p.enter(mark.Run); !entered {
		return err
	}
	p.emit = emit
	if a != nil && p.windows.Add(a.Zone, int64(a.EventTime), a) != window.Counted {
		p.misplaced++
	}
	p.marks.Mark(strconv.Itoa(int(mark.Source)), int64(mark.Watermark))
	p.headNew = true
	p.windows.Advance(p.marks.Current())
	return nil
}

// enter tells whether a run's records count. The open windows of a run that
// another one ends are never given: its devices had to report until they were over.
func (p *Partition) enter(run string) (bool, error) {
	taken, begins := p.head.Enter(run)
	if !begins {
		return taken, nil
	}
	if err := p.drop(); err != nil {
		return false, err
	}
	p.headNew = true
	return true, p.begin()
}

// drop forgets the windows that are open.
func (p *Partition) drop() error {
	p.emit = func(event.Metrics) {}
	p.windows.Advance(window.EndOfStream)
	p.busy.clear()
	changes, err := p.windows.Changes(nil)
	if err != nil {
		return fmt.Errorf("end of the run before %s: %w", p.head.Run, err)
	}
	for _, c := range changes {
		p.gone = append(p.gone, c.Key)
	}
	return nil
}

const headKey = "partition"

// Restore implements kafka.State.
func (p *Partition) Restore(pairs iter.Seq2[[]byte, []byte]) error {
	var failed error
	err := p.windows.Restore(func(yield func(key, value []byte) bool) {
		for key, value := range pairs {
			switch {
			case string(key) == headKey:
				failed = p.restoreHead(value)
			case p.busy.owns(key):
				failed = p.busy.restore(key, value)
			case !p.windows.Owns(key):
				failed = fmt.Errorf("state %q: no such key is known; was it written by a newer weir?", key)
			case !yield(key, value):
				return
			}
			if failed != nil {
				return
			}
		}
	})
	if failed != nil {
		return failed
	}
	return err
}

func (p *Partition) restoreHead(value []byte) error {
	if err := json.Unmarshal(value, &p.head); err != nil {
		return fmt.Errorf("state %s: %w", headKey, err)
	}
	if err := p.marks.UnmarshalBinary(p.head.Marks); err != nil {
		return fmt.Errorf("state %s: watermarks: %w", headKey, err)
	}
	return nil
}

// Snapshot implements kafka.State.
func (p *Partition) Snapshot(put func(key, value []byte)) error {
	changes, err := p.windows.Changes(nil)
	if err != nil {
		return err
	}
	for _, key := range p.gone {
		put(key, nil)
	}
	p.gone = nil
	for _, c := range changes {
		put(c.Key, c.Value)
	}
	p.busy.snapshot(put)
	if !p.headNew {
		return nil
	}
	if p.head.Marks, err = p.marks.MarshalBinary(); err != nil {
		return err
	}
	value, err := json.Marshal(p.head)
	if err != nil {
		return fmt.Errorf("state %s: %w", headKey, err)
	}
	put([]byte(headKey), value)
	p.headNew = false
	return nil
}
