package scenario

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// stopGrace is how long code whose context ended may take to return before it
// counts as hung.
const stopGrace = 5 * time.Second

// guard runs f so that nothing it does can take the process down: a panic
// becomes an error, and f gets a grace to return once ctx has ended. A hung f is
// abandoned, named in the error, and its goroutine leaks: the alternative is a
// run that never ends. What f sets outside itself may be read only after guard
// returned nil: an abandoned f may still be at it.
func guard(ctx context.Context, wall clock.Clock, grace time.Duration, what string, f func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- recovered(ctx, what, f) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	limit := wall.NewTimer(grace)
	defer limit.Stop()
	select {
	case err := <-done:
		return err
	case <-limit.C:
		return fmt.Errorf("%s hangs: it did not return within %v of being stopped", what, grace)
	}
}

// panicError is a panic of a scenario's code. Its stack goes to the log, not
// to the person at the screen.
type panicError struct {
	what  string
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("%s panicked: %v", e.what, e.value) }

func recovered(ctx context.Context, what string, f func(context.Context) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{what: what, value: value, stack: debug.Stack()}
		}
	}()
	if err := f(ctx); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
