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

// send makes one call and settles or puts off each of its entries. Callbacks
// run before the entries' places are given away, so a key's callbacks come in
// order and the buffer's bound covers them.
func (p *Producer) send(ctx context.Context, batch []*entry) {
	p.count.calls.Add(1)
	out, callErr := p.call(ctx, batch)
	now := p.cfg.Clock.Now()
	settled := batch[:0:len(batch)] // reused: index i is read before it can be overwritten
	var again []*entry
	for i, e := range batch {
		receipt, err := outcome(out, i, callErr)
		e.tries++
		if err == nil {
			p.count.acknowledged.Add(1)
			e.done(receipt, nil)
			settled = append(settled, e)
			continue
		}
		if errorCode(err) == codeThroughput {
			p.count.throttled.Add(1)
		}
		e.err = err
		e.due = now.Add(p.jitter.backoff(e.tries-1, putBackoffBase, putBackoffMax))
		switch {
		case !transient(err) && !(skewed(err) && e.tries == 1):
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
	p.buffer.finish(settled, again, true, now)
}

// call ends when the call may no longer matter to any of its entries.
func (p *Producer) call(ctx context.Context, batch []*entry) (*kinesis.PutRecordsOutput, error) {
	requests := make([]types.PutRecordsRequestEntry, len(batch))
	last := batch[0].expires
	for i, e := range batch {
		requests[i] = e.record.request()
		if e.expires.After(last) {
			last = e.expires
		}
	}
	ctx, cancel := context.WithTimeout(ctx, min(p.cfg.CallMax, last.Sub(p.cfg.Clock.Now())))
	defer cancel()
	return putRecords(ctx, p.api, p.cfg.Stream, requests)
}

func (p *Producer) expire(entries []*entry) {
	for _, e := range entries {
		p.fail(e, p.expiry(e))
	}
	p.buffer.finish(entries, nil, false, p.cfg.Clock.Now())
}

func (p *Producer) expiry(e *entry) error {
	err := fmt.Errorf("%w: given up after %v and %d tries", ErrExpired, p.cfg.RecordTTL, e.tries)
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
func putRecords(ctx context.Context, api PutRecordsAPI, stream string, requests []types.PutRecordsRequestEntry) (*kinesis.PutRecordsOutput, error) {
	in := &kinesis.PutRecordsInput{Records: requests}
	in.StreamName, in.StreamARN = streamRef(stream)
	out, err := api.PutRecords(ctx, in, oneTry)
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
