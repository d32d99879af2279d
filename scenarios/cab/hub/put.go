package hub

import (
	"bytes"
	"context"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/scenarios/cab/event"
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
	var out sheet
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
		record, err := out.record(ctx, h.encoders[t.Schema], &t)
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

// sheet is the memory of the records of one batch, taken in pieces: they live
// and die together.
type sheet struct {
	records []kgo.Record
	bytes   []byte
}

// The pieces of a sheet.
const (
	sheetRecords = 64
	sheetBytes   = 16 << 10 // for as many records, roughly
)

// record is a reading as it goes onto the topic.
func (s *sheet) record(ctx context.Context, encoder *avro.Encoder[event.Telemetry], t *event.Telemetry) (*kgo.Record, error) {
	const longest = 1 << 10 // of a checked reading, far above
	if len(s.records) == 0 {
		s.records = make([]kgo.Record, sheetRecords)
	}
	if cap(s.bytes)-len(s.bytes) < longest {
		s.bytes = make([]byte, 0, sheetBytes)
	}
	key := append(s.bytes, t.Cab...)
	all, err := encoder.Append(ctx, key, t)
	if err != nil {
		return nil, err
	}
	r, begin := &s.records[0], len(s.bytes)
	r.Key, r.Value = all[begin:len(key):len(key)], all[len(key):len(all):len(all)]
	s.records, s.bytes = s.records[1:], all
	return r, nil
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
