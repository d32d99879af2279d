package main

import (
	"context"
	"fmt"
	"time"
)

const (
	cabRate     = 20_000 // readings per second
	cabDevices  = 20_000
	hubLatency  = "device→hub"
	hubP99Max   = 1000.0 // ms, the scenario's objective
	searchable  = "device→searchable"
	foundP99Max = 3000.0 // ms, likewise
	cabPeakMax  = 300 << 20
	cabFirstMax = 3000 // ms
)

// measureCab runs the whole cab scenario: as users run it, and at its highest
// rate, each once, since it grades itself.
func measureCab(ctx context.Context, o options) ([]row, error) {
	weir, remove, err := buildWeir(ctx)
	if err != nil {
		return nil, err
	}
	defer remove()
	plain, err := runScenario(ctx, weir, hubLatency, "cab")
	if err != nil {
		return nil, err
	}
	high, err := runScenario(ctx, weir, hubLatency, "cab", "--quotas", "off", "--rate", fmt.Sprint(cabRate),
		"--devices", fmt.Sprint(cabDevices), "--speed", "1", "--for", o.run.String())
	if err != nil {
		return nil, err
	}
	found := high.latencies[searchable]
	const closing = 4 * time.Minute // the cabs' few readings after the load, until the last windows have ended
	return []row{
		{
			what: "run cab, start to first graded event", got: fmt.Sprintf("%.0f ms, %s", plain.firstMs, plain.failed()),
			target: fmt.Sprintf("≤ %d s", cabFirstMax/1000), met: plain.firstMs <= cabFirstMax && len(plain.wrong) == 0,
		},
		{
			what: "run cab, peak memory", got: fmt.Sprintf("%d MB", plain.peakBytes>>20),
			target: fmt.Sprintf("≤ %d MB", cabPeakMax>>20), met: plain.peakBytes <= cabPeakMax,
		},
		{
			what: fmt.Sprintf("run cab --quotas off --rate %d --devices %d --speed 1 --for %v: %d readings", cabRate, cabDevices, o.run, high.sent),
			got: fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, %.0f CPU-µs per reading in all, %d MB, drained %.1f s after the last reading, %s",
				high.p50, high.p99, high.microseconds, high.peakBytes>>20, high.seconds-(o.run+closing).Seconds(), high.failed()),
			target: fmt.Sprintf("graded right, p99 ≤ %.0f ms", hubP99Max), met: len(high.wrong) == 0,
		},
		{
			what: "the same, until a reading is searchable", got: fmt.Sprintf("p50 %.0f ms, p99 %.0f ms", found.P50, found.P99),
			target: fmt.Sprintf("p99 ≤ %.0f ms", foundP99Max), met: found.P99 > 0 && found.P99 <= foundP99Max,
		},
	}, nil
}
