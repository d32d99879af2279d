package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/scenario"
)

// progressBlock is the redrawn form: what happens, a bar, the figures.
func progressBlock(p scenario.Progress) []string {
	head := fmt.Sprintf("%s  %s", p.Scenario, p.Phase)
	switch p.Phase {
	case scenario.Sending:
		head += fmt.Sprintf("  %s %s of %s", bar(p.Elapsed, p.For), round(p.Elapsed), round(p.For))
	case scenario.Closing:
		head += "  interrupted: waiting for " + p.Waiting
	case scenario.Draining:
		head += fmt.Sprintf("  waiting for %s (gives up in %s)", orNothing(p.Waiting), round(p.DrainLeft))
	}
	return append([]string{
		head,
		fmt.Sprintf("  sent %d   %s   %.0f/s", p.Sent, arrived(p, "acknowledged %d", "delivered %d   in flight %d"), p.PerSecond),
		fmt.Sprintf("  %s p50 %.1f ms   p99 %.1f ms", p.Latency, p.P50, p.P99),
	}, faultsBlock(p)...)
}

// progressLine is the form for logs and pipes.
func progressLine(p scenario.Progress) string {
	switch p.Phase {
	case scenario.Provisioning, scenario.Starting, scenario.Grading, scenario.Done:
		return fmt.Sprintf("%s %s", p.Scenario, p.Phase)
	}
	line := fmt.Sprintf("%s %s %s sent=%d %s rate=%.0f/s p50=%.1fms p99=%.1fms",
		p.Scenario, p.Phase, round(p.Elapsed), p.Sent, arrived(p, "acknowledged=%d", "delivered=%d in_flight=%d"), p.PerSecond, p.P50, p.P99)
	if p.Phase == scenario.Closing || p.Phase == scenario.Draining {
		line += " waiting_for=" + fmt.Sprintf("%q", orNothing(p.Waiting))
	}
	return line
}

// arrived says how far events are known to have come.
func arrived(p scenario.Progress, unseen, seen string) string {
	if p.Unseen {
		return fmt.Sprintf(unseen, p.Acked)
	}
	return fmt.Sprintf(seen, p.Delivered, p.InFlight)
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

func bar(done, of time.Duration) string {
	const cells = 24
	filled := cells
	if of > 0 {
		filled = min(cells, int(cells*done/of))
	}
	return strings.Repeat("█", filled) + strings.Repeat("░", cells-filled)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
