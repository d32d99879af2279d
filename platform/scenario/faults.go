package scenario

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/ledger"
)

// faults are what chaos does to one run, and what that costs. A nil *faults is
// a run without chaos.
type faults struct {
	plan     []chaos.Planned
	engine   atomic.Pointer[chaos.Engine]
	world    World
	env      Env
	name     string
	limit    time.Duration // for a recovery
	children children
	recovery *recovery
	deposits *deposits

	watching  sync.WaitGroup
	stopWatch context.CancelFunc
}

// newFaults fits the schedule to the run, or says every reason why it does not
// fit. It is nil for a schedule without faults.
func newFaults(r *run, w World) (*faults, error) {
	plan, err := r.o.Chaos.Plan(chaos.Load{Seed: r.o.Seed, For: r.load.For, ToWall: r.env.Sim.ToWall}, r.defaults.Targets)
	if err != nil || len(plan) == 0 {
		return nil, err
	}
	if w.Injector == nil {
		return nil, errors.New("faults cannot be injected into this target")
	}
	needsRole := chaos.Needs(plan, chaos.Stream, chaos.Poison, chaos.Split, chaos.Merge) || chaos.Needs(plan, chaos.Function, chaos.Throttle)
	if needsRole && !slices.Contains(r.env.roles.known, Chaos) {
		return nil, fmt.Errorf("scenario %s has no policy %s.json, which these faults need", r.Scenario.Name(), Chaos)
	}
	if w.Process == nil && len(chaos.Disrupted(plan)) > 0 {
		return nil, errNoChildren
	}
	f := &faults{
		plan: plan, world: w, env: r.env, name: r.Scenario.Name(), children: children{},
		limit:    cmp.Or(r.defaults.RecoverMax, r.defaults.DrainMax),
		recovery: newRecovery(r, len(plan)),
	}
	if words := r.o.Chaos.Missing(r.defaults.Targets); len(words) > 0 {
		r.skipped = append(r.skipped, Skip{What: "faults of " + strings.Join(words, ", "), Reason: "the scenario has none"})
	}
	f.deposits = newDeposits(r.env, r.defaults.Targets)
	r.ledger.Trace(r.env.Wall.Now)
	return f, nil
}

func newRecovery(r *run, faults int) *recovery {
	rec := &recovery{ledger: r.ledger, faults: make([]faultState, faults), last: ledger.Device, inOrder: r.defaults.InOrder}
	for _, limit := range r.defaults.SLO {
		rec.objective = max(rec.objective, limit)
	}
	rec.objective = cmp.Or(rec.objective, time.Second)
	rec.patience = cmp.Or(r.defaults.OverdueAfter, rec.objective)
	for _, hop := range r.Scenario.Hops() {
		rec.last = hop.To
		if hop.Guarantee == ExactlyOnce {
			rec.once = append(rec.once, hop.To)
		} else {
			rec.repeats = append(rec.repeats, hop.To)
		}
	}
	return rec
}

// adopt has the services that faults will end run as processes.
func (f *faults) adopt(list []Service) ([]Service, error) {
	if f == nil {
		return list, nil
	}
	return f.children.adopt(list, chaos.Disrupted(f.plan), func(service string) (Process, error) {
		return f.world.Process(f.name, service, f.env)
	})
}

// sent notes an event that is about to be sent.
func (f *faults) sent(id ledger.ID, due time.Time) {
	if f != nil {
		f.recovery.sent(id, due)
	}
}

// start injects the plan from now on. The returned function waits until every
// fault's time has come, unless the run was cut short, ends those still at work
// and waits for that.
func (f *faults) start(ctx context.Context, r *run) (stop func(), err error) {
	if f == nil {
		return func() {}, nil
	}
	wall, start := f.env.Wall, r.env.Start
	rec := f.recovery
	f.deposits.since = start
	cfg := chaos.Config{
		Plan: f.plan, Start: start, Injector: f.world.Injector, Services: f.children,
		Clock: wall, Log: f.env.Log, Mark: "run " + f.env.RunID,
		Began: func(i int) { rec.began(i, wall.Now()) },
		Ended: func(i int) { rec.ended(i, wall.Now()) },
	}
	if slices.Contains(f.env.roles.known, Chaos) {
		as := f.env.AWS(Chaos)
		cfg.Kinesis, cfg.Lambda = kinesis.NewFromConfig(as), lambda.NewFromConfig(as)
	}
	if err := f.watch(ctx, r); err != nil {
		return func() {}, err
	}
	if chaos.Needs(f.plan, chaos.Topic, chaos.Poison) {
		if cfg.Kafka, err = f.kafka(); err != nil {
			return func() {}, err
		}
	}
	engine := chaos.New(cfg)
	f.engine.Store(engine)
	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	var injected error
	working.Go(func() { injected = recovered(ctx, "chaos", engine.Run) })
	return func() {
		if r.exhausted.Load() {
			last := f.plan[len(f.plan)-1].At
			_ = wall.Sleep(ctx, start.Add(last).Sub(wall.Now())+50*time.Millisecond)
		}
		over := wall.Now()
		cancel()
		working.Wait()
		if injected != nil {
			r.fail("faults were injected", injected)
		}
		for _, missed := range engine.NotBegun() {
			r.skipped = append(r.skipped, Skip{What: "fault " + missed.String(), Reason: "the run ended before"})
		}
		for _, p := range f.plan {
			if begun := over.Sub(start.Add(p.At)); 0 < begun && begun < p.For {
				r.skipped = append(r.skipped, Skip{What: "the rest of fault " + p.String(), Reason: fmt.Sprintf("the run ended %v into it", begun.Round(100*time.Millisecond))})
			}
		}
		if cfg.Kafka != nil {
			cfg.Kafka.Close()
		}
		r.env.Poison = engine.Poisoned()
		f.deposits.want(r.env.Poison)
	}, nil
}

// kafka is a client of chaos's own.
func (f *faults) kafka() (*kgo.Client, error) {
	brokers, err := f.env.Kafka(Chaos)
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(brokers.options()...)
	if err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	return client, nil
}

// watch looks at how late the run is until the drain's end.
func (f *faults) watch(ctx context.Context, r *run) (err error) {
	if f.recovery.groups, err = newGroupWatch(f.env, r.defaults.Targets); err != nil {
		return err
	}
	ctx, f.stopWatch = context.WithCancel(ctx)
	f.watching.Go(func() { _ = f.recovery.groups.Run(ctx) }) // ends only with ctx
	f.watching.Go(func() { f.tick(ctx) })
	return nil
}

func (f *faults) tick(ctx context.Context) {
	const every = 20 * time.Millisecond
	ticker := f.env.Wall.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			f.recovery.tick(f.env.Wall.Now())
		}
	}
}
