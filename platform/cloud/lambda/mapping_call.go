package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// called is how one invocation went.
type called struct {
	reached bool            // the function ran; else it was throttled or the service failed
	thrown  bool            // it failed as a whole
	cause   []any           // of the failure, for the log
	state   json.RawMessage // of the tumbling window, if there is one
}

// call invokes the function once. When it was not reached, the function has
// not failed: call has waited, and the segment is to be tried again.
func (d *delivery) call(ctx context.Context, seg *segment) (c called, err error) {
	if err := ctx.Err(); err != nil {
		return c, err
	}
	result, err := d.invoke(ctx, *seg)
	if err != nil && !tooLargeForFunction(err) {
		if ctx.Err() != nil {
			return c, ctx.Err()
		}
		d.problem(invokeProblem(err))
		return c, d.pause(ctx, seg)
	}
	c.reached = true
	seg.invokes++
	seg.last = result
	switch {
	case err != nil:
		c.thrown, c.cause = true, []any{"errorMessage", err.Error()}
	case result.FunctionError != "":
		c.thrown, c.cause = true, errorOf(result.Payload)
	case d.window != nil:
		if c.state, err = stateOf(result.Payload); err != nil {
			c.thrown, c.cause = true, []any{"errorMessage", err.Error()}
		}
	}
	return c, nil
}

// invoke calls the function. Once called it is not abandoned by a stop of the
// mapping, only by the end of the service, which ends the function's process.
func (d *delivery) invoke(ctx context.Context, seg segment) (Result, error) {
	role, err := d.deps.functions.executionRole(d.function)
	if err != nil {
		return Result{}, err
	}
	event, err := d.encodeEvent(seg, role)
	if err != nil {
		return Result{}, err
	}
	if err := d.deps.data.Wait(ctx); err != nil { // no effect of what a crash could take back
		return Result{}, err
	}
	if n := len(seg.records); n > 0 {
		d.deps.functions.totals(d.function).iteratorAge(max(0, d.deps.wall.Now().Sub(seg.records[n-1].Arrival)))
	}
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
