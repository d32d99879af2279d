package lambda

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const (
	accountConcurrency    = 1000
	unreservedConcurrency = 100 // must stay free of reservations
	idleMax               = 5 * time.Minute
	reapEvery             = 30 * time.Second
	credentialMargin      = time.Minute
)

// unhandled is the value of X-Amz-Function-Error. AWS says it of errors that
// the runtime caught and reported too; the model's other word, Handled, is left
// from runtimes long gone.
const unhandled = "Unhandled"

// Result is a finished synchronous invocation.
type Result struct {
	RequestID     string
	Version       string // the version that ran: $LATEST or a number
	Payload       []byte
	FunctionError string // empty or Unhandled
	LogTail       []byte // the last 4 KB of its log
	Duration      time.Duration
}

// pool keeps execution environments and enforces concurrency: at most one
// invocation per environment, the account's limit over all functions without
// a reservation, and each reservation.
type pool struct {
	cfg     *Config
	sup     *supervisor
	starter *starter

	mu         sync.Mutex
	all        map[*environment]struct{} // until they have ended
	idle       map[*spec][]*environment  // most recently used last
	busy       map[string]int            // invocations in hand, by function
	unreserved int                       // invocations in hand of functions without a reservation
	reserved   map[string]int            // by function
}

func newPool(cfg *Config, sup *supervisor) *pool {
	return &pool{
		cfg: cfg, sup: sup, starter: newStarter(),
		all: map[*environment]struct{}{}, idle: map[*spec][]*environment{}, busy: map[string]int{}, reserved: map[string]int{},
	}
}

// job is one event for a function.
type job struct {
	id      string // the request's
	arn     string // the function's as its caller named it, with version or alias
	payload []byte
}

// invoke runs one event through an environment of s. The error is a throttle
// or the service's own failure; a function that fails is a Result.
func (p *pool) invoke(ctx context.Context, s *spec, j job) (Result, error) {
	if err := p.sup.wait(ctx); err != nil {
		return Result{}, serviceError("invoke %s: %v", s.name, err)
	}
	done, err := p.admit(s)
	if err != nil {
		return Result{}, err
	}
	defer done()
	e, err := p.environment(ctx, s)
	if entry := (*entrypointError)(nil); errors.As(err, &entry) {
		r := entry.result(j.id, p.cfg.Log)
		s.counters.invoked(r)
		return r, nil
	}
	if err != nil {
		var typed *wire.Error
		if errors.As(err, &typed) {
			return Result{}, typed
		}
		return Result{}, serviceError("start an execution environment of %s: %v", s.name, err)
	}
	r, reusable := e.invoke(j)
	if p.sup.ctx.Err() != nil {
		return Result{}, serviceError("invoke %s: %v", s.name, errStopped)
	}
	s.counters.invoked(r)
	if reusable {
		p.release(e)
	} else {
		e.stop()
	}
	return r, nil
}

// admit counts an invocation in, or refuses it.
func (p *pool) admit(s *spec) (done func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	limit, isReserved := p.reserved[s.name]
	switch {
	case isReserved && p.busy[s.name] >= limit:
		s.counters.throttled()
		return nil, throttled(reasonReserved)
	case !isReserved && !p.cfg.QuotasOff && p.unreserved >= accountConcurrency-p.reservedTotal():
		s.counters.throttled()
		return nil, throttled(reasonAccount)
	}
	p.busy[s.name]++
	if !isReserved {
		p.unreserved++
	}
	s.counters.concurrent(p.busy[s.name])
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.busy[s.name]--
		if !isReserved {
			p.unreserved--
		}
	}, nil
}

func (p *pool) reservedTotal() (total int) {
	for _, n := range p.reserved {
		total += n
	}
	return total
}

// environment takes an idle environment of exactly this spec, or starts one.
func (p *pool) environment(ctx context.Context, s *spec) (*environment, error) {
	now := p.cfg.Wall.Now()
	p.mu.Lock()
	list := p.idle[s]
	for len(list) > 0 {
		e := list[len(list)-1]
		list = list[:len(list)-1]
		if e.alive() && !e.expiring(now) {
			p.idle[s] = list
			p.mu.Unlock()
			return e, nil
		}
		e.proc.kill() // its own goroutine reaps it
	}
	delete(p.idle, s)
	p.mu.Unlock()
	return p.start(ctx, s)
}

// expiring reports whether the credentials could end during an invocation.
func (e *environment) expiring(now time.Time) bool {
	return !e.expires.IsZero() && now.Add(e.spec.timeout+credentialMargin).After(e.expires)
}

func (p *pool) release(e *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.idleSince = p.cfg.Wall.Now()
	if e.spec.retired.Load() {
		e.proc.kill()
		return
	}
	p.idle[e.spec] = append(p.idle[e.spec], e)
}

// retire ends the idle environments of a spec; those at work end after it.
func (p *pool) retire(s *spec) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.retired.Store(true)
	p.sweep(func(e *environment) bool { return e.spec == s })
}

// reap ends environments that are idle too long, dead or near the end of
// their credentials, until ctx ends.
func (p *pool) reap(ctx context.Context) {
	ticker := p.cfg.Wall.NewTicker(reapEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			now := p.cfg.Wall.Now()
			p.mu.Lock()
			p.sweep(func(e *environment) bool {
				return !e.alive() || e.expiring(now) || now.Sub(e.idleSince) > idleMax
			})
			p.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// sweep kills and drops idle environments; p.mu is held.
func (p *pool) sweep(drop func(*environment) bool) {
	for s, list := range p.idle {
		kept := list[:0]
		for _, e := range list {
			if drop(e) {
				e.proc.kill()
			} else {
				kept = append(kept, e)
			}
		}
		clear(list[len(kept):])
		if len(kept) == 0 {
			delete(p.idle, s)
		} else {
			p.idle[s] = kept
		}
	}
}
