package lambda

import "context"

// delivery takes the batches of one lane of a shard through the function. Its
// guarantee: run returns nil only when every record of the batch was handled by
// a successful invocation or its position is in a document the destination has
// taken (or the mapping has no destination); the checkpoint never passes a
// record before that. A batch abandoned at a stop is redelivered from the
// checkpoint.
type delivery struct {
	*reader
	shard  string
	lane   int
	track  *track
	window *openWindow // the tumbling window of the batch in hand; nil without
}

// segment is a run of records that is invoked as one batch. Splitting makes
// two of one; both inherit its history.
type segment struct {
	records  []Record
	final    bool // a tumbling window's final invocation, without records
	attempts int  // failed invocations that count against MaximumRetryAttempts
	invokes  int  // all invocations it was part of
	pauses   int  // waits since its last progress
	last     Result
}

// run delivers a batch in order: no segment is invoked before the one in front
// of it is settled.
func (d *delivery) run(ctx context.Context, records []Record) error {
	segments := []segment{{records: records}}
	for len(segments) > 0 {
		if d.window != nil && d.window.Early {
			if err := d.closeWindow(ctx); err != nil {
				return err
			}
			d.window = d.window.again()
		}
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
	called, err := d.call(ctx, &seg)
	if err != nil || !called.reached {
		return []segment{seg}, err
	}
	failed := 0
	switch {
	case called.thrown:
	case d.settings.partialResults:
		failed = firstFailed(seg.last.Payload, seg.records)
	default:
		failed = len(seg.records)
	}
	if failed > 0 {
		w := d.window
		if w != nil {
			w = w.with(seg.records[:failed], called.state)
		}
		d.settle(seg.records[:failed], w)
	}
	if failed == len(seg.records) {
		d.report("OK")
		return nil, nil
	}
	d.failed(called.cause)
	seg.records = seg.records[failed:]
	if d.settings.bisect && (failed > 0 || len(seg.records) > 1) {
		return bisect(seg, failed, called.thrown), nil
	}
	if seg.attempts++; d.settings.retryMax >= 0 && seg.attempts > d.settings.retryMax {
		return nil, d.discard(ctx, seg, conditionRetries)
	}
	err = d.pause(ctx, &seg)
	return []segment{seg}, err
}

// closeWindow makes the final invocation of the window, under the same limits
// as a batch's. The age counts from the first attempt (U).
func (d *delivery) closeWindow(ctx context.Context) error {
	seg := segment{final: true}
	began := d.deps.wall.Now()
	for {
		called, err := d.call(ctx, &seg)
		if err != nil {
			return err
		}
		condition := ""
		switch {
		case !called.reached:
		case !called.thrown:
			d.report("OK")
			d.endWindow()
			return nil
		default:
			d.failed(called.cause)
			if seg.attempts++; d.settings.retryMax >= 0 && seg.attempts > d.settings.retryMax {
				condition = conditionRetries
			}
		}
		if limit := d.settings.recordAgeMax; condition == "" && limit >= 0 && d.deps.wall.Now().Sub(began) > limit {
			condition = conditionAge
		}
		if condition != "" {
			if err := d.discard(ctx, seg, condition); err != nil {
				return err
			}
			d.endWindow()
			return nil
		}
		if called.reached {
			if err := d.pause(ctx, &seg); err != nil {
				return err
			}
		}
	}
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

// settle moves the lane past records, and keeps their window's state with that.
func (d *delivery) settle(records []Record, w *openWindow) {
	d.window = w
	d.advance(d.shard, func(p *place) {
		d.track.settle(d.lane, records[len(records)-1].SequenceNumber)
		d.track.move(p)
		if w != nil && w.Span.Records > 0 {
			p.Window = w
		}
	})
}

// endWindow forgets a window whose outcome is final.
func (d *delivery) endWindow() {
	d.advance(d.shard, func(p *place) { p.Window = nil })
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
