// Package chaos breaks a running scenario on purpose, on a schedule: it kills
// functions and services, has the cloud refuse, fail, delay or lose the replies
// of calls, puts rubbish on streams and topics, reshards streams, moves leaders
// and partitions, takes brokers, registries and indexes away, and sets clocks apart.
//
// A Schedule is YAML and names targets that a scenario declares. Plan turns it,
// with a run's seed, into faults at fixed offsets: the same seed gives the same
// faults at the same offsets. Engine injects them through interfaces that the
// command line implements for the target it runs on.
//
// Guarantee: what Engine began it ends, also when its context ends first, and
// what it could not inject it returns as an error, so that a run never passes
// for one that was disturbed when it was not. Which single calls a rate of less
// than one hits is drawn from the seed too, but in the order in which calls
// come, which no seed decides.
package chaos

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kind is what goes wrong.
type Kind string

// The kinds of fault.
const (
	Kill      Kind = "kill"       // SIGKILL to a function's processes, or to a service, which starts again
	Throttle  Kind = "throttle"   // a stream's calls exceed their throughput; a function has no concurrency; an index answers 429
	Error     Kind = "error"      // a stream's calls fail with a 5xx; a topic has not enough replicas
	Delay     Kind = "delay"      // a stream's calls, the brokers' fetches take longer
	DropReply Kind = "drop-reply" // a stream's calls, a topic's writes happen, their replies are lost
	Poison    Kind = "poison"     // records nobody can decode are put on a stream or topic
	Split     Kind = "split"      // an open shard becomes two
	Merge     Kind = "merge"      // two adjacent open shards become one
	Stop      Kind = "stop"       // a service is ended cleanly
	Start     Kind = "start"      // a stopped service is started again
	Skew      Kind = "skew"       // the cloud's clock for signatures and its callers' are apart
	Rebalance Kind = "rebalance"  // a consumer group's members join again
	Move      Kind = "move"       // other brokers lead a topic's partitions or coordinate a group
	Lose      Kind = "lose"       // a broker, the registry or the index cannot be reached
)

// TargetKind is what a target is.
type TargetKind string

// The kinds of target.
const (
	Stream   TargetKind = "stream"
	Function TargetKind = "function"
	Service  TargetKind = "service"
	Topic    TargetKind = "topic"    // of Kafka
	Group    TargetKind = "group"    // of consumers
	Broker   TargetKind = "broker"   // one of the cluster's, whichever the seed picks
	Registry TargetKind = "registry" // of schemas
	Index    TargetKind = "index"    // OpenSearch
	Clock    TargetKind = "clock"    // the one target every scenario has
)

// ClockTarget is the name of the clock that signatures are judged by.
const ClockTarget = "clock"

// Target is something of a scenario that a fault can hit.
type Target struct {
	// Name is the stream's, the function's, the service's, the topic's or the
	// group's own, and what to call a broker, a registry or an index.
	Name string
	Kind TargetKind
	// Operations are the calls on a stream that the scenario makes and that
	// throttle, error, delay and drop-reply may disturb; the first is meant
	// where a fault names none.
	Operations []string
	// OnFailure is the SQS queue where a stream's poison ends, or the topic where
	// a topic's does; "" if a stream's readers pass over poison, and a topic takes none.
	OnFailure string
	// Reads are the topics of a consumer group; how late it is in them counts for
	// the recovery from faults.
	Reads []string
}

// Offset is an instant or a span of a run: a duration, or a share of how long
// the run sends.
type Offset struct {
	Duration time.Duration
	Share    float64 // 0 to 1; counts if Duration is 0
}

// Of is the offset in a run that sends for so long.
func (o Offset) Of(whole time.Duration) time.Duration {
	if o.Duration != 0 {
		return o.Duration
	}
	return time.Duration(o.Share * float64(whole))
}

// IsZero tells whether nothing was said.
func (o Offset) IsZero() bool { return o == Offset{} }

// String is the form a schedule is written in.
func (o Offset) String() string {
	if o.Duration == 0 {
		return strconv.FormatFloat(o.Share*100, 'g', 6, 64) + "%"
	}
	return o.Duration.String()
}

// Fault is one entry of a schedule. Parameters that its kind does not take are zero.
type Fault struct {
	Line   int // in the YAML
	At     Offset
	Spread Offset // the seed draws from [At, At+Spread)
	For    Offset
	Kind   Kind
	Target string // a name, or a word such as streams for all of a kind

	Operation string        // of a stream
	Rate      float64       // share of the calls that are hit, above 0 to 1
	Code      string        // error: InternalFailure or ServiceUnavailable
	Delay     time.Duration // delay: at least
	Jitter    time.Duration // delay: at most so much more
	Records   int           // poison: how many
	Times     int           // kill: how often
	Every     time.Duration // kill: how far apart
	By        time.Duration // skew: how far the cloud is ahead; negative is behind
	Pick      int           // of all targets of a kind only so many, drawn by the seed; 0 is all
}

// Schedule is a list of faults.
type Schedule struct{ Faults []Fault }

// String is the schedule as YAML that Parse reads back.
func (s Schedule) String() string {
	if len(s.Faults) == 0 {
		return "faults: []\n"
	}
	var b strings.Builder
	b.WriteString("faults:\n")
	for _, f := range s.Faults {
		fmt.Fprintf(&b, "  - at: %v\n", f.At)
		field := func(name string, value any, set bool) {
			if set {
				fmt.Fprintf(&b, "    %s: %v\n", name, value)
			}
		}
		field("spread", f.Spread, !f.Spread.IsZero())
		field("for", f.For, !f.For.IsZero())
		field("kind", f.Kind, true)
		field("target", f.Target, true)
		field("pick", f.Pick, f.Pick != 0)
		field("operation", f.Operation, f.Operation != "")
		field("rate", f.Rate, f.Rate != 0)
		field("code", f.Code, f.Code != "")
		field("delay", f.Delay, f.Delay != 0)
		field("jitter", f.Jitter, f.Jitter != 0)
		field("records", f.Records, f.Records != 0)
		field("times", f.Times, f.Times != 0)
		field("every", f.Every, f.Every != 0)
		field("by", f.By, f.By != 0)
	}
	return b.String()
}
