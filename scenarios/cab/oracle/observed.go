package oracle

import (
	"context"
	"iter"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// Observed is what an audit found at the ends of the pipeline once the run had
// drained: everything of this run, and nothing of another. Each method is
// called once, one after the other; ctx covers the whole iteration, and an
// error ends it.
type Observed interface {
	// Activity yields every record of cab-activity read_committed, in any order.
	Activity(ctx context.Context) iter.Seq2[event.Activity, error]
	// Measured yields every record of cab-metrics read_committed, in any order.
	Measured(ctx context.Context) iter.Seq2[event.Metrics, error]
	// Windows yields every document of cab-zones-*. Each window of the plan is
	// wanted but those that only closing readings are in: what would close these?
	Windows(ctx context.Context) iter.Seq2[event.Metrics, error]
	// Incidents yields every document of cab-health-*.
	Incidents(ctx context.Context) iter.Seq2[event.Incident, error]
	// Cabs yields every document of cab-cabs-*. Only the last day of each cab counts.
	Cabs(ctx context.Context) iter.Seq2[event.Cab, error]
	// Alerts yields every document of cab-alerts-*.
	Alerts(ctx context.Context) iter.Seq2[event.Alert, error]
	// Late yields the event id of every record of cab-telemetry.late.
	Late(ctx context.Context) iter.Seq2[string, error]
	// DeadLetters yields every record of the dead-letter topics.
	DeadLetters(ctx context.Context) iter.Seq2[DeadLetter, error]
	// Poison yields the name of every dead letter that the run itself planted: in
	// each topic of dead letters that a record nobody can decode has to end in.
	Poison(ctx context.Context) iter.Seq2[string, error]
	// Lags yields how far each consumer group is behind the end of each topic that
	// it reads, once it had time to come there.
	Lags(ctx context.Context) iter.Seq2[Lag, error]
}

// Lag is how many records a group has not done yet.
type Lag struct {
	Group, Topic string
	Records      int64
}

// DeadLetter is one record of the dead-letter topics.
type DeadLetter struct {
	Name   string // of what was planted, or any other name for the record
	Reason string // why it was put there; "" is a fault
}
