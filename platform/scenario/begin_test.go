package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
)

// replied is an SDK's error for a reply with a status.
func replied(status int) error {
	reply := &smithyhttp.Response{Response: &http.Response{StatusCode: status}}
	return fmt.Errorf("create stream: %w", &smithyhttp.ResponseError{Response: reply, Err: errors.New("said no")})
}

// What a machine refuses is no verdict on a scenario; what a policy refuses is.
func TestEnvironmentIsNoVerdict(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		err     error
		verdict bool
	}{
		{"no connection", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, false},
		{"no engine", fmt.Errorf("find: %w", &scenario.UnreachableError{Err: errors.New("gone")}), false},
		{"no space", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, false},
		{"no process", fmt.Errorf("start: %w", syscall.EAGAIN), false},
		{"server failed", replied(http.StatusInternalServerError), false},
		{"access denied", replied(http.StatusBadRequest), true},
		{"any other", errors.New("wrong"), true},
	} {
		for _, where := range []string{"provision", "services"} {
			t.Run(test.name+" in "+where, func(t *testing.T) {
				t.Parallel()
				s := healthy()
				if where == "provision" {
					s.provision = func(context.Context) error { return test.err }
				} else {
					s.notReady = test.err
				}
				v, err := runOrNot(t, s, scenario.Options{})
				if test.verdict && (err != nil || v.Pass || len(v.Outcomes) == 0) {
					t.Errorf("want a failed verdict, got %v, %v, %+v", err, v.Pass, v.Outcomes)
				}
				if !test.verdict && (err == nil || !strings.Contains(err.Error(), "could not begin")) {
					t.Errorf("want that the run could not begin, got %v", err)
				}
			})
		}
	}
}

// An interrupt before the first send leaves nothing to grade, wherever it comes.
func TestInterruptBeforeTheFirstSend(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(s *toy, interrupt func()){
		"while provisioning": func(s *toy, interrupt func()) {
			s.provision = func(ctx context.Context) error {
				interrupt()
				<-ctx.Done()
				return ctx.Err()
			}
		},
		"provisioned": func(s *toy, interrupt func()) {
			s.provision = func(context.Context) error { interrupt(); return nil }
		},
		"while starting": func(s *toy, interrupt func()) {
			s.service = func(ctx context.Context) error {
				interrupt()
				<-ctx.Done()
				return nil
			}
			s.never = true
		},
		"while sending": func(s *toy, interrupt func()) {
			s.simulate = func(ctx context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
				interrupt()
				return deliver(ctx, due, l)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := healthy()
			s.send, s.startMax = time.Hour, time.Hour // which a run that does not leave takes
			interrupt := make(chan struct{})
			spoil(&s, func() { close(interrupt) })
			if v, err := runOrNot(t, s, scenario.Options{Interrupt: interrupt}); !errors.Is(err, scenario.ErrNothingSent) {
				t.Errorf("got %v, %+v", err, v.Outcomes)
			}
		})
	}
}

// Refused events have no latency: that is no miss of an objective if the run
// was interrupted before one was accepted.
func TestInterruptWithoutSamplesIsNoFailure(t *testing.T) {
	t.Parallel()
	s := healthy()
	s.send = time.Hour
	interrupt := make(chan struct{})
	s.simulate = func(_ context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
		for p := range due {
			l.Sent(p.ID)
			l.Rejected(p.ID)
			close(interrupt)
		}
		return nil
	}
	v, err := runOrNot(t, s, scenario.Options{Interrupt: interrupt})
	if err != nil || !v.Pass || len(v.Skipped) != 2 {
		t.Errorf("%v, pass %v, outcomes %+v, skipped %+v", err, v.Pass, v.Outcomes, v.Skipped)
	}
}

// Simulated time begins with the services where no target keeps it, however
// long provisioning took; where one does, it stays.
func TestSimulatedTimeBeginsOnceProvisioned(t *testing.T) {
	t.Parallel()
	given := time.Now().Add(-time.Hour)
	for _, origin := range []time.Time{{}, given} {
		var provisioned time.Time
		clocks := &clocked{toy: healthy()}
		clocks.provision = func(context.Context) error { provisioned = time.Now(); return nil }
		w := world(t)
		w.Sim.Origin = origin
		v, err := scenario.Run(t.Context(), scenario.Entry{Scenario: clocks, Simulator: clocks, Grader: clocks}, w, scenario.Options{RunID: "r"})
		if err != nil || !v.Pass {
			t.Fatalf("%v, %+v", err, v.Outcomes)
		}
		if got := clocks.sim.Origin; origin.IsZero() == got.Before(provisioned) {
			t.Errorf("given %v, provisioned at %v, the services' clock has %v", origin, provisioned, got)
		}
	}
}

// clocked notes the clock that its services get.
type clocked struct {
	toy
	sim clock.Simulated
}

func (c *clocked) Services(env scenario.Env) ([]scenario.Service, error) {
	c.sim = env.Sim
	return c.toy.Services(env)
}
