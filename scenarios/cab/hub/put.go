package hub

import (
	"bytes"
	"context"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/scenarios/cab/event"
	"github.com/weirstream/weir/scenarios/cab/slab"
)

// put puts the good lines on the topic and waits until all of them lie there, or
// for putMax: what is on its way to a broker that does not answer may arrive later.
func (h *Hub) put(ctx context.Context, body []byte) (event.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, putMax)
	defer cancel()
	var receipt event.Receipt
	s := &settling{all: make(chan struct{})}
	s.left.Store(1) // this call's
	settle := func(_ *kgo.Record, err error) { s.settle(err) }
	var t event.Telemetry
	var out slab.Slab
	now, line := h.env.Sim.Now(), 0
	for text := range bytes.Lines(body) {
		line++
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		if refusal := read(text, &t, now); refusal != nil {
			refusal.Line = line
			receipt.Refused = append(receipt.Refused, *refusal)
			continue
		}
		record, err := h.record(ctx, &out, &t)
		if err != nil {
			return receipt, err
		}
		s.left.Add(1)
		if err := h.producer.PutAsync(ctx, record, settle); err != nil {
			return receipt, err
		}
		receipt.Accepted++
	}
	s.settle(nil)
	select {
	case <-s.all:
	case <-ctx.Done():
		return receipt, ctx.Err()
	}
	if err := s.failure.Load(); err != nil {
		return receipt, *err
	}
	return receipt, nil
}

// record is a reading as it goes onto the topic.
func (h *Hub) record(ctx context.Context, out *slab.Slab, t *event.Telemetry) (*kgo.Record, error) {
	key := append(out.Room(), t.Cab...)
	all, err := h.encoders[t.Schema].Append(ctx, key, t)
	if err != nil {
		return nil, err
	}
	return out.Record(all, 0, len(key)), nil
}

// settling waits for the records of one batch.
type settling struct {
	left    atomic.Int64
	failure atomic.Pointer[error] // the first
	all     chan struct{}
}

func (s *settling) settle(err error) {
	if err != nil {
		s.failure.CompareAndSwap(nil, &err)
	}
	if s.left.Add(-1) == 0 {
		close(s.all)
	}
}
