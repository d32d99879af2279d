package ledger

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

func TestUnknownArrivalsAreCountedNotMarked(t *testing.T) {
	t.Parallel()
	l := New()
	l.Sent(ID{1, 1})
	l.Arrived("stream", ID{MaxDevice, MaxSeq})
	l.Arrived("stream", ID{1, 1})
	got := l.Reconcile(Device, "stream")
	if got.Received != 1 || got.Unknown != 1 || len(got.UnknownIDs) != 1 || got.UnknownIDs[0] != (ID{MaxDevice, MaxSeq}) {
		t.Errorf("got %+v", got)
	}
	if n := len(l.points["stream"].set.devices); n > 2 {
		t.Errorf("a made-up id makes room for %d devices", n)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	l := New()
	l.Refused(ID{}, "field x")
	l.Outcome(ID{Seq: 1}, "an offer")
	if why, ok := l.RefusalOf(ID{}); why != "field x" || !ok || !l.WasRejected(ID{}) {
		t.Errorf("got %q, %v", why, ok)
	}
	if why, ok := l.RefusalOf(ID{Seq: 1}); ok {
		t.Errorf("an outcome is a refusal: %q", why)
	}
}

func TestFirstOutcome(t *testing.T) {
	t.Parallel()
	l := New()
	l.Refused(ID{}, "a refusal is no outcome")
	select {
	case <-l.FirstOutcome():
		t.Fatal("there was no outcome")
	default:
	}
	l.Outcome(ID{}, "first")
	l.Outcome(ID{Seq: 1}, "second")
	<-l.FirstOutcome()
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	l := New()
	for ms := range 1000 {
		l.Latency("x", time.Duration(ms+1)*time.Millisecond)
	}
	l.Latency("y", -time.Second)
	l.Latency("z", 1000*time.Hour)
	q := l.Quantiles()
	for _, c := range []struct{ got, want float64 }{
		{q["x"].P50, 500},
		{q["x"].P90, 900},
		{q["x"].P99, 990},
		{q["x"].P999, 999},
		{q["x"].Max, 1000},
		{q["y"].Max, 0.001},
		{q["z"].Max, 3_600_000},
	} {
		if c.got < c.want*0.999 || c.got > c.want*1.001+0.001 {
			t.Errorf("got %v ms, want %v", c.got, c.want)
		}
	}
}

func TestLedgerIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	const devices, events = 8, 2000
	l := New()
	var wg sync.WaitGroup
	for device := range uint32(devices) {
		wg.Go(func() {
			for seq := range uint32(events) {
				id := ID{device, seq}
				l.Sent(id)
				l.Acknowledged(id)
				l.Arrived("stream", id)
				l.Outcome(id, "ok")
				l.Latency("x", time.Millisecond)
				if seq%100 == 0 {
					l.Reconcile(Device, "stream")
					l.Snapshot()
				}
			}
		})
	}
	wg.Wait()
	if got := l.Reconcile(Device, "stream"); got.Received != devices*events || got.Lost != 0 {
		t.Errorf("got %+v", got)
	}
}

// fill records n events of a population, each at five points and with an outcome.
func fill(l *Ledger, n, devices int) {
	outcomes := []string{"CH zrh fiber", "FR par fiber,radio", "sea lis satellite"}
	for i := range n {
		id := ID{Device: uint32(i % devices), Seq: uint32(i / devices)}
		l.Sent(id)
		l.Acknowledged(id)
		for _, at := range []string{"signups", "offers", "browser"} {
			l.Arrived(at, id)
		}
		l.Outcome(id, outcomes[i%len(outcomes)])
	}
}

// Not parallel: it reads the heap. Ten million events of ten thousand devices
// at five points with an outcome each must fit a small part of a run's memory.
func TestMemoryAtTenMillionEvents(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("takes seconds")
	}
	const n, limit = 10_000_000, 40 << 20
	used := heapOf(func() any { l := New(); fill(l, n, 10_000); return l })
	t.Logf("%.1f MiB, %.2f bytes per event", float64(used)/(1<<20), float64(used)/n)
	if used > limit {
		t.Errorf("%d bytes, want at most %d", used, limit)
	}
}

// heapOf is how much the heap grows by what build returns.
func heapOf(build func() any) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	kept := build()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(kept)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

func BenchmarkLedger(b *testing.B) {
	for _, c := range []struct {
		name    string
		devices int
	}{{"100devices", 100}, {"10kdevices", 10_000}, {"1Mdevices", 1_000_000}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			used := heapOf(func() any { l := New(); fill(l, b.N, c.devices); return l })
			b.ReportMetric(float64(used)/float64(b.N), "heapB/event")
		})
	}
}

func BenchmarkParseID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseID("d004242-000042"); err != nil {
			b.Fatal(err)
		}
	}
}
