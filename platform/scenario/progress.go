package scenario

import (
	"time"

	"github.com/weirstream/weir/platform/ledger"
)

// Phase is where a run stands.
type Phase string

// The phases, in order.
const (
	Provisioning Phase = "provisioning"
	Starting     Phase = "starting"
	Sending      Phase = "sending"
	Closing      Phase = "closing" // after an interrupt: what closes the plan, and what is in flight
	Draining     Phase = "draining"
	Grading      Phase = "grading"
	Done         Phase = "done"
)

// Progress is what a person watching a run wants to know.
type Progress struct {
	Scenario  string
	Phase     Phase
	Elapsed   time.Duration // wall time since sending began; 0 before
	For       time.Duration // wall time sending is planned to take
	Sent      int
	Delivered int           // events seen at the last hop
	InFlight  int           // acknowledged and not yet delivered
	Acked     int           // acknowledged
	Unseen    bool          // nobody looks at the last hop while this runs: Delivered and InFlight say nothing
	PerSecond float64       // sent over the last second
	P50, P99  float64       // milliseconds, of Latency
	Latency   string        // the latency shown: the first with an objective
	Waiting   string        // what Closing and Draining wait for
	DrainLeft time.Duration // until the drain gives up
	Faults    FaultsProgress
}

// meter computes Progress from the ledger.
type meter struct {
	scenario string
	last     string // last hop's point
	latency  string
	planned  time.Duration
	unseen   bool

	rateAt   time.Time
	rateSent int
	rate     float64
}

func newMeter(s Scenario, d Defaults, load Load, env Env) *meter {
	m := &meter{scenario: s.Name(), planned: env.Sim.ToWall(load.For)}
	if hops := s.Hops(); len(hops) > 0 {
		m.last = hops[len(hops)-1].To
	}
	for name := range d.SLO {
		if m.latency == "" || name < m.latency {
			m.latency = name
		}
	}
	return m
}

func (m *meter) read(now, started time.Time, l *ledger.Ledger) Progress {
	p := Progress{Scenario: m.scenario, For: m.planned, Latency: m.latency}
	p.Sent = l.SentCount()
	p.Delivered, p.Acked, p.Unseen = l.Count(m.last).Distinct, l.AcknowledgedCount(), m.unseen
	p.InFlight = max(0, p.Acked-p.Delivered)
	if !started.IsZero() {
		p.Elapsed = max(0, now.Sub(started))
	}
	if since := now.Sub(m.rateAt); m.rateAt.IsZero() || since >= time.Second {
		if !m.rateAt.IsZero() {
			m.rate = float64(p.Sent-m.rateSent) / since.Seconds()
		}
		m.rateAt, m.rateSent = now, p.Sent
	}
	p.PerSecond = m.rate
	q := l.Quantiles()[m.latency]
	p.P50, p.P99 = q.P50, q.P99
	return p
}
