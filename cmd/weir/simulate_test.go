package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/scenario"
)

// simulateAt runs `weir simulate` at a cloud whose simulated clock stands at
// epoch, into a service that refuses everything.
func simulateAt(t *testing.T, epoch time.Time, args ...string) (code int, stderr string, rec scenario.Record) {
	t.Helper()
	c := cloudtest.Run(t, cloud.Config{Sim: clock.Simulated{Epoch: epoch, Origin: time.Now(), Speed: 1}})
	refuses := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(refuses.Close)
	file := filepath.Join(t.TempDir(), "run.ledger")
	var stdout, said bytes.Buffer
	args = append([]string{"simulate"}, append(args, "--endpoint", c.Endpoint(), "--url", refuses.URL, "--ledger", file)...)
	if code = execute(args, strings.NewReader(""), &stdout, &said); code == exitPass {
		var err error
		if rec, err = scenario.ReadRecord(file); err != nil {
			t.Fatal(err)
		}
	}
	return code, said.String(), rec
}

func TestSimulateTakesTheEndpointsTime(t *testing.T) {
	t.Parallel()
	stands := time.Date(2031, 5, 6, 7, 8, 9, 123456789, time.UTC)
	code, said, rec := simulateAt(t, stands, "location", "--for", "200ms", "--rate", "20")
	if code != exitPass {
		t.Fatalf("exit %d: %s", code, said)
	}
	if late := rec.Epoch.Sub(stands); late < -time.Millisecond || late > time.Minute || rec.Epoch.Nanosecond()%int(time.Millisecond) != 0 {
		t.Errorf("the plan begins at %v where the clock began at %v", rec.Epoch, stands)
	}
}

// A plan whose events carry its instants has to begin when the endpoint is;
// location's do not, and the same epoch gives the same plan.
func TestSimulateElsewhenIsForEventsWithoutInstants(t *testing.T) {
	t.Parallel()
	stands := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	code, said, _ := simulateAt(t, stands, "cab", "--epoch", "2026-01-01T08:00:00Z")
	if code != exitUsage {
		t.Errorf("exit %d: %s", code, said)
	}
	for _, want := range []string{"--epoch 2026-01-01T08:00:00Z", "stands at 2031-05-06T07:0", "leave --epoch out", "weir simulate --help"} {
		if !strings.Contains(said, want) {
			t.Errorf("does not say %q:\n%s", want, said)
		}
	}
	asked := "2026-01-01T08:00:00Z"
	code, said, rec := simulateAt(t, stands, "location", "--epoch", asked, "--for", "200ms", "--rate", "20")
	if code != exitPass || rec.Epoch.Format(time.RFC3339) != asked {
		t.Errorf("exit %d, epoch %v: %s", code, rec.Epoch, said)
	}
}

func TestEpochNearTheEndpointsIsTaken(t *testing.T) {
	t.Parallel()
	entries, err := pick([]string{"cab"})
	if err != nil {
		t.Fatal(err)
	}
	sim := clock.Simulated{Epoch: time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC), Origin: time.Now(), Speed: 1e-3} // stands almost still
	for skew, taken := range map[time.Duration]bool{0: true, 9 * time.Second: true, -9 * time.Second: true, 11 * time.Second: false, -11 * time.Second: false} {
		asked := sim.Epoch.Add(skew)
		f := loadFlags{epoch: asked.Format(time.RFC3339)}
		if got, err := f.epochAt(entries[0].Scenario, asked, sim); (err == nil) != taken || taken && !got.Equal(asked) {
			t.Errorf("%v off: %v, %v", skew, got, err)
		}
	}
}
