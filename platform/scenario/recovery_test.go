package scenario

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/platform/ledger"
)

// TestRecoveryIsWhenNothingIsOverdueAnyMore sends an event every 10 ms into a
// system that stalls from 1.0 s to 1.8 s, under a fault from 1.0 s to 1.2 s.
func TestRecoveryIsWhenNothingIsOverdueAnyMore(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	l := ledger.New()
	rec := &recovery{ledger: l, last: "end", once: []string{"end"}, repeats: []string{"middle"}, objective: 100 * time.Millisecond, patience: 100 * time.Millisecond, faults: make([]faultState, 2)}
	var waiting []ledger.ID
	for ms := 0; ms < 5000; ms += 10 {
		switch ms {
		case 1000:
			rec.began(0, at(ms))
		case 1200:
			rec.ended(0, at(ms))
			l.Arrived("middle", ledger.ID{}) // redelivered while recovering
			l.Arrived("middle", ledger.ID{})
		case 4000:
			rec.began(1, at(ms))
			rec.ended(1, at(ms))
		}
		id := ledger.ID{Seq: uint32(ms / 10)}
		l.Sent(id)
		rec.sent(id, at(ms))
		waiting = append(waiting, id)
		if ms < 1000 || ms >= 1800 {
			for _, id := range waiting {
				l.Arrived("end", id)
			}
			waiting = nil
		}
		rec.tick(at(ms))
	}
	rec.conclude(at(5000))
	first, second := rec.faults[0], rec.faults[1]
	if took := first.recovered.Sub(first.ended); took < 560*time.Millisecond || took > 600*time.Millisecond || first.gaveUp {
		t.Errorf("recovered %v after the fault's end (gave up %v), want just under 600 ms", took, first.gaveUp)
	}
	if first.after.redelivered-first.before.redelivered != 1 || first.after.outcomes != 0 {
		t.Errorf("repeats before %+v, after %+v; want one redelivered", first.before, first.after)
	}
	if took := second.recovered.Sub(second.ended); took != 0 {
		t.Errorf("a fault without effect took %v to recover from", took)
	}
	for ms, want := range map[int]bool{850: false, 910: true, 1500: true, 1700: true, 1900: false, 3000: false, 3950: true} {
		if got := rec.inShadow(at(ms)); got != want {
			t.Errorf("due at %d ms: in a shadow %v, want %v", ms, got, want)
		}
	}
}

func TestRecoveryGivesUpOnWhatNeverComes(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rec := &recovery{ledger: ledger.New(), last: "end", objective: 100 * time.Millisecond, patience: 100 * time.Millisecond, faults: make([]faultState, 2)}
	rec.began(0, start)
	rec.ended(0, start)
	rec.sent(ledger.ID{}, start)
	for i := range 100 {
		rec.tick(start.Add(time.Duration(i) * 50 * time.Millisecond))
	}
	rec.conclude(start.Add(5 * time.Second))
	if !rec.faults[0].gaveUp || rec.faults[0].recovered.Sub(start) != 5*time.Second {
		t.Errorf("%+v: want given up after 5s", rec.faults[0])
	}
	if !rec.faults[1].recovered.IsZero() {
		t.Error("a fault that never began was recovered from")
	}
}

// TestRecoveryDoesNotWaitForWhatIsHeldBack refuses one event of a device: those
// behind it are held back for two seconds, which is no effect of a fault.
func TestRecoveryDoesNotWaitForWhatIsHeldBack(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, inOrder := range []bool{true, false} {
		l := ledger.New()
		rec := &recovery{ledger: l, last: "end", objective: 100 * time.Millisecond, patience: 100 * time.Millisecond, inOrder: inOrder, faults: make([]faultState, 1)}
		var held []ledger.ID
		for ms := 0; ms < 6000; ms += 10 {
			now := start.Add(time.Duration(ms) * time.Millisecond)
			id := ledger.ID{Seq: uint32(ms / 10)}
			l.Sent(id)
			rec.sent(id, now)
			switch {
			case ms == 1000:
				rec.began(0, now)
				rec.ended(0, now)
				l.Rejected(id)
			case ms > 1000 && ms < 3000:
				held = append(held, id)
			default:
				for _, id := range held {
					l.Arrived("end", id)
				}
				held = nil
				l.Arrived("end", id)
			}
			rec.tick(now)
		}
		rec.conclude(start.Add(6 * time.Second))
		took := rec.faults[0].recovered.Sub(rec.faults[0].ended)
		if inOrder && took != 0 || !inOrder && took < 1900*time.Millisecond {
			t.Errorf("in order %v: recovered after %v", inOrder, took)
		}
	}
}

// fakeProcess is a Process that a test ends.
type fakeProcess struct {
	done    chan struct{}
	err     error
	stuck   bool // ignores Stop
	stopped string
}

func (p *fakeProcess) Ready(context.Context) error { return nil }
func (p *fakeProcess) Done() <-chan struct{}       { return p.done }
func (p *fakeProcess) Err() error                  { return p.err }
func (p *fakeProcess) Kill() error                 { return p.end("killed") }

func (p *fakeProcess) Stop() error {
	if p.stuck {
		return nil
	}
	return p.end("stopped")
}

func (p *fakeProcess) end(how string) error {
	p.stopped = how
	close(p.done)
	return nil
}

func TestChildIsEndedAndStartedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var spawned []*fakeProcess
		kids := children{}
		list, err := kids.adopt([]Service{{Name: "other"}, {Name: "app"}}, []string{"app"}, func(string) (Process, error) {
			p := &fakeProcess{done: make(chan struct{})}
			spawned = append(spawned, p)
			return p, nil
		})
		if err != nil || list[0].Run != nil || list[1].Run == nil {
			t.Fatalf("adopted %+v, %v", list, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- list[1].Run(ctx) }()
		if err := list[1].Ready(ctx); err != nil {
			t.Fatal(err)
		}
		for _, step := range []func(context.Context, string) error{kids.Kill, kids.Start, kids.Start, kids.Stop, kids.Stop, kids.Start} {
			if err := step(ctx, "app"); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if len(spawned) != 3 || spawned[0].stopped != "killed" || spawned[1].stopped != "stopped" || spawned[2].stopped != "" {
			t.Errorf("spawned %d: %+v", len(spawned), spawned)
		}
		spawned[2].stuck = true
		cancel()
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "does not stop") || spawned[2].stopped != "killed" {
			t.Errorf("a process that ignores its stop: %v, %s", err, spawned[2].stopped)
		}
		if err := kids.Kill(ctx, "other"); err == nil {
			t.Error("killed what runs in this process")
		}
	})
}

func TestChildThatEndsByItselfIsReported(t *testing.T) {
	t.Parallel()
	p := &fakeProcess{done: make(chan struct{}), err: errors.New("exit status 2")}
	kids := children{}
	list, err := kids.adopt([]Service{{Name: "app"}}, []string{"app"}, func(string) (Process, error) { return p, nil })
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- list[0].Run(t.Context()) }()
	if err := list[0].Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(p.done)
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "service app ended by itself: exit status 2") {
		t.Errorf("got %v", err)
	}
	if _, err := kids.adopt(nil, []string{"gone"}, func(string) (Process, error) { return p, nil }); err == nil {
		t.Error("adopted a service that is not there")
	}
	if _, err := kids.adopt(nil, []string{"app"}, nil); !errors.Is(err, errNoChildren) {
		t.Errorf("adopted without a way to start processes: %v", err)
	}
}
