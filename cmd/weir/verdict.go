package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/weirstream/weir/platform/scenario"
)

// marshalVerdicts is the JSON report: an array, one element per scenario.
func marshalVerdicts(verdicts []scenario.Verdict) ([]byte, error) {
	data, err := json.MarshalIndent(verdicts, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the verdicts: %w", err)
	}
	return append(data, '\n'), nil
}

// printVerdict is the verdict for a person.
func printVerdict(out io.Writer, v scenario.Verdict) {
	fmt.Fprintf(out, "\n%s  %s  %s of load, seed %d, epoch %s, run %s\n",
		v.Scenario, passText(v.Pass), round(time.Duration(v.DurationSeconds*float64(time.Second))),
		v.Seed, v.Epoch.Format(time.RFC3339Nano), v.RunID)
	if v.Interrupted {
		fmt.Fprintln(out, "interrupted: graded what was sent until then")
	}
	printHops(out, v.Hops)
	printLatencies(out, v)
	printOutcomes(out, v.Outcomes)
	for _, f := range v.Faults {
		fmt.Fprintf(out, "fault at %s: %s %s: %s, recovered in %.0f ms\n", f.At, f.Kind, f.Target, f.Cost, f.RecoveredAfterMs)
	}
	for _, s := range v.Skipped {
		fmt.Fprintf(out, "skipped: %s: %s\n", s.What, s.Reason)
	}
	fmt.Fprintf(out, "first graded event %.0f ms after process start, peak memory %.0f MB (%s)\n",
		v.Startup.FirstGradedEventMs, float64(v.PeakRSSBytes)/1e6, v.PeakRSSMethod)
}

func passText(pass bool) string {
	if pass {
		return "PASS"
	}
	return "FAIL"
}

func printHops(out io.Writer, hops []scenario.HopVerdict) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\thop\tguarantee\tsent\tacknowledged\treceived\tlost\tduplicates\tout of order\t")
	for _, h := range hops {
		fmt.Fprintf(t, "\t%s → %s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n",
			h.From, h.To, h.Guarantee, h.Sent, h.Acknowledged, h.Received, h.Lost, h.Duplicates, h.OutOfOrder)
	}
	_ = t.Flush()
}

func printLatencies(out io.Writer, v scenario.Verdict) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tms from intended send\tp50\tp90\tp99\tp99.9\tmax\t")
	for _, name := range sortedKeys(v.LatencyMs) {
		q := v.LatencyMs[name]
		fmt.Fprintf(t, "\t%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t\n", name, q.P50, q.P90, q.P99, q.P999, q.Max)
	}
	_ = t.Flush()
}

func printOutcomes(out io.Writer, outcomes []scenario.Outcome) {
	for _, o := range outcomes {
		mark := "✓"
		if !o.Pass {
			mark = "✗"
		}
		fmt.Fprintf(out, "  %s %s: %s", mark, o.Name, strings.ReplaceAll(o.Got, "\n", "\n      "))
		if !o.Pass || o.Got != o.Want {
			fmt.Fprintf(out, " (want %s)", o.Want)
		}
		fmt.Fprintln(out)
	}
}
