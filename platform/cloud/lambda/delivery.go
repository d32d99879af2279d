package lambda

import (
	"context"
	"errors"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// delivery takes one shard's batches through the function. Its guarantee: run
// returns nil only when every record of the batch was handled by a successful
// invocation or its position is in a document the destination has taken (or
// the mapping has no destination); the checkpoint never passes a record before
// that. A batch abandoned at a stop is redelivered from the checkpoint.
type delivery struct {
	*reader
	shard string
}

// segment is a run of records that is invoked as one batch. Splitting makes
// two of one; both inherit its history.
type segment struct {
	records  []Record
	attempts int // failed invocations that count against MaximumRetryAttempts
	invokes  int // all invocations it was part of
	pauses   int // waits since its last progress
	last     Result
}

// run delivers a batch in order: no segment is invoked before the one in front
// of it is settled.
func (d *delivery) run(ctx context.Context, records []Record) error {
	segments := []segment{{records: records}}
	for len(segments) > 0 {
		seg, rest := d.splitByAge(segments[0])
		if rest != nil {
			segments[0] = *rest
		} else {
			segments = segments[1:]
		}
		if d.expired(seg.records[0]) {
			if err := d.discard(ctx, seg, conditionAge); err != nil {
				return err
			}
			continue
		}
		again, err := d.attempt(ctx, seg)
		if err != nil {
			return err
		}
		segments = append(again, segments...)
	}
	return nil
}

// attempt invokes the function once with a segment and returns what of it is
// still to be delivered, in order.
func (d *delivery) attempt(ctx context.Context, seg segment) ([]segment, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	result, err := d.invoke(ctx, seg)
	if err != nil && !tooLargeForFunction(err) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		// A throttle or a failure of the service: the function has not failed.
		d.problem(invokeProblem(err))
		err := d.pause(ctx, &seg)
		return []segment{seg}, err
	}
	seg.invokes++
	seg.last = result
	failed := len(seg.records)
	switch {
	case err != nil || result.FunctionError != "":
		failed = 0
	case d.settings.partialResults:
		failed = firstFailed(result.Payload, seg.records)
	}
	if failed > 0 {
		d.checkpoint(seg.records[failed-1])
	}
	if failed == len(seg.records) {
		d.report("OK")
		return nil, nil
	}
	d.problem("Function call failed")
	seg.records = seg.records[failed:]
	thrown := err != nil || result.FunctionError != ""
	if d.settings.bisect && (failed > 0 || len(seg.records) > 1) {
		return bisect(seg, failed, thrown), nil
	}
	if seg.attempts++; d.settings.retryMax >= 0 && seg.attempts > d.settings.retryMax {
		return nil, d.discard(ctx, seg, conditionRetries)
	}
	err = d.pause(ctx, &seg)
	return []segment{seg}, err
}

// bisect splits what failed, without consuming an attempt: a thrown error in
// two halves; a partial response at the record it names, so that what lies
// before it is done. If that is the first record there is nothing before it,
// and it is set apart from the rest (U: AWS does not say).
func bisect(seg segment, failed int, thrown bool) []segment {
	seg.pauses = 0
	middle := len(seg.records) / 2
	if !thrown {
		if failed > 0 {
			return []segment{seg}
		}
		middle = 1
	}
	first, second := seg, seg
	first.records, second.records = seg.records[:middle:middle], seg.records[middle:]
	return []segment{first, second}
}

// invoke calls the function. Once called it is not abandoned by a stop of the
// mapping, only by the end of the service, which ends the function's process.
func (d *delivery) invoke(ctx context.Context, seg segment) (Result, error) {
	role, err := d.deps.functions.executionRole(d.function)
	if err != nil {
		return Result{}, err
	}
	event, err := d.encodeEvent(seg.records, role)
	if err != nil {
		return Result{}, err
	}
	last := seg.records[len(seg.records)-1]
	d.deps.functions.totals(d.function).iteratorAge(max(0, d.deps.wall.Now().Sub(last.Arrival)))
	return d.deps.functions.Invoke(context.WithoutCancel(ctx), d.function, event)
}

// tooLargeForFunction reports that a single record does not fit an event.
// Retrying cannot help, so it counts as a failure of the function.
func tooLargeForFunction(err error) bool {
	var typed *wire.Error
	return errors.As(err, &typed) && typed.Status == http.StatusRequestEntityTooLarge
}

func invokeProblem(err error) string {
	var typed *wire.Error
	if errors.As(err, &typed) {
		switch typed.HTTPStatus() {
		case http.StatusTooManyRequests:
			return "Function call was throttled."
		case http.StatusNotFound:
			return "Function not found."
		}
	}
	return "Function could not be invoked: " + err.Error()
}

// pause waits before the segment's next invocation, longer every time.
func (d *delivery) pause(ctx context.Context, seg *segment) error {
	seg.pauses++
	return d.deps.wall.Sleep(ctx, backoff(seg.pauses))
}

// checkpoint moves the shard's position past a record.
func (d *delivery) checkpoint(r Record) {
	d.advance(d.shard, Position{Type: AfterSequenceNumber, SequenceNumber: r.SequenceNumber})
}

func (d *delivery) expired(r Record) bool {
	limit := d.settings.recordAgeMax
	return limit >= 0 && d.deps.wall.Now().Sub(r.Arrival) > limit
}

// splitByAge cuts a segment where its records stop being all too old or all
// young enough, because only the old ones are discarded.
func (d *delivery) splitByAge(seg segment) (segment, *segment) {
	if d.settings.recordAgeMax < 0 {
		return seg, nil
	}
	first := d.expired(seg.records[0])
	for i := range seg.records {
		if d.expired(seg.records[i]) != first {
			rest := seg
			seg.records, rest.records = seg.records[:i:i], seg.records[i:]
			return seg, &rest
		}
	}
	return seg, nil
}
