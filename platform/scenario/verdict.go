package scenario

import (
	"fmt"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/ledger"
)

// VerdictSchema is the version of Verdict's JSON form; docs/verdict.md
// describes every field.
const VerdictSchema = 1

// Verdict is the graded result of one run of one scenario.
type Verdict struct {
	SchemaVersion   int                         `json:"schemaVersion"`
	Scenario        string                      `json:"scenario"`
	Target          string                      `json:"target"`
	Seed            uint64                      `json:"seed"`
	Epoch           time.Time                   `json:"epoch"`
	Load            LoadVerdict                 `json:"load"`
	RunID           string                      `json:"runId"`
	DurationSeconds float64                     `json:"durationSeconds"`
	Pass            bool                        `json:"pass"`
	Interrupted     bool                        `json:"interrupted"`
	Environment     Environment                 `json:"environment"`
	Hops            []HopVerdict                `json:"hops"`
	Outcomes        []Outcome                   `json:"outcomes"`
	LatencyMs       map[string]ledger.Quantiles `json:"latencyMs"`
	Faults          []Fault                     `json:"faults"`
	Skipped         []Skip                      `json:"skipped"`
	Startup         Startup                     `json:"startup"`
	PeakRSSBytes    uint64                      `json:"peakRSSBytes"`
	PeakRSSMethod   string                      `json:"peakRSSMethod"`
}

// LoadVerdict is the load that decided the plan, together with seed and epoch.
type LoadVerdict struct {
	Rate       float64 `json:"rate"` // events per simulated second
	Devices    int     `json:"devices"`
	ForSeconds float64 `json:"forSeconds"` // simulated
	CutSeconds float64 `json:"cutSeconds"` // where an interrupt cut the plan of a Closer short, simulated; 0 if none did
}

func loadVerdict(l Load) LoadVerdict {
	return LoadVerdict{Rate: l.Rate, Devices: l.Devices, ForSeconds: l.For.Seconds(), CutSeconds: l.Cut.Seconds()}
}

// Environment is the machine and build a run was measured on.
type Environment struct {
	OS     string   `json:"os"`
	CPUs   int      `json:"cpus"`
	Commit string   `json:"commit"`
	Flags  []string `json:"flags"`
}

// HopVerdict is one reconciled hop.
type HopVerdict struct {
	From         string    `json:"from"`
	To           string    `json:"to"`
	Guarantee    Guarantee `json:"guarantee"`
	Sent         int       `json:"sent"`
	Acknowledged int       `json:"acknowledged"`
	Received     int       `json:"received"`
	Lost         int       `json:"lost"`
	LostIDs      []string  `json:"lostIds"`
	Duplicates   int       `json:"duplicates"`
	OutOfOrder   int       `json:"outOfOrder"`
	Unknown      int       `json:"unknown"`
	UnknownIDs   []string  `json:"unknownIds"`
}

// Fault is one injected fault and what it cost.
type Fault struct {
	At               string  `json:"at"`
	Kind             string  `json:"kind"`
	Target           string  `json:"target"`
	RecoveredAfterMs float64 `json:"recoveredAfterMs"`
	Cost             string  `json:"cost"`
}

// Skip is something a run did not check, and why.
type Skip struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
}

// Startup is how long the first result took.
type Startup struct {
	// FirstGradedEventMs counts from process start to the first outcome; 0 if there was none.
	FirstGradedEventMs float64 `json:"firstGradedEventMs"`
}

// reconcile turns every hop of the ledger into its verdict and its outcome.
func reconcile(hops []Hop, l *ledger.Ledger) ([]HopVerdict, []Outcome) {
	verdicts := make([]HopVerdict, 0, len(hops))
	outcomes := make([]Outcome, 0, len(hops))
	for _, hop := range hops {
		r := l.Reconcile(hop.From, hop.To)
		v := HopVerdict{
			From: hop.From, To: hop.To, Guarantee: hop.Guarantee,
			Sent: r.Sent, Acknowledged: r.Acknowledged, Received: r.Received,
			Lost: r.Lost, LostIDs: idTexts(r.LostIDs), Duplicates: r.Duplicates, OutOfOrder: r.OutOfOrder,
			Unknown: r.Unknown, UnknownIDs: idTexts(r.UnknownIDs),
		}
		verdicts = append(verdicts, v)
		outcomes = append(outcomes, v.outcome())
	}
	return verdicts, outcomes
}

// outcome judges a hop: nothing may be lost or invented anywhere; a duplicate
// counts only where the hop promises exactly-once.
func (v HopVerdict) outcome() Outcome {
	o := Outcome{
		Name: fmt.Sprintf("hop %s → %s", v.From, v.To),
		Want: "0 lost",
		Got:  fmt.Sprintf("%d lost", v.Lost),
		Pass: v.Lost == 0 && v.Unknown == 0,
	}
	if v.Lost > 0 {
		o.Got += " (" + nameIDs(v.LostIDs, v.Lost) + ")"
	}
	if v.Guarantee == ExactlyOnce {
		o.Want += ", 0 duplicates"
		o.Pass = o.Pass && v.Duplicates == 0
	}
	if v.Guarantee == ExactlyOnce || v.Duplicates > 0 {
		o.Got += fmt.Sprintf(", %d duplicates", v.Duplicates)
	}
	if v.Unknown > 0 {
		o.Got += fmt.Sprintf(", %d that nobody sent (%s)", v.Unknown, nameIDs(v.UnknownIDs, v.Unknown))
	}
	return o
}

func nameIDs(ids []string, total int) string {
	text := strings.Join(ids, ", ")
	if total > len(ids) {
		text += fmt.Sprintf(" and %d more", total-len(ids))
	}
	return text
}

func idTexts(ids []ledger.ID) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return texts
}
