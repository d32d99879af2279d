package ledger

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The two points every ledger has besides the scenario's own.
const (
	Device       = "device"       // what devices sent
	acknowledged = "acknowledged" // what the system accepted
	rejected     = "rejected"     // what the system refused
)

// Ledger records one run. All methods are safe for concurrent use.
//
// Simulators call Sent, Acknowledged, Rejected, Outcome and Latency; the
// runner's audit readers call Arrived; graders read.
type Ledger struct {
	mu        sync.Mutex
	points    map[string]*point
	outcomes  outcomes
	latencies map[string]*hdrhistogram.Histogram
	trace     *trace        // nil unless Trace was called
	first     chan struct{} // closed at the first outcome
	firstOnce sync.Once
}

// point is one place of an event's way: which events were seen there and how.
type point struct {
	set        set
	duplicates int
	// duplicateIDs names the first LostLimit duplicates, each once.
	duplicateIDs []ID
	outOfOrder   int
	unknown      int // arrivals of what nobody sent
	unknownIDs   []ID
	// highest sequence seen per device plus one; a lower new one is out of order.
	highest []uint32
}

// New returns an empty ledger.
func New() *Ledger {
	return &Ledger{
		points: map[string]*point{}, latencies: map[string]*hdrhistogram.Histogram{},
		first: make(chan struct{}),
	}
}

// Sent records the first attempt to send id; retries of a device are not sent again.
func (l *Ledger) Sent(id ID) { l.mark(Device, id) }

// Acknowledged records that the system took responsibility for id.
func (l *Ledger) Acknowledged(id ID) { l.mark(acknowledged, id) }

// Rejected records that the system refused id for good.
func (l *Ledger) Rejected(id ID) { l.mark(rejected, id) }

// Refused is Rejected with what the system said, kept in the place of an
// outcome: RefusalOf reads it. reason should be one of few texts.
func (l *Ledger) Refused(id ID, reason string) {
	l.mark(rejected, id)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outcomes.add(id, refusalPrefix+reason)
}

// refusalPrefix cannot begin an outcome a simulator records.
const refusalPrefix = "refused: "

// RefusalOf is what the system said when it refused id; ok is false if it did not.
func (l *Ledger) RefusalOf(id ID) (reason string, ok bool) {
	return strings.CutPrefix(l.OutcomeOf(id), refusalPrefix)
}

// Arrived records that id was seen at a point, e.g. a stream's name. An id that
// was never sent is counted as unknown and not marked: a made-up number must
// neither pass for an arrival nor make a bit set grow to reach it.
func (l *Ledger) Arrived(at string, id ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.point(at)
	if l.at(Device).set.has(id) {
		p.mark(id)
		return
	}
	p.unknown++
	p.unknownIDs = name(p.unknownIDs, id)
}

func (l *Ledger) mark(at string, id ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.point(at).mark(id)
}

// point returns the point of a name, new if need be.
func (l *Ledger) point(name string) *point {
	p := l.points[name]
	if p == nil {
		p = &point{}
		l.points[name] = p
	}
	return p
}

// name adds id to the first LostLimit names, each once.
func name(ids []ID, id ID) []ID {
	if len(ids) < LostLimit && !slices.Contains(ids, id) {
		ids = append(ids, id)
	}
	return ids
}

func (p *point) mark(id ID) {
	if !p.set.add(id) {
		p.duplicates++
		p.duplicateIDs = name(p.duplicateIDs, id)
		return
	}
	if int(id.Device) >= len(p.highest) {
		p.highest = append(p.highest, make([]uint32, int(id.Device)+1-len(p.highest))...)
	}
	if id.Seq+1 < p.highest[id.Device] {
		p.outOfOrder++
		return
	}
	p.highest[id.Device] = id.Seq + 1
}

// WasSent tells whether id was sent.
func (l *Ledger) WasSent(id ID) bool { return l.Has(Device, id) }

// WasAcknowledged tells whether the system accepted id.
func (l *Ledger) WasAcknowledged(id ID) bool { return l.Has(acknowledged, id) }

// WasRejected tells whether the system refused id.
func (l *Ledger) WasRejected(id ID) bool { return l.Has(rejected, id) }

// Has tells whether id was seen at a point.
func (l *Ledger) Has(at string, id ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.points[at]
	return p != nil && p.set.has(id)
}

// Counts of one point.
type Counts struct {
	Distinct   int
	Duplicates int
	OutOfOrder int
}

