package scenario

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ErrNothingSent is what a run returns that was interrupted before it had sent
// anything: there is nothing to grade.
var ErrNothingSent = errors.New("interrupted before anything was sent, so nothing was graded")

// starting bounds what comes before the first send, by a limit and by the
// run's interrupt.
func (r *run) starting(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	if r.o.Interrupt == nil {
		return ctx, cancel
	}
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-r.o.Interrupt:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		cancel()
		watch.Wait()
	}
}

// unbegun is what becomes of a run that failed before its first send: an
// error if an interrupt or the environment is the reason, else a failed verdict,
// for then the reason lies in the scenario.
func (r *run) unbegun(what string, err error) (Verdict, error) {
	switch {
	case closed(r.o.Interrupt):
		return Verdict{}, ErrNothingSent
	case environmental(err):
		return Verdict{}, fmt.Errorf("the run could not begin: %w", err)
	}
	r.fail(what, err)
	return r.verdict(), nil
}

// environmental tells whether an error is the machine's or the endpoint's, of
// which a scenario has no fault: no engine, no connection, no file, no process, or
// a reply that says the server itself failed.
func environmental(err error) bool {
	var connection *net.OpError
	var number syscall.Errno
	var path *fs.PathError
	var reply *smithyhttp.ResponseError
	var missing *UnreachableError
	return errors.As(err, &missing) || errors.As(err, &connection) || errors.As(err, &number) || errors.As(err, &path) ||
		errors.As(err, &reply) && reply.HTTPStatusCode() >= http.StatusInternalServerError
}
