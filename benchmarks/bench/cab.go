package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios"
	"github.com/weirstream/weir/scenarios/cab/event"
)

const (
	cabRate     = 20_000 // readings per second
	cabDevices  = 20_000
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
	found, ok := scenarios.Find("cab")
	if !ok {
		return nil, errors.New("there is no scenario cab")
	}
	cab, err := found.New()
	if err != nil {
		return nil, err
	}
	objectives := cab.Scenario.Defaults(nil).SLO
	var closing time.Duration // the cabs' few readings after the load, until the last windows have ended
	if closer, ok := cab.Simulator.(scenario.Closer); ok {
		closing = closer.Closing()
	}
	plain, err := runScenario(ctx, weir, event.DeviceToHub, "cab")
	if err != nil {
		return nil, err
	}
	high, err := runScenario(ctx, weir, event.DeviceToHub, "cab", "--quotas", "off", "--rate", fmt.Sprint(cabRate),
		"--devices", fmt.Sprint(cabDevices), "--speed", "1", "--for", o.run.String())
	if err != nil {
		return nil, err
	}
	searchable := high.latencies[event.DeviceToSearchable]
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
			target: fmt.Sprintf("graded right, p99 ≤ %v", objectives[event.DeviceToHub]), met: len(high.wrong) == 0,
		},
		{
			what: "the same, until a reading is searchable", got: fmt.Sprintf("p50 %.0f ms, p99 %.0f ms", searchable.P50, searchable.P99),
			target: fmt.Sprintf("p99 ≤ %v", objectives[event.DeviceToSearchable]), met: searchable.P99 > 0 && searchable.P99 <= float64(objectives[event.DeviceToSearchable].Milliseconds()),
		},
	}, nil
}
