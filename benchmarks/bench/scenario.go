package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	fewDevices   = 500
	manyDevices  = 100 * fewDevices
	devicesRate  = 1000 // signups per second
	devicesFor   = 10 * time.Second
	growthMax    = 1.10
	locationRate = 5000
	offerP99Max  = 150.0 // ms, the scenario's objective
)

// measureDevices compares what a signup costs, in processor time of all
// processes together, from a hundred times the devices at the same rate.
func measureDevices(ctx context.Context, o options) ([]row, error) {
	weir, remove, err := buildWeir(ctx)
	if err != nil {
		return nil, err
	}
	defer remove()
	var few, many, ratios []float64
	for range o.rounds {
		a, err := runLocation(ctx, weir, devicesRate, devicesFor, fewDevices)
		if err != nil {
			return nil, err
		}
		b, err := runLocation(ctx, weir, devicesRate, devicesFor, manyDevices)
		if err != nil {
			return nil, err
		}
		few, many, ratios = append(few, a.microseconds), append(many, b.microseconds), append(ratios, b.microseconds/a.microseconds)
	}
	growth := median(ratios)
	return []row{
		{what: fmt.Sprintf("run location, %d/s from %d devices", devicesRate, fewDevices), got: fmt.Sprintf("%.0f CPU-µs per signup", median(few)), ratio: "1.00"},
		{
			what: fmt.Sprintf("run location, %d/s from %d devices", devicesRate, manyDevices), got: fmt.Sprintf("%.0f CPU-µs per signup", median(many)),
			ratio: fmt.Sprintf("%.2f", growth), target: fmt.Sprintf("≤ %.2f", growthMax), met: growth <= growthMax,
		},
	}, nil
}

// measureLocation runs the whole scenario at its highest rate: once, since it
// grades itself.
func measureLocation(ctx context.Context, o options) ([]row, error) {
	weir, remove, err := buildWeir(ctx)
	if err != nil {
		return nil, err
	}
	defer remove()
	r, err := runLocation(ctx, weir, locationRate, o.run, 0)
	if err != nil {
		return nil, err
	}
	return []row{{
		what:   fmt.Sprintf("run location --rate %d --for %v --quotas off", locationRate, o.run),
		got:    fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, %.0f CPU-µs per signup, %d MB, %s", r.p50, r.p99, r.microseconds, r.peakBytes>>20, r.failed()),
		target: fmt.Sprintf("graded right, p99 ≤ %.0f ms", offerP99Max), met: len(r.wrong) == 0,
	}}, nil
}

// buildWeir builds the program that users run, from this repository.
func buildWeir(ctx context.Context) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "weir-bench-")
	if err != nil {
		return "", nil, fmt.Errorf("build weir: %w", err)
	}
	remove = func() { _ = os.RemoveAll(dir) }
	path = filepath.Join(dir, "weir")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/weirstream/weir/cmd/weir").CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("build weir, from within its repository: %w\n%s", err, out)
	}
	return path, remove, nil
}
