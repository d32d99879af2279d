package scenario

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/weirstream/weir/platform/ledger"
)

// grade adds what the run itself promises and what the oracle finds.
func (r *run) grade(ctx context.Context) {
	r.enter(Grading)
	r.outcomes = append(r.outcomes, r.sentOutcome())
	limited, cancel := context.WithTimeout(ctx, cmp.Or(r.defaults.GradeMax, 2*time.Minute))
	defer cancel()
	var graded []Outcome
	err := guard(limited, r.env.Wall, stopGrace, "grader", func(ctx context.Context) (err error) {
		graded, err = r.Grader.Grade(ctx, r.env, sentOf(r.plan(), r.ledger), r.ledger)
		return err
	})
	if err != nil {
		r.fail("oracle graded", err)
	} else {
		r.outcomes = append(r.outcomes, graded...)
	}
	if r.faults == nil {
		r.outcomes = append(r.outcomes, r.objectives()...)
	} else {
		r.faults.grade(ctx, r)
	}
}

func (r *run) sentOutcome() Outcome {
	sent, paced := r.ledger.SentCount(), int(r.paced.Load())
	o := Outcome{
		Name: "every planned event was sent",
		Want: fmt.Sprint(paced), Got: fmt.Sprint(sent), Pass: sent == paced && sent > 0,
	}
	switch {
	case r.interrupted:
		r.skipped = append(r.skipped, Skip{What: "the rest of the plan", Reason: fmt.Sprintf("interrupted; %d events were sent", sent)})
	case !r.exhausted.Load():
		o.Want, o.Pass = "the whole plan", false
	}
	return o
}

// objectives judges every latency that has one. Of what an interrupt left
// without a sample there is nothing to say.
func (r *run) objectives() []Outcome {
	measured := r.ledger.Quantiles()
	judged := map[string]time.Duration{}
	for name, limit := range r.defaults.SLO {
		if _, ok := measured[name]; !ok && r.interrupted {
			r.skipped = append(r.skipped, unsampled(name))
			continue
		}
		judged[name] = limit
	}
	return objectives(judged, measured)
}

func unsampled(latency string) Skip {
	return Skip{What: "p99 " + latency, Reason: "interrupted before its first sample"}
}

// objectives judges the p99 of every latency that has one.
func objectives(slo map[string]time.Duration, measured map[string]ledger.Quantiles) []Outcome {
	outcomes := make([]Outcome, 0, len(slo))
	for _, name := range sortedKeys(slo) {
		limit := float64(slo[name]) / float64(time.Millisecond)
		q, ok := measured[name]
		o := Outcome{Name: "p99 " + name, Want: fmt.Sprintf("≤ %g ms", limit), Got: "no samples"}
		if ok {
			o.Got, o.Pass = fmt.Sprintf("%.1f ms", q.P99), q.P99 <= limit
		}
		outcomes = append(outcomes, o)
	}
	return outcomes
}

// verdict is what is known so far.
func (r *run) verdict() Verdict {
	hops, hopOutcomes := reconcile(r.Scenario.Hops(), r.ledger)
	v := Verdict{
		SchemaVersion: VerdictSchema, Scenario: r.Scenario.Name(),
		Seed: r.o.Seed, Epoch: r.o.Epoch, Load: loadVerdict(r.cutLoad()), RunID: r.o.RunID, Interrupted: r.interrupted,
		Hops: hops, Outcomes: append(slices.Clone(hopOutcomes), r.outcomes...),
		LatencyMs: r.latencies(), Faults: r.faults.verdict(), Skipped: append([]Skip{}, r.skipped...),
		Startup: Startup{FirstGradedEventMs: float64(r.first.Load()) / 1e6},
	}
	if !r.env.Start.IsZero() {
		v.DurationSeconds = r.endedAt.Sub(r.env.Start).Seconds()
	}
	v.Pass = !slices.ContainsFunc(v.Outcomes, func(o Outcome) bool { return !o.Pass })
	return v
}