// Count reads a point's counters; an unknown point counts zero.
func (l *Ledger) Count(at string) Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.points[at]
	if p == nil {
		return Counts{}
	}
	return Counts{Distinct: p.set.count, Duplicates: p.duplicates, OutOfOrder: p.outOfOrder}
}

// Duplicated names the first LostLimit events seen more than once at a point.
func (l *Ledger) Duplicated(at string) []ID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.at(at).duplicateIDs)
}

// SentCount, AcknowledgedCount and RejectedCount are distinct events.
func (l *Ledger) SentCount() int { return l.Count(Device).Distinct }

// AcknowledgedCount is how many distinct events the system accepted.
func (l *Ledger) AcknowledgedCount() int { return l.Count(acknowledged).Distinct }

// RejectedCount is how many distinct events the system refused.
func (l *Ledger) RejectedCount() int { return l.Count(rejected).Distinct }

// LostLimit is how many lost ids a reconciliation names.
const LostLimit = 20

// Hop is the reconciliation of one hop.
type Hop struct {
	Sent, Acknowledged, Received int
	Lost                         int
	LostIDs                      []ID // the first LostLimit
	Duplicates, OutOfOrder       int
	Unknown                      int  // arrivals of ids nobody sent; not in Received
	UnknownIDs                   []ID // the first LostLimit
}

// Reconcile compares two points. From Device, what counts is what was
// acknowledged: an event the system never accepted cannot be lost by it.
func (l *Ledger) Reconcile(from, to string) Hop {
	l.mu.Lock()
	defer l.mu.Unlock()
	source, target := l.at(from), l.at(to)
	owed := source
	if from == Device {
		owed = l.at(acknowledged)
	}
	lost, ids := owed.set.missing(&target.set, LostLimit)
	return Hop{
		Sent: source.set.count, Acknowledged: owed.set.count, Received: target.set.count,
		Lost: lost, LostIDs: ids,
		Duplicates: target.duplicates, OutOfOrder: target.outOfOrder,
		Unknown: target.unknown, UnknownIDs: slices.Clone(target.unknownIDs),
	}
}

func (l *Ledger) at(name string) *point {
	if p := l.points[name]; p != nil {
		return p
	}
	return &point{}
}

// Missing counts the ids seen at one point and not at another, naming the first limit.
func (l *Ledger) Missing(from, to string, limit int) (int, []ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at(from).set.missing(&l.at(to).set, limit)
}

// Outcome records the business result a device saw for id, as a short
// canonical text the oracle can rebuild. A second, different outcome for the
// same id is kept as a conflict.
func (l *Ledger) Outcome(id ID, result string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outcomes.add(id, result)
	l.firstOnce.Do(func() { close(l.first) })
}

// Reached counts as a first outcome too: an event is where its way ends, and no
// device hears of it.
func (l *Ledger) Reached() { l.firstOnce.Do(func() { close(l.first) }) }

// FirstOutcome is closed when the first outcome is recorded.
func (l *Ledger) FirstOutcome() <-chan struct{} { return l.first }

// OutcomeOf is the first result recorded for id, or "" if none.
func (l *Ledger) OutcomeOf(id ID) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.outcomes.of(id)
}

// Conflicts counts events that saw two different results, naming the first LostLimit.
func (l *Ledger) Conflicts() (int, []ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.outcomes.conflicts, slices.Clone(l.outcomes.conflictIDs)
}

// Latency records one duration under a name; it counts from the intended send.
// Resolution is one microsecond with three significant digits, up to an hour.
func (l *Ledger) Latency(name string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.latencies[name]
	if h == nil {
		h = newHistogram()
		l.latencies[name] = h
	}
	_ = h.RecordValue(min(max(int64(d/time.Microsecond), 1), h.HighestTrackableValue()))
	if l.trace != nil {
		l.trace.add(name, d)
	}
}

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(time.Hour/time.Microsecond), 3)
}

// Quantiles of one latency, in milliseconds.
type Quantiles struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// Quantiles reads every latency by name.
func (l *Ledger) Quantiles() map[string]Quantiles {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]Quantiles, len(l.latencies))
	for name, h := range l.latencies {
		ms := func(q float64) float64 { return math.Round(float64(h.ValueAtQuantile(q))) / 1000 }
		out[name] = Quantiles{P50: ms(50), P90: ms(90), P99: ms(99), P999: ms(99.9), Max: float64(h.Max()) / 1000}
	}
	return out
}
