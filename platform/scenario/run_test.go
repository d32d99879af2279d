package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
)

// toy is a scenario whose every part a test can break. Its one hop, device →
// end, is marked by its own simulator.
type toy struct {
	provision func(ctx context.Context) error
	notReady  error           // what the service says when it is asked whether it is ready
	never     bool            // the service does not become ready
	building  <-chan struct{} // if set, Services returns when it is closed
	service   func(ctx context.Context) error
	simulate  func(ctx context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error
	grade     func() ([]scenario.Outcome, error)
	rate      float64
	send      time.Duration
	tail      time.Duration // one more event is due so long after load.For or Cut
	closes    bool          // with that event
	drainMax  time.Duration
	startMax  time.Duration
	gradeMax  time.Duration
}

func (toy) Name() string                 { return "toy" }
func (toy) Settings() []scenario.Setting { return nil }

func (s toy) Defaults(map[string]string) scenario.Defaults {
	return scenario.Defaults{
		Load: scenario.Load{Rate: s.rate, Devices: 3, For: s.send}, Speed: 1,
		SLO: map[string]time.Duration{"end to end": time.Second}, DrainMax: s.drainMax,
		StartMax: s.startMax, GradeMax: s.gradeMax,
	}
}

func (toy) Roles() fs.FS {
	policy := []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}`)
	return fstest.MapFS{"deployer.json": {Data: policy}, "audit.json": {Data: policy}}
}

func (toy) Hops() []scenario.Hop {
	return []scenario.Hop{{From: ledger.Device, To: "end", Guarantee: scenario.ExactlyOnce}}
}

func (s toy) Provision(ctx context.Context, _ scenario.Env) error { return s.provision(ctx) }

func (s toy) Services(scenario.Env) ([]scenario.Service, error) {
	if s.building != nil {
		<-s.building
	}
	return []scenario.Service{{Name: "worker", Run: s.service, Ready: func(ctx context.Context) error {
		if s.never {
			<-ctx.Done()
			return ctx.Err()
		}
		return s.notReady
	}}}, nil
}

func (s toy) Plan(_ uint64, _ time.Time, load scenario.Load) iter.Seq[scenario.Planned] {
	end := load.For
	if load.Cut > 0 {
		end = load.Cut
	}
	return func(yield func(scenario.Planned) bool) {
		for i := range int(load.Rate * load.For.Seconds()) {
			p := scenario.Planned{
				ID: ledger.ID{Device: uint32(i % load.Devices), Seq: uint32(i / load.Devices)},
				At: time.Duration(float64(i) / load.Rate * float64(time.Second)),
			}
			if p.At >= end {
				break
			}
			if !yield(p) {
				return
			}
		}
		if s.tail > 0 {
			yield(scenario.Planned{ID: ledger.ID{Seq: 1000}, At: end + s.tail})
		}
	}
}

// Closing implements scenario.Closer.
func (s toy) Closing() time.Duration {
	if !s.closes {
		return 0
	}
	return s.tail
}

func (s toy) Simulate(ctx context.Context, _ scenario.Env, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
	return s.simulate(ctx, due, l)
}

func (s toy) Grade(context.Context, scenario.Env, iter.Seq[scenario.Planned], *ledger.Ledger) ([]scenario.Outcome, error) {
	return s.grade()
}

// healthy passes, on whatever machine: the tests below break one thing of it each.
func healthy() toy {
	return toy{
		provision: func(context.Context) error { return nil },
		service:   func(ctx context.Context) error { <-ctx.Done(); return nil },
		simulate:  deliver,
		grade: func() ([]scenario.Outcome, error) {
			return []scenario.Outcome{{Name: "graded", Got: "yes", Want: "yes", Pass: true}}, nil
		},
		rate: 200, send: 300 * time.Millisecond, drainMax: time.Minute, startMax: 2 * time.Minute,
	}
}

// deliver sends everything and has it arrive once.
func deliver(_ context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
	for p := range due {
		l.Sent(p.ID)
		l.Acknowledged(p.ID)
		l.Arrived("end", p.ID)
		l.Outcome(p.ID, "ok")
		l.Latency("end to end", time.Millisecond)
	}
	return nil
}

// world is a cloud of the test's own, where roles are made.
func world(t *testing.T) scenario.World {
	t.Helper()
	now := time.Now()
	return scenario.World{
		Base: cloudtest.Root(t, cloudtest.Run(t, cloud.Config{})),
		Wall: clock.Wall{}, Sim: clock.Simulated{Epoch: now, Origin: now, Speed: 1}, Log: slog.New(slog.DiscardHandler),
	}
}

func runOrNot(t *testing.T, s toy, o scenario.Options) (scenario.Verdict, error) {
	t.Helper()
	o.RunID, o.Seed, o.Epoch, o.ProcessStart = "r-1", 1, time.Now(), time.Now()
	return scenario.Run(context.Background(), scenario.Entry{Scenario: s, Simulator: s, Grader: s}, world(t), o)
}

func run(t *testing.T, s toy, o scenario.Options) scenario.Verdict {
	t.Helper()
	v, err := runOrNot(t, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestHealthyRunPasses(t *testing.T) {
	t.Parallel()
	v := run(t, healthy(), scenario.Options{})
	if !v.Pass {
		t.Fatalf("failed: %+v", v.Outcomes)
	}
	if h := v.Hops[0]; h.Sent != 60 || h.Received != 60 || h.Lost != 0 {
		t.Errorf("hop %+v, want 60 sent and received", h)
	}
	if v.DurationSeconds < 0.29 {
		t.Errorf("%.3f s: the schedule of 0.3 s was not kept", v.DurationSeconds)
	}
	if v.Startup.FirstGradedEventMs <= 0 {
		t.Error("the first graded event was not noted")
	}
}

func TestBrokenRunsFailWithTheReason(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	hang := make(chan struct{})  // never closed: what waits for it ignores its context
	const soon = 2 * time.Second // and what is there to be waited for in vain
	tests := []struct {
		name  string
		spoil func(*toy)
		want  string // in a failed outcome's name and text
	}{
		{"provision fails", func(s *toy) { s.provision = func(context.Context) error { return boom } }, "provision: provision: boom"},
		{"provision panics", func(s *toy) { s.provision = func(context.Context) error { panic("ouch") } }, "provision panicked: ouch"},
		{"service fails", func(s *toy) { s.service = func(context.Context) error { return boom } }, "service worker: boom"},
		{"service ends", func(s *toy) { s.service = func(context.Context) error { return nil } }, "service worker ended by itself"},
		{"service panics", func(s *toy) { s.service = func(context.Context) error { panic("ouch") } }, "service worker panicked: ouch"},
		{"service hangs", func(s *toy) {
			s.drainMax = soon
			s.service = func(context.Context) error { <-hang; return nil }
		}, "service worker hangs"},
		{"simulator fails", func(s *toy) {
			s.simulate = func(context.Context, iter.Seq[scenario.Planned], *ledger.Ledger) error { return boom }
		}, "simulator: boom"},
		{"simulator panics", func(s *toy) {
			s.simulate = func(context.Context, iter.Seq[scenario.Planned], *ledger.Ledger) error { panic("ouch") }
		}, "simulator panicked: ouch"},
		{"simulator hangs", func(s *toy) {
			s.drainMax = soon
			s.simulate = func(context.Context, iter.Seq[scenario.Planned], *ledger.Ledger) error { <-hang; return nil }
		}, "simulator hangs"},
		{"simulator stops early", func(s *toy) {
			s.simulate = func(ctx context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
				for p := range due {
					l.Sent(p.ID)
					return nil
				}
				return nil
			}
		}, "every planned event was sent: 1"},
		{"service fails in mid-sending", func(s *toy) {
			s.send = time.Hour
			begun := make(chan struct{})
			s.simulate = func(ctx context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
				return deliver(ctx, func(yield func(scenario.Planned) bool) {
					due(func(p scenario.Planned) bool {
						if p.ID == (ledger.ID{Seq: 5}) {
							close(begun)
						}
						return yield(p)
					})
				}, l)
			}
			s.service = func(context.Context) error { <-begun; return boom }
		}, "the whole plan"},
		{"event lost", func(s *toy) {
			s.drainMax = soon
			s.simulate = func(ctx context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
				for p := range due {
					l.Sent(p.ID)
					l.Acknowledged(p.ID)
					if p.ID != (ledger.ID{Device: 1, Seq: 2}) {
						l.Arrived("end", p.ID)
					}
				}
				return nil
			}
		}, "1 lost (d000001-000002), 0 duplicates"},
		{"never drains", func(s *toy) {
			s.drainMax = soon
			s.simulate = func(ctx context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
				for p := range due {
					l.Sent(p.ID)
					l.Acknowledged(p.ID)
				}
				return nil
			}
		}, "drain: not drained 2s after the last outcome: waiting for 60 events at end"},
		{"event doubled", func(s *toy) {
			s.simulate = func(ctx context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
				err := deliver(ctx, due, l)
				l.Arrived("end", ledger.ID{})
				return err
			}
		}, "0 lost, 1 duplicates"},
		{"event invented", func(s *toy) {
			s.simulate = func(ctx context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
				err := deliver(ctx, due, l)
				l.Arrived("end", ledger.ID{Device: 2, Seq: 999})
				return err
			}
		}, "1 that nobody sent (d000002-000999)"},
		{"too slow", func(s *toy) {
			s.simulate = func(ctx context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
				err := deliver(ctx, due, l)
				for range 5 {
					l.Latency("end to end", 2*time.Second)
				}
				return err
			}
		}, "p99 end to end"},
		{"grader panics", func(s *toy) { s.grade = func() ([]scenario.Outcome, error) { panic("ouch") } }, "grader panicked: ouch"},
		{"grader hangs", func(s *toy) {
			s.gradeMax = time.Second
			s.grade = func() ([]scenario.Outcome, error) { <-hang; return nil, nil }
		}, "grader hangs"},
		{"services hang while they are built", func(s *toy) { s.building, s.startMax = hang, 5*time.Second }, "services hangs"},
		{"grader disagrees", func(s *toy) {
			s.grade = func() ([]scenario.Outcome, error) { return []scenario.Outcome{{Name: "truth"}}, nil }
		}, "truth"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := healthy()
			test.spoil(&s)
			v := run(t, s, scenario.Options{})
			if v.Pass {
				t.Fatalf("passed: %+v", v.Outcomes)
			}
			var failed []string
			for _, o := range v.Outcomes {
				if !o.Pass {
					failed = append(failed, o.Name+": "+o.Got+" (want "+o.Want+")")
				}
			}
			if all := strings.Join(failed, "\n"); !strings.Contains(all, test.want) {
				t.Errorf("no failed outcome says %q:\n%s", test.want, all)
			}
		})
	}
}

// A recorded simulation is graded elsewhere, which says what it waits for.
func TestGradingARecordShowsWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	s := healthy()
	s.drainMax = 2 * time.Second
	e := scenario.Entry{Scenario: s, Simulator: s, Grader: s}
	rec, err := scenario.SimulateOnly(t.Context(), e, world(t), scenario.Options{RunID: "r-1", Seed: 1, Epoch: time.Now(), ProcessStart: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	rec.First = 5 * time.Millisecond
	l := ledger.Restore(rec.Ledger)
	l.Sent(ledger.ID{Seq: 999})
	l.Acknowledged(ledger.ID{Seq: 999}) // never arrives
	rec.Ledger = l.Snapshot()
	phases := map[scenario.Phase]string{}
	v, err := scenario.GradeOnly(t.Context(), e, world(t), rec, scenario.Options{
		ProgressEvery: time.Millisecond, Progress: func(p scenario.Progress) { phases[p.Phase] = p.Waiting },
	})
	if err != nil {
		t.Fatal(err)
	}
	if phases[scenario.Draining] != "1 events at end" {
		t.Errorf("said %q", phases)
	}
	if v.Pass || v.Startup.FirstGradedEventMs != 5 {
		t.Errorf("pass %t, first graded event %v", v.Pass, v.Startup)
	}
}

func TestCompleteSettingsSaysEveryProblem(t *testing.T) {
	t.Parallel()
	settings := []scenario.Setting{{Name: "reader", Default: "efo", Allowed: []string{"efo", "shared"}}, {Name: "note"}}
	got, err := scenario.CompleteSettings(settings, map[string]string{"note": "x"})
	if err != nil || got["reader"] != "efo" || got["note"] != "x" {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = scenario.CompleteSettings(settings, map[string]string{"reader": "push", "colour": "red"})
	for _, word := range []string{`"colour" is unknown`, `reader="push"`, "efo, shared"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("error %v does not say %q", err, word)
		}
	}
}

// A run judges by the limit that it was given, and says which.
func TestAnotherLimitForALatency(t *testing.T) {
	t.Parallel()
	for limit, pass := range map[time.Duration]bool{3 * time.Second: true, time.Microsecond: false} {
		v := run(t, healthy(), scenario.Options{SLO: map[string]time.Duration{"end to end": limit, "of another scenario": 1}})
		last := v.Outcomes[len(v.Outcomes)-1]
		if want := fmt.Sprintf("≤ %g ms", limit.Seconds()*1000); v.Pass != pass || last.Want != want {
			t.Errorf("limit %v: pass %t, %+v", limit, v.Pass, last)
		}
	}
}
