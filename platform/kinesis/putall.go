package kinesis

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/weirstream/weir/platform/clock"
)

// PutAllOption is a test seam of PutAll.
type PutAllOption func(*putAll)

// WithSeed fixes the jitter of PutAll's retries.
func WithSeed(seed uint64) PutAllOption {
	return func(p *putAll) { p.jitter = clock.NewJitter(seed, clock.Wall{}) }
}

// UnsentError says which records PutAll could not get acknowledged, so that a
// caller can report or keep exactly those. One of them may have been stored by
// a try whose reply was lost.
type UnsentError struct {
	Indexes []int // into the records given, ascending
	Err     error // why the last of them failed
}

func (e *UnsentError) Error() string {
	return fmt.Sprintf("%d records not acknowledged: %v", len(e.Indexes), e.Err)
}

// Unwrap gives the cause.
func (e *UnsentError) Unwrap() error { return e.Err }

type putAll struct {
	api    PutRecordsAPI
	stream string
	clock  clock.Clock
	jitter *clock.Jitter
}

// PutAll puts all records before it returns, for functions that may not leave
// goroutines behind. It splits them into calls within the limits and puts the
// refused entries of a call again, with backoff and full jitter, until all are
// acknowledged, the refusal is permanent or ctx ends; then the error wraps an
// UnsentError. At-least-once, like Producer; order among records is not kept.
func PutAll(ctx context.Context, api PutRecordsAPI, stream string, records []Record, opts ...PutAllOption) error {
	p := &putAll{api: api, stream: stream, clock: clock.Wall{}}
	for _, o := range opts {
		o(p)
	}
	if p.jitter == nil {
		p.jitter = clock.NewJitter(0, p.clock)
	}
	for i := range records {
		if err := records[i].check(recordBytesLimit - 64<<10); err != nil {
			return fmt.Errorf("put %d records on %s: record %d: %w", len(records), stream, i, unsent(nil, 0, len(records), err))
		}
	}
	for from := 0; from < len(records); {
		to := cut(records, from)
		if err := p.chunk(ctx, records, from, to); err != nil {
			return fmt.Errorf("put %d records on %s: %w", len(records), stream, err)
		}
		from = to
	}
	return nil
}

// cut is the end of the longest chunk from from that one call may carry.
func cut(records []Record, from int) int {
	bytes, to := 0, from
	for to < len(records) && to-from < batchRecordsLimit {
		bytes += records[to].size()
		if to > from && bytes > batchBytesLimit-64<<10 {
			break
		}
		to++
	}
	return to
}

// chunk puts records[from:to] until none is refused.
func (p *putAll) chunk(ctx context.Context, records []Record, from, to int) error {
	left := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		left = append(left, i)
	}
	var failed failures
	for {
		refused, err := p.try(ctx, records, left)
		if len(refused) == 0 {
			return nil
		}
		left = refused
		if !failed.passing(err) {
			return unsent(left, to, len(records), err)
		}
		if wait := p.clock.Sleep(ctx, p.jitter.Full(failed.tries-1, putBackoffBase, putBackoffMax)); wait != nil {
			return unsent(left, to, len(records), fmt.Errorf("%w; last try: %w", wait, err))
		}
	}
}

// try makes one call; it returns whom it left unacknowledged and why, a
// permanent reason before a passing one.
func (p *putAll) try(ctx context.Context, records []Record, left []int) (refused []int, why error) {
	requests := make([]types.PutRecordsRequestEntry, len(left))
	for i, at := range left {
		requests[i] = records[at].request()
	}
	ctx, cancel := context.WithTimeout(ctx, putCallMax)
	defer cancel()
	out, callErr := putRecords(ctx, p.api, p.stream, requests, inJSON)
	for i, at := range left {
		if _, err := outcome(out, i, callErr); err != nil {
			refused = append(refused, at)
			if why == nil || !transient(err) {
				why = err
			}
		}
	}
	return refused, why
}

// unsent lists left and everything in [from, to), which was not tried.
func unsent(left []int, from, to int, err error) *UnsentError {
	for i := from; i < to; i++ {
		left = append(left, i)
	}
	return &UnsentError{Indexes: left, Err: err}
}
