package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
)

// What an Injector answers instead of a disturbance.
var (
	// ErrUnsupported: its target cannot have such a fault.
	ErrUnsupported = errors.New("this target cannot be disturbed like that")
	// ErrNotNow: what the fault is for is not there at the moment, such as the
	// members of a group that all restart.
	ErrNotNow = errors.New("there is nothing to disturb at the moment")
)

// Injector reaches into the target a scenario runs on. Its methods are called
// once per fault, from several goroutines; an error means nothing was done.
type Injector interface {
	// Disturb makes calls go wrong as f says (throttle of a stream or an index,
	// error, delay, drop-reply, rebalance, move, lose) until undo is called, or
	// once if f is an instant. AWS calls of the runner's own audit and of chaos
	// itself stay as they are; Kafka's requests do not tell whose they are.
	Disturb(f Planned) (undo func(), err error)
	// KillFunction sends SIGKILL to every process of a function.
	KillFunction(name string) error
	// Skew sets the clock that signatures are judged by ahead of every caller's
	// by so much until undo is called.
	Skew(by time.Duration) (undo func(), err error)
}

// Services are a scenario's own processes.
type Services interface {
	// Kill sends SIGKILL and returns when the process is gone.
	Kill(ctx context.Context, name string) error
	// Stop ends the process cleanly and returns when it is gone.
	Stop(ctx context.Context, name string) error
	// Start starts the service where it was and returns when it takes work. It
	// does nothing if the service runs.
	Start(ctx context.Context, name string) error
}

// Config is what an Engine works with. A plan that does not touch services may
// leave Services nil; the same goes for the clients.
type Config struct {
	Plan     []Planned
	Start    time.Time // the wall instant that the plan's offsets count from
	Injector Injector
	Services Services
	Kinesis  *kinesis.Client // poison, split, merge
	Kafka    *kgo.Client     // poison of topics
	Lambda   *lambda.Client  // throttle of a function
	Clock    clock.Clock
	Log      *slog.Logger
	// Mark is put into poison, so that a person finds out where it is from.
	Mark string
	// Began and Ended are told about each fault, by its place in Plan, from
	// several goroutines. Ended is when the disturbance is over and the system
	// may recover: a killed service is about to start again.
	Began, Ended func(i int)
	// SettleMax bounds what a fault still has to do once it is due to end, such
	// as waiting for a reshard; 0 means 30s.
	SettleMax time.Duration
}

// Engine injects one plan.
type Engine struct {
	cfg Config

	mu       sync.Mutex
	poisoned []Poisoned
	held     map[string]*reservation
	reshards map[string]*sync.Mutex // by stream
	notBegun []Planned
}

// New returns an Engine and starts nothing.
func New(cfg Config) *Engine {
	cfg.SettleMax = cmp.Or(cfg.SettleMax, 30*time.Second)
	return &Engine{cfg: cfg, held: map[string]*reservation{}, reshards: map[string]*sync.Mutex{}}
}

// Run injects every fault at its time and returns when all have ended, with
// what could not be injected. When ctx ends, faults that have not begun are left
// out, and those at work end at once.
func (e *Engine) Run(ctx context.Context) error {
	errs := make([]error, len(e.cfg.Plan))
	var all sync.WaitGroup
	for i, f := range e.cfg.Plan {
		all.Go(func() {
			if e.until(ctx, f.At) != nil {
				e.mu.Lock()
				e.notBegun = append(e.notBegun, f)
				e.mu.Unlock()
				return
			}
			e.cfg.Log.Info("fault begins", "kind", f.Kind, "target", f.On.Name, "at", f.At, "for", f.For)
			if err := e.inject(ctx, i, f); err != nil {
				errs[i] = fmt.Errorf("%v: %w", f, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// NotBegun are the faults that Run's end left out.
func (e *Engine) NotBegun() []Planned {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.notBegun
}

func (e *Engine) until(ctx context.Context, at time.Duration) error {
	return e.cfg.Clock.Sleep(ctx, e.cfg.Start.Add(at).Sub(e.cfg.Clock.Now()))
}

// inject runs one fault from its beginning to its end. What ends it works even
// when ctx has ended.
func (e *Engine) inject(ctx context.Context, i int, f Planned) error {
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.For+e.cfg.SettleMax)
	defer cancel()
	e.cfg.Began(i)
	switch f.Kind {
	case Kill:
		if f.On.Kind == Function {
			defer e.cfg.Ended(i)
			return e.killFunction(ctx, f)
		}
		return e.restart(ctx, settle, i, f, e.cfg.Services.Kill)
	case Stop:
		return e.restart(ctx, settle, i, f, e.cfg.Services.Stop)
	case Start:
		defer e.cfg.Ended(i)
		return e.cfg.Services.Start(settle, f.On.Name)
	}
	defer e.cfg.Ended(i)
	switch f.Kind {
	case Throttle:
		if f.On.Kind == Function {
			return e.throttleFunction(ctx, settle, f)
		}
		return e.hold(ctx, f, func() (func(), error) { return e.disturb(settle, f) })
	case Error, Delay, DropReply, Rebalance, Move, Lose:
		return e.hold(ctx, f, func() (func(), error) { return e.disturb(settle, f) })
	case Skew:
		return e.hold(ctx, f, func() (func(), error) { return e.cfg.Injector.Skew(f.By) })
	case Poison:
		if f.On.Kind == Topic {
			return e.poisonTopic(settle, f)
		}
		return e.poison(settle, f)
	case Split:
		return e.split(settle, f)
	case Merge:
		return e.merge(settle, f)
	}
	return fmt.Errorf("kind %q: %w", f.Kind, ErrUnsupported)
}

// disturb begins a disturbance once what it is for is there.
func (e *Engine) disturb(settle context.Context, f Planned) (undo func(), err error) {
	for {
		undo, err = e.cfg.Injector.Disturb(f)
		if !errors.Is(err, ErrNotNow) || e.cfg.Clock.Sleep(settle, pollEvery) != nil {
			return undo, err
		}
	}
}

// hold keeps a disturbance up for as long as the fault lasts.
func (e *Engine) hold(ctx context.Context, f Planned, begin func() (undo func(), err error)) error {
	undo, err := begin()
	if err != nil {
		return err
	}
	defer undo()
	if f.For > 0 {
		_ = e.cfg.Clock.Sleep(ctx, f.For) // ctx's end only ends the fault early
	}
	return nil
}

func (e *Engine) killFunction(ctx context.Context, f Planned) error {
	for n := range f.Times {
		if n > 0 && e.cfg.Clock.Sleep(ctx, f.Every) != nil {
			return nil
		}
		if err := e.cfg.Injector.KillFunction(f.On.Name); err != nil {
			return err
		}
	}
	return nil
}

// restart ends a service, leaves it down for as long as the fault lasts, and
// starts it again.
func (e *Engine) restart(ctx, settle context.Context, i int, f Planned, end func(context.Context, string) error) error {
	if err := end(settle, f.On.Name); err != nil {
		e.cfg.Ended(i)
		return err
	}
	_ = e.cfg.Clock.Sleep(ctx, f.For) // ctx's end only ends the fault early
	e.cfg.Ended(i)
	return e.cfg.Services.Start(settle, f.On.Name)
}

// random draws what a fault leaves to chance.
func (f Planned) random() *rand.Rand { return rand.New(rand.NewPCG(f.Seed, 0)) }
