//go:build e2e

package e2e

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// TestRunsOnRealEngines has the same binary come to the same verdict on real
// engines as on its own, and live through what happens to engines.
func TestRunsOnRealEngines(t *testing.T) {
	e := startEngines(t)
	t.Run("same verdict", e.sameVerdict)
	t.Run("services killed", e.kills)
	t.Run("broker restarted", e.restart)
	t.Run("broker paused", e.pause)
}

// sameVerdict runs the same plan on the embedded and on the real engines.
func (e engines) sameVerdict(t *testing.T) {
	real := start(t, append(plan("--for", "90s"), e.flags()...)...)
	got, gotText := real.ended(t)
	mustPass(t, real, got)
	own := start(t, plan("--for", "90s")...)
	want, wantText := own.ended(t)
	mustPass(t, own, want)
	if got.Target != "containers" || want.Target != "embedded" {
		t.Errorf("targets %q and %q", got.Target, want.Target)
	}
	if got, want := shape(t, gotText), shape(t, wantText); got != want {
		t.Errorf("the verdict's JSON has the shape\n%s\nand on the embedded target\n%s", got, want)
	}
	for i, h := range got.Hops {
		if w := want.Hops[i]; h.Sent != w.Sent || h.Acknowledged != w.Acknowledged || h.Received != w.Received {
			t.Errorf("hop %+v, and on the embedded target %+v", h, w)
		}
	}
	for i, o := range got.Outcomes {
		if w := want.Outcomes[i]; o.Name != w.Name || o.Want != w.Want {
			t.Errorf("outcome %s (want %s), and on the embedded target %s (want %s)", o.Name, o.Want, w.Name, w.Want)
		}
	}
}

// shape is JSON without its values: the names of members, to any depth.
func shape(t *testing.T, text []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{}
	var walk func(v any, path string)
	walk = func(v any, path string) {
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				walk(inner, path+"."+name)
			}
		case []any:
			for _, inner := range v {
				walk(inner, path+"[]")
			}
			paths[path+"[]"] = true // also an empty one
		default:
			paths[path] = true
		}
	}
	walk(v, "")
	return strings.Join(slices.Sorted(maps.Keys(paths)), "\n")
}

// kills has weir kill its services, which find the engines again by themselves.
func (e engines) kills(t *testing.T) {
	r := start(t, append(plan("--for", "90s", "--chaos", "kills"), e.flags()...)...)
	v, _ := r.ended(t)
	mustPass(t, r, v)
	if len(v.Faults) == 0 {
		t.Error("nothing was killed")
	}
	for _, f := range v.Faults {
		t.Logf("%s %s at %s: recovered in %.0f ms, %s", f.Kind, f.Target, f.At, f.RecoveredAfterMs, f.Cost)
	}
}

// restart stops the one broker that there is and starts it again.
func (e engines) restart(t *testing.T) {
	e.disturbed(t, "2", func() {
		polite := 20 * time.Second
		if err := e.kafka.Stop(t.Context(), &polite); err != nil {
			t.Fatal(err)
		}
		if err := e.kafka.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		e.kafka.await(t)
	})
}

// pause stops every process of the broker: its connections stay open and answer
// nothing, as when the network between is gone.
func (e engines) pause(t *testing.T) {
	e.disturbed(t, "4", func() {
		docker, err := testcontainers.NewDockerClientWithOpts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer docker.Close()
		id := e.kafka.GetContainerID()
		if _, err := docker.ContainerPause(t.Context(), id, client.ContainerPauseOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(8 * time.Second)
		if _, err := docker.ContainerUnpause(t.Context(), id, client.ContainerUnpauseOptions{}); err != nil {
			t.Fatal(err)
		}
	})
}

// disturbed has harm done in the middle of a run. What that costs is time alone,
// as long as it is shorter than what makes a reading late: two simulated minutes.
// At the scenario's own speed that would be six seconds.
func (e engines) disturbed(t *testing.T, speed string, harm func()) {
	t.Helper()
	r := start(t, append(plan("--for", "45s", "--speed", speed), e.flags()...)...)
	select {
	case <-r.sending:
	case <-time.After(time.Minute):
		t.Fatalf("nothing was sent within a minute: %s", r.stderr.String())
	}
	time.Sleep(2 * time.Second)
	began := time.Now()
	harm()
	t.Logf("the broker was away for %d ms", time.Since(began).Milliseconds())
	v, _ := r.ended(t)
	mustPass(t, r, v)
	if worst := slowest(v); worst < 1000 {
		t.Errorf("the slowest reading took %.0f ms: the broker was not missed", worst)
	}
}

func slowest(v verdict) (ms float64) {
	for _, q := range v.LatencyMs {
		ms = max(ms, q.Max)
	}
	return ms
}
