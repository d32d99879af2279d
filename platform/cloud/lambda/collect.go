package lambda

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// collector makes batches of what is fetched from one shard: a batch is
// handed over when it holds BatchSize records, when the next record would take
// the event over 6 MB, when the batching window that began with its first
// record ends, or when the shard does. It holds at most one fetch beyond a batch.
type collector struct {
	in         <-chan Batch
	sim        clock.Simulated
	settings   mappingSettings
	fixedBytes int // of one record in an event, besides data, key and numbers

	pending []Record
	after   Position // where to continue once pending is handled
	ended   bool
}

// next waits for a batch. It is empty when a fetch brought nothing, or at the
// shard's end; after moved on all the same.
func (c *collector) next(ctx context.Context) ([]Record, error) {
	if c.settings.windowSeconds > 0 {
		return c.inWindow(ctx)
	}
	for {
		n, full := c.cut()
		switch {
		case full || c.ended:
			return c.take(n), nil
		case n > 0: // more may be waiting already
			select {
			case batch := <-c.in:
				c.add(batch)
			default:
				return c.take(n), nil
			}
		default:
			select {
			case batch := <-c.in:
				c.add(batch)
				if len(c.pending) == 0 {
					return nil, nil
				}
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
}

// inWindow is next with a batching window, which counts in simulated time.
func (c *collector) inWindow(ctx context.Context) ([]Record, error) {
	var timer *clock.Timer
	defer func() {
		if timer != nil {
			timer.Stop()
		}
	}()
	var closed <-chan time.Time
	for {
		n, full := c.cut()
		if full || c.ended {
			return c.take(n), nil
		}
		if n > 0 && timer == nil {
			timer = c.sim.NewTimer(time.Duration(c.settings.windowSeconds) * time.Second)
			closed = timer.C
		}
		select {
		case batch := <-c.in:
			c.add(batch)
			if len(c.pending) == 0 && !c.ended {
				return nil, nil
			}
		case <-closed:
			return c.take(n), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *collector) add(batch Batch) {
	c.pending = append(c.pending, batch.Records...)
	c.after, c.ended = batch.Next, batch.End
}

// cut is how many pending records the next batch holds, and whether it cannot
// hold more. A single record over the payload limit is a batch of its own.
func (c *collector) cut() (n int, full bool) {
	size := len(`{"Records":[]}`)
	for i := range c.pending {
		size += c.fixedBytes + recordBytes(&c.pending[i])
		if i > 0 && size > maxPayloadBytes {
			return i, true
		}
		if i+1 == c.settings.batchRecords {
			return i + 1, true
		}
	}
	return len(c.pending), false
}

func (c *collector) take(n int) []Record {
	batch := c.pending[:n:n]
	c.pending = c.pending[n:]
	return batch
}
