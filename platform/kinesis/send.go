package kinesis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// ErrExpired fails a record that was not acknowledged within RecordTTL. It may
// still have been stored by a try whose reply was lost.
var ErrExpired = errors.New("record not acknowledged in time")

const (
	putBackoffBase = 50 * time.Millisecond
	putBackoffMax  = time.Second
	putCallMax     = 6 * time.Second
)

// send makes the calls that carry batch, most often one. Each settles or puts
// off the entries in it.
func (p *Producer) send(ctx context.Context, batch []*entry) {
	carriers, err := p.pack(ctx, batch)
	if err != nil {
		p.settle(ctx, carriers, nil, err, true)
		return
	}
	for len(carriers) > 0 {
		n := p.cut(carriers)
		out, err := p.call(ctx, carriers[:n])
		p.settle(ctx, carriers[:n], out, err, n == len(carriers))
		carriers = carriers[n:]
	}
}

// cut is how many of the carriers the next call takes.
func (p *Producer) cut(carriers []carrier) int {
	bytes, n := 0, 0
	for n < len(carriers) && n < p.cfg.BatchRecordsMax {
		bytes += carriers[n].record.size()
		if n > 0 && bytes > p.cfg.BatchBytesMax {
			break
		}
		n++
	}
	return n
}

// settle deals with what a call came to. Callbacks run before the entries'
// places are given away, so a key's callbacks come in order and the buffer's
// bound covers them. last frees the place of the call for another.
func (p *Producer) settle(ctx context.Context, carriers []carrier, out *kinesis.PutRecordsOutput, callErr error, last bool) {
	var settled, again []*entry
	for i := range carriers {
		c := &carriers[i]
		receipt, err := outcome(out, i, callErr)
		if err == nil {
			err = p.landed(ctx, c, receipt)
		}
		if err == nil {
			for _, e := range c.entries {
				e.done(receipt, nil)
			}
			p.count.acknowledged.Add(int64(len(c.entries)))
			settled = append(settled, c.entries...)
			continue
		}
		if errorCode(err) == codeThroughput {
			p.count.throttled.Add(int64(len(c.entries)))
		}
		s, a := p.refused(c.entries, err)
		settled, again = append(settled, s...), append(again, a...)
	}
	p.buffer.finish(settled, again, last, p.cfg.Clock.Now())
}

// refused fails the entries of one carrier or has them put again, all at the
// same time, so that they can travel together again.
func (p *Producer) refused(entries []*entry, err error) (settled, again []*entry) {
	due := p.cfg.Clock.Now().Add(p.jitter.Full(entries[0].failed.tries, putBackoffBase, putBackoffMax))
	for _, e := range entries {
		e.err, e.due = err, due
		switch {
		case !e.failed.passing(err):
			p.fail(e, err)
			settled = append(settled, e)
		case e.due.After(e.expires):
			p.fail(e, p.expiry(e))
			settled = append(settled, e)
		default:
			p.count.retried.Add(1)
			again = append(again, e)
		}
	}
	return settled, again
}

// call ends when the call may no longer matter to any of its entries.
func (p *Producer) call(ctx context.Context, carriers []carrier) (*kinesis.PutRecordsOutput, error) {
	p.count.calls.Add(1)
	requests := make([]types.PutRecordsRequestEntry, len(carriers))
	var last time.Time
	for i := range carriers {
		requests[i] = carriers[i].record.request()
		entries := carriers[i].entries // those put again come first: the last one came last
		if expires := entries[len(entries)-1].expires; expires.After(last) {
			last = expires
		}
	}
	ctx, cancel := context.WithTimeout(ctx, min(p.cfg.CallMax, last.Sub(p.cfg.Clock.Now())))
	defer cancel()
	return putRecords(ctx, p.api, p.cfg.Stream, requests, p.wire)
}

func (p *Producer) expire(entries []*entry) {
	for _, e := range entries {
		p.fail(e, p.expiry(e))
	}
	p.buffer.finish(entries, nil, false, p.cfg.Clock.Now())
}

func (p *Producer) expiry(e *entry) error {
	err := fmt.Errorf("%w: given up after %v and %d tries", ErrExpired, p.cfg.RecordTTL, e.failed.tries)
	if e.err != nil {
		err = fmt.Errorf("%w: %w", err, e.err)
	}
	return err
}

func (p *Producer) fail(e *entry, err error) {
	p.count.failed.Add(1)
	e.done(Receipt{}, fmt.Errorf("put record on %s: %w", p.cfg.Stream, err))
}

func (r *Record) request() types.PutRecordsRequestEntry {
	req := types.PutRecordsRequestEntry{Data: r.Data, PartitionKey: &r.PartitionKey}
	if req.Data == nil {
		req.Data = []byte{} // the SDK refuses nil, the service takes an empty record
	}
	if r.ExplicitHashKey != "" {
		req.ExplicitHashKey = &r.ExplicitHashKey
	}
	return req
}

// putRecords makes one call and checks that its reply matches the request.
func putRecords(
	ctx context.Context, api PutRecordsAPI, stream string, requests []types.PutRecordsRequestEntry, wire func(*kinesis.Options),
) (*kinesis.PutRecordsOutput, error) {
	in := &kinesis.PutRecordsInput{Records: requests}
	in.StreamName, in.StreamARN = streamRef(stream)
	out, err := api.PutRecords(ctx, in, oneTry, wire)
	if err != nil {
		return nil, err
	}
	if len(out.Records) != len(requests) {
		return nil, fmt.Errorf("reply names %d records for %d put", len(out.Records), len(requests))
	}
	return out, nil
}

// outcome is the fate of entry i of a call.
func outcome(out *kinesis.PutRecordsOutput, i int, callErr error) (Receipt, error) {
	if callErr != nil {
		return Receipt{}, callErr
	}
	r := &out.Records[i]
	if r.ErrorCode != nil {
		return Receipt{}, &RecordError{Code: *r.ErrorCode, Message: aws.ToString(r.ErrorMessage)}
	}
	return Receipt{ShardID: aws.ToString(r.ShardId), SequenceNumber: aws.ToString(r.SequenceNumber)}, nil
}
