package scenario

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/ledger"
)

// Entry is one scenario with its population and its judge.
type Entry struct {
	Scenario  Scenario
	Simulator Simulator
	Grader    Grader
}

// Options of one run.
type Options struct {
	RunID    string
	Seed     uint64
	Epoch    time.Time
	Load     Load // zero fields take the scenario's defaults
	Settings map[string]string
	// Chaos is what goes wrong and when; the zero value disturbs nothing.
	Chaos chaos.Schedule
	// SLO are other limits than the scenario's for latencies that it judges.
	SLO map[string]time.Duration
	// ProcessStart is what startup.firstGradedEventMs counts from.
	ProcessStart time.Time
	// Interrupt, when closed, cuts the plan short: nothing more is sent but the
	// closing events of a Closer. What was sent is drained and graded.
	Interrupt <-chan struct{}
	// Progress is called about every ProgressEvery (0 means 200ms) and at each
	// phase's start, from one goroutine at a time.
	Progress      func(Progress)
	ProgressEvery time.Duration
	// Hold, if set, is called with the verdict while everything still serves.
	Hold func(ctx context.Context, v Verdict)
}

// Run provisions, serves, simulates, drains and grades one scenario. What goes
// wrong inside the scenario is a failed verdict that names the reason. An error
// means the run could not begin: it is ErrNothingSent after an interrupt, else
// what the environment refused. A cancelled ctx abandons the run at once.
func Run(ctx context.Context, e Entry, w World, o Options) (Verdict, error) {
	settings, err := CompleteSettings(e.Scenario.Settings(), o.Settings)
	if err != nil {
		return Verdict{}, err
	}
	env, err := NewEnv(ctx, w, e.Scenario, o.RunID, settings)
	if err != nil {
		return Verdict{}, err
	}
	r := newRun(e, env, o)
	if r.faults, err = newFaults(r, w); err != nil {
		return Verdict{}, fmt.Errorf("chaos: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopReporting := r.report(ctx)
	defer stopReporting()
	return r.run(ctx)
}

// run is the state of one run.
type run struct {
	Entry
	env      Env
	o        Options
	defaults Defaults
	load     Load
	ledger   *ledger.Ledger
	meter    *meter
	faults   *faults // nil without chaos

	phase   atomic.Value // Phase
	waiting atomic.Value // string
	drainBy atomic.Value // time.Time
	started atomic.Value // time.Time: env.Start, for the reporter

	paced       atomic.Int64 // events the schedule handed out
	lastDue     atomic.Int64 // when the latest of them was due, in wall nanoseconds since the start
	exhausted   atomic.Bool  // all of the schedule was handed out
	cut         atomic.Int64 // Load.Cut, once an interrupt has cut the schedule short
	interrupted bool
	endedAt     time.Time
	outcomes    []Outcome
	skipped     []Skip
	first       atomic.Int64 // nanoseconds from process start to first outcome
}

func newRun(e Entry, env Env, o Options) *run {
	d := e.Scenario.Defaults(env.Settings)
	d.SLO = maps.Clone(d.SLO)
	for name := range d.SLO {
		d.SLO[name] = cmp.Or(o.SLO[name], d.SLO[name])
	}
	r := &run{Entry: e, env: env, o: o, defaults: d, load: mergeLoad(o.Load, d.Load), ledger: ledger.New()}
	if r.o.ProgressEvery == 0 {
		r.o.ProgressEvery = 200 * time.Millisecond
	}
	r.meter = newMeter(e.Scenario, d, r.load, env)
	r.enter(Provisioning)
	return r
}

func mergeLoad(given, defaults Load) Load {
	return Load{
		Rate: cmp.Or(given.Rate, defaults.Rate), Devices: cmp.Or(given.Devices, defaults.Devices),
		For: cmp.Or(given.For, defaults.For), Cut: given.Cut,
	}
}

func (r *run) enter(p Phase) { r.phase.Store(p) }

// run goes through the phases; whatever fails once it has begun, it ends in a verdict.
func (r *run) run(ctx context.Context) (Verdict, error) {
	startMax := cmp.Or(r.defaults.StartMax, 30*time.Second)
	if err := r.provision(ctx, startMax); err != nil {
		return r.unbegun("provision", err)
	}
	r.setClock()
	r.enter(Starting)
	services, err := r.serve(ctx, startMax)
	switch {
	case err != nil:
		v, err := r.unbegun("services start", err)
		if err != nil {
			return v, errors.Join(append([]error{err}, services.stop()...)...)
		}
	case !closed(r.o.Interrupt):
		r.exercise(ctx, services)
	}
	if closed(r.o.Interrupt) && r.ledger.SentCount() == 0 {
		return Verdict{}, errors.Join(append([]error{ErrNothingSent}, services.stop()...)...)
	}
	v := r.verdict()
	if r.o.Hold != nil && ctx.Err() == nil {
		r.enter(Done)
		r.o.Hold(ctx, v)
	}
	for _, err := range services.stop() {
		r.fail("clean stop", err)
	}
	if r.o.Hold == nil {
		v = r.verdict()
	}
	r.enter(Done)
	return v, nil
}

func (r *run) provision(ctx context.Context, limit time.Duration) error {
	ctx, cancel := r.starting(ctx, limit)
	defer cancel()
	return guard(ctx, r.env.Wall, stopGrace, "provision", func(ctx context.Context) error {
		return Provision(ctx, r.Scenario, r.env)
	})
}

// setClock has simulated time begin when everything is provisioned, where no
// target keeps it already: it would run ahead of the plan by what that took.
func (r *run) setClock() {
	if !r.env.Sim.Origin.IsZero() {
		return
	}
	r.env.Sim.Origin = r.env.Wall.Now()
	if r.faults != nil {
		r.faults.env.Sim = r.env.Sim
	}
}

// serve starts the services, downstream first, each once the one before is ready.
func (r *run) serve(ctx context.Context, limit time.Duration) (*services, error) {
	starting, cancel := r.starting(ctx, limit)
	defer cancel()
	var list []Service
	err := guard(starting, r.env.Wall, stopGrace, "services", func(context.Context) (err error) {
		list, err = r.Scenario.Services(r.env)
		return err
	})
	if err != nil {
		return nil, err
	}
	if list, err = r.faults.adopt(list); err != nil {
		return nil, err
	}
	s := newServices(r.env, max(stopGrace, r.defaults.DrainMax))
	return s, s.start(ctx, starting, list)
}

// exercise sends the plan, drains and grades. Its findings are outcomes.
func (r *run) exercise(ctx context.Context, s *services) {
	r.env.Start = r.env.Wall.Now()
	r.started.Store(r.env.Start)
	audit := r.startAudit(ctx)
	r.enter(Sending)
	stopFaults, err := r.faults.start(ctx, r)
	if err != nil {
		r.fail("faults were injected", err)
	}
	if err := r.simulate(ctx, s.failed); err != nil {
		r.fail("simulator ran", err)
	}
	stopFaults()
	r.settle(ctx, audit, s.failed)
	if err := s.failure(); err != nil {
		r.fail("services ran", err)
	}
	r.grade(ctx)
}

// auditing is an auditor at work.
type auditing struct {
	*auditor
	cancel context.CancelFunc
	done   chan error
}

// startAudit reads from a little before the start, for the clocks of client
// and endpoint may differ by that much.
func (r *run) startAudit(ctx context.Context) auditing {
	const skewMax = 5 * time.Second
	ctx, cancel := context.WithCancel(ctx)
	a := auditing{newAuditor(r.env, r.Scenario.Hops(), r.env.Start.Add(-skewMax), r.ledger), cancel, make(chan error, 1)}
	go func() { a.done <- guard(ctx, r.env.Wall, stopGrace, "audit", a.Run) }()
	return a
}

// settle drains and ends the audit.
func (r *run) settle(ctx context.Context, audit auditing, failed <-chan struct{}) {
	r.enter(Draining)
	if err := r.drain(ctx, audit, failed); err != nil {
		r.fail("drain", err)
	}
	r.endedAt = r.env.Wall.Now()
	r.faults.conclude()
	audit.cancel()
	if err := <-audit.done; err != nil && !errors.Is(err, context.Canceled) {
		r.fail("audit", err)
	}
}

func closed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// drain waits until every store was read to its tip and nothing is owed, or
// DrainMax has passed.
func (r *run) drain(ctx context.Context, audit auditing, failed <-chan struct{}) error {
	began := r.env.Wall.Now()
	deadline := began.Add(r.defaults.DrainMax)
	r.drainBy.Store(deadline)
	for {
		waiting := r.owed(ctx, audit.auditor, began)
		r.waiting.Store(waiting)
		if waiting == "" {
			return nil
		}
		if len(audit.done) > 0 || closed(failed) {
			return nil // reported by their own outcomes
		}
		if !r.env.Wall.Now().Before(deadline) {
			return fmt.Errorf("not drained %v after the last outcome: waiting for %s", r.defaults.DrainMax, waiting)
		}
		if err := r.env.Wall.Sleep(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("drain: %w", err)
		}
	}
}

// owed says what is still missing, in words for the screen; "" if nothing is.
func (r *run) owed(ctx context.Context, audit *auditor, since time.Time) string {
	for _, hop := range r.Scenario.Hops() {
		if n := r.ledger.Reconcile(hop.From, hop.To).Lost; n > 0 {
			return fmt.Sprintf("%d events at %s", n, hop.To)
		}
	}
	if store, ok := audit.caughtUp(since); !ok {
		return "the audit to reach the tail of " + store
	}
	return r.faults.owed(ctx)
}

func (r *run) fail(what string, err error) {
	var panicked *panicError
	if errors.As(err, &panicked) {
		r.env.Log.Error("panic in scenario code", "what", panicked.what, "value", panicked.value, "stack", string(panicked.stack))
	}
	r.outcomes = append(r.outcomes, Outcome{Name: what, Got: err.Error(), Want: "no error"})
}
