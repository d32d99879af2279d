package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/weirstream/weir/scenarios/location/event"
)

type quantiles struct{ P50, P99 float64 }

// outcome is what one run of the scenario came to.
type outcome struct {
	microseconds float64 // of processor time per event, all processes
	p50, p99     float64 // ms from the intended send to the outcome
	latencies    map[string]quantiles
	sent         int
	seconds      float64 // of the whole run
	firstMs      float64 // from the process' start to its first graded event
	peakBytes    int64
	wrong        []string // outcomes that failed
}

func (o outcome) failed() string {
	if len(o.wrong) == 0 {
		return "every outcome right"
	}
	return fmt.Sprintf("failed: %q", o.wrong)
}

// runLocation runs the location scenario; devices 0 takes its default.
func runLocation(ctx context.Context, weir string, rate int, length time.Duration, devices int) (outcome, error) {
	args := []string{"location", "--quotas", "off", "--rate", strconv.Itoa(rate), "--for", length.String()}
	if devices > 0 {
		args = append(args, "--devices", strconv.Itoa(devices))
	}
	return runScenario(ctx, weir, event.SignupToOffer, args...)
}

// runScenario runs and reads the verdict, whatever it is.
func runScenario(ctx context.Context, weir, latency string, args ...string) (outcome, error) {
	report := filepath.Join(filepath.Dir(weir), "verdict.json")
	cmd := exec.CommandContext(ctx, weir, append([]string{"run", "--json", report}, args...)...)
	var exit *exec.ExitError
	if out, err := cmd.CombinedOutput(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return outcome{}, fmt.Errorf("weir run: %w\n%s", err, out)
	}
	data, err := os.ReadFile(report)
	if err != nil {
		return outcome{}, fmt.Errorf("read the verdict: %w", err)
	}
	var verdicts []struct {
		Hops     []struct{ Sent float64 }
		Outcomes []struct {
			Name, Got string
			Pass      bool
		}
		LatencyMs map[string]quantiles
		PeakBytes int64   `json:"peakRSSBytes"`
		Duration  float64 `json:"durationSeconds"`
		Startup   struct{ FirstGradedEventMs float64 }
	}
	if err := json.Unmarshal(data, &verdicts); err != nil || len(verdicts) != 1 || len(verdicts[0].Hops) == 0 {
		return outcome{}, fmt.Errorf("read the verdict: not one with hops (%w)", err)
	}
	v := verdicts[0]
	busy := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() // with all the processes it has waited for
	o := outcome{
		microseconds: busy.Seconds() * 1e6 / v.Hops[0].Sent, peakBytes: v.PeakBytes, sent: int(v.Hops[0].Sent), seconds: v.Duration, firstMs: v.Startup.FirstGradedEventMs,
		latencies: v.LatencyMs, p50: v.LatencyMs[latency].P50, p99: v.LatencyMs[latency].P99,
	}
	for _, promise := range v.Outcomes {
		if !promise.Pass {
			o.wrong = append(o.wrong, promise.Name+": "+promise.Got)
		}
	}
	return o, nil
}
