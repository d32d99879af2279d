package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
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

// printVerdict is the verdict for a person. What nobody can read must not pass
// for said: an output that takes no more is an error.
func printVerdict(out io.Writer, v scenario.Verdict) error {
	var text bytes.Buffer
	lookOf(out).verdict(&text, v)
	if _, err := out.Write(text.Bytes()); err != nil {
		return fmt.Errorf("print the verdict: %w", err)
	}
	return nil
}

func (l look) verdict(out io.Writer, v scenario.Verdict) {
	fmt.Fprintln(out)
	title := l.fold(fmt.Sprintf("%s  %s  %s of load, seed %d, epoch %s, run %s",
		v.Scenario, passText(v.Pass), round(time.Duration(v.DurationSeconds*float64(time.Second))),
		v.Seed, v.Epoch.Format(time.RFC3339Nano), v.RunID), 2)
	title[0] = strings.Replace(title[0], passText(v.Pass), l.paint(passColour(v.Pass), passText(v.Pass)), 1)
	fmt.Fprintln(out, strings.Join(title, "\n"))
	if v.Interrupted {
		fmt.Fprintln(out, "interrupted: graded what was sent")
	}
	printHops(out, l, v.Hops)
	printLatencies(out, v)
	printOutcomes(out, l, v.Outcomes)
	for _, f := range v.Faults {
		l.line(out, 2, "fault at %s: %s %s: %s, recovered in %.0f ms", f.At, f.Kind, f.Target, f.Cost, f.RecoveredAfterMs)
	}
	for _, s := range v.Skipped {
		l.line(out, 2, "skipped: %s: %s", s.What, s.Reason)
	}
	l.line(out, 2, "%s, peak memory %s", firstEvent(v), peakMemory(v))
}

func firstEvent(v scenario.Verdict) string {
	if v.Startup.FirstGradedEventMs <= 0 {
		return "no graded event"
	}
	return fmt.Sprintf("first graded event %.0f ms after process start", v.Startup.FirstGradedEventMs)
}

func peakMemory(v scenario.Verdict) string {
	if v.PeakRSSBytes == 0 {
		return v.PeakRSSMethod
	}
	return fmt.Sprintf("%.0f MB (%s)", float64(v.PeakRSSBytes)/1e6, v.PeakRSSMethod)
}

func passText(pass bool) string {
	if pass {
		return "PASS"
	}
	return "FAIL"
}

func passColour(pass bool) string {
	if pass {
		return green
	}
	return red
}

// printHops leaves out columns where the terminal is too narrow for all.
func printHops(out io.Writer, l look, hops []scenario.HopVerdict) {
	rows := hopRows(hops)
	for _, spare := range []string{"guarantee", "out of order", "acked"} {
		if l.width > 0 && tableWidth(rows) > l.width {
			rows = withoutColumn(rows, spare)
		}
	}
	table(out, rows)
}

// hopRows are what a person reads of hops; the JSON report has more.
func hopRows(hops []scenario.HopVerdict) [][]string {
	rows := [][]string{{"hop", "guarantee", "sent", "acked", "received", "lost", "duplicates", "out of order"}}
	for _, h := range hops {
		row := []string{h.From + " → " + h.To, string(h.Guarantee)}
		for _, n := range []int{h.Sent, h.Acknowledged, h.Received, h.Lost, h.Duplicates, h.OutOfOrder} {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, row)
	}
	return rows
}

func withoutColumn(rows [][]string, title string) [][]string {
	at := slices.Index(rows[0], title)
	for i := range rows {
		rows[i] = slices.Delete(rows[i], at, at+1)
	}
	return rows
}

func printLatencies(out io.Writer, v scenario.Verdict) {
	if len(v.LatencyMs) == 0 {
		return
	}
	rows := [][]string{{"ms from intended send", "p50", "p90", "p99", "p99.9", "max"}}
	for _, name := range sortedKeys(v.LatencyMs) {
		row := []string{name}
		q := v.LatencyMs[name]
		for _, ms := range []float64{q.P50, q.P90, q.P99, q.P999, q.Max} {
			row = append(row, fmt.Sprintf("%.1f", ms))
		}
		rows = append(rows, row)
	}
	table(out, rows)
}

func printOutcomes(out io.Writer, l look, outcomes []scenario.Outcome) {
	for _, o := range outcomes {
		mark := "✓"
		if !o.Pass {
			mark = "✗"
		}
		text := fmt.Sprintf("  %s %s: %s", mark, o.Name, o.Got)
		if !o.Pass || o.Got != o.Want {
			text += fmt.Sprintf(" (want %s)", o.Want)
		}
		for i, part := range strings.Split(text, "\n") {
			if i > 0 {
				part = "      " + part
			}
			for j, line := range l.fold(part, 6) {
				if i+j == 0 {
					line = strings.Replace(line, mark, l.paint(passColour(o.Pass), mark), 1)
				}
				fmt.Fprintln(out, line)
			}
		}
	}
}
