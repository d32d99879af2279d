package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/scenario"
)

// What the screen shows of faults, the latest first: those at work, those that
// are still felt, and for a while those that were recovered from.
const (
	faultsShown    = 5
	recoveredShown = 3
	recoveredFor   = 5 * time.Second
)

// Marks before faults, which a terminal paints.
const (
	markActive     = "●"
	markRecovering = "◌"
	markRecovered  = "✓"
	markFailed     = "✗"
)

// paintMark colours the mark that a line begins with, if it does.
func (l look) paintMark(line string) string {
	for mark, colour := range map[string]string{markActive: red, markRecovering: yellow, markRecovered: green, markFailed: red} {
		if rest, ok := strings.CutPrefix(line, "    "+mark+" "); ok {
			return "    " + l.paint(colour, mark) + " " + rest
		}
	}
	return line
}

// faultsBlock is the redrawn form of a disturbed run's faults; none without.
func faultsBlock(p scenario.Progress) []string {
	f := p.Faults
	if f.Planned == 0 {
		return nil
	}
	head := fmt.Sprintf("  faults %d of %d", len(f.Begun), f.Planned)
	if f.Next != "" && (p.Phase == scenario.Sending || p.Phase == scenario.Starting || p.Phase == scenario.Provisioning) {
		head += fmt.Sprintf("   next: %s in %s", f.Next, tenths(f.NextIn))
	}
	var active, recovering, past []string
	var oldest time.Duration
	for _, b := range slices.Backward(f.Begun) {
		line := "    " + faultText(b)
		switch {
		case b.State == scenario.FaultActive:
			active = append(active, line)
		case b.State != scenario.FaultRecovered:
			recovering, oldest = append(recovering, line), max(oldest, b.Since)
		case p.Phase == scenario.Sending && b.Since-b.Recovered < recoveredFor:
			past = append(past, line)
		}
	}
	shown := max(1, faultsShown-len(active))
	if more := len(recovering) - shown; more > 0 {
		recovering = append(recovering[:shown], fmt.Sprintf("    %s and %d more, for %s at most", markRecovering, more, tenths(oldest)))
	}
	if more := len(active) - faultsShown; more > 0 {
		active = append(active[:faultsShown], fmt.Sprintf("    %s and %d more", markActive, more))
	}
	return slices.Concat([]string{head}, active, recovering, past[:min(len(past), recoveredShown)])
}

// faultText is one fault with its mark and its price so far.
func faultText(b scenario.FaultProgress) string {
	price := fmt.Sprintf("%d redelivered", b.Redelivered)
	if b.Doubled > 0 {
		price += fmt.Sprintf(", %d doubled", b.Doubled)
	}
	switch b.State {
	case scenario.FaultActive:
		if left := b.For - b.Since; left > 0 {
			return fmt.Sprintf("%s %s   %s left, %s", markActive, b.Name, tenths(left), price)
		}
		return fmt.Sprintf("%s %s   for %s, %s", markActive, b.Name, tenths(b.Since), price)
	case scenario.FaultRecovering:
		return fmt.Sprintf("%s %s   recovering for %s, %s", markRecovering, b.Name, tenths(b.Since), price)
	case scenario.FaultUnrecovered:
		return fmt.Sprintf("%s %s   not recovered from, %s", markFailed, b.Name, price)
	}
	return fmt.Sprintf("%s %s   recovered in %s, %s", markRecovered, b.Name, tenths(b.Recovered), price)
}

// tellFaults prints what has become of faults since the last time; s.mu is held.
func (s *screen) tellFaults(p scenario.Progress) {
	told := s.faults[p.Scenario]
	if told == nil {
		told = map[int]scenario.FaultState{}
		s.faults[p.Scenario] = told
	}
	for _, b := range p.Faults.Begun {
		name := fmt.Sprintf("%s fault %d/%d %s", p.Scenario, b.Number, p.Faults.Planned, b.Name)
		before, known := told[b.Number]
		if !known {
			line := fmt.Sprintf("%s begins at %s", name, b.At)
			if b.For > 0 {
				line += fmt.Sprintf(" for %s", b.For.Round(time.Millisecond))
			}
			fmt.Fprintln(s.out, line)
		}
		told[b.Number] = b.State
		became := ""
		switch b.State {
		case before:
		case scenario.FaultUnrecovered:
			became = "not recovered from"
		case scenario.FaultRecovered:
			became = "recovered in " + b.Recovered.Round(time.Millisecond).String()
		}
		if became != "" {
			fmt.Fprintf(s.out, "%s %s, redelivered=%d doubled=%d\n", name, became, b.Redelivered, b.Doubled)
		}
	}
}

// tenths is a duration that keeps its width while it runs down.
func tenths(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
