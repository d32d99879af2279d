package chaos_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/chaos"
)

func targets() []chaos.Target {
	return []chaos.Target{
		{Name: "in", Kind: chaos.Stream, Operations: []string{"PutRecords"}, OnFailure: "failed"},
		{Name: "out", Kind: chaos.Stream, Operations: []string{"PutRecords", "SubscribeToShard"}},
		{Name: "f", Kind: chaos.Function},
		{Name: "app", Kind: chaos.Service},
	}
}

func load(seed uint64) chaos.Load {
	return chaos.Load{Seed: seed, For: 10 * time.Second, ToWall: func(d time.Duration) time.Duration { return d / 2 }}
}

func parse(t *testing.T, text string) chaos.Schedule {
	t.Helper()
	s, err := chaos.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPlanIsReplayedFromItsSeed(t *testing.T) {
	t.Parallel()
	data, err := chaos.ReadPreset("storm")
	if err != nil {
		t.Fatal(err)
	}
	storm := parse(t, string(data))
	seen := map[string]bool{}
	for seed := range uint64(20) {
		plan, err := storm.Plan(load(seed), targets())
		if err != nil {
			t.Fatal(err)
		}
		again, err := storm.Plan(load(seed), targets())
		if err != nil || fmt.Sprint(plan) != fmt.Sprint(again) || !slices.EqualFunc(plan, again, func(a, b chaos.Planned) bool {
			return a.Seed == b.Seed && a.For == b.For && a.Kind == b.Kind && a.At == b.At
		}) {
			t.Errorf("seed %d gives\n%v\nand then\n%v (%v)", seed, plan, again, err)
		}
		seen[fmt.Sprint(plan)] = true
		if !slices.IsSortedFunc(plan, func(a, b chaos.Planned) int { return int(a.At - b.At) }) {
			t.Errorf("seed %d: not in the order of time: %v", seed, plan)
		}
	}
	if len(seen) != 20 {
		t.Errorf("20 seeds give %d plans", len(seen))
	}
}

func TestPlanFitsTheRun(t *testing.T) {
	t.Parallel()
	s := parse(t, `faults:
  - {at: 50%, for: 10%, kind: delay, target: out, delay: 5ms, operation: SubscribeToShard}
  - {at: 2s, for: 3s, kind: throttle, target: streams, rate: 0.5}
  - {at: 1s, kind: kill, target: functions, times: 3, every: 200ms}
  - {at: 6s, kind: stop, target: app}
  - {at: 8s, kind: start, target: app}
`)
	plan, err := s.Plan(load(1), targets())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range plan {
		got = append(got, fmt.Sprintf("%v for %v %s", f, f.For, f.Operation))
	}
	// At is on the simulated clock, which is twice as fast here; for is wall
	// time, and a percentage of the run's.
	want := []string{
		"kill f at 500ms for 400ms ",
		"throttle in at 1s for 3s PutRecords",
		"throttle out at 1s for 3s PutRecords",
		"delay out at 2.5s for 500ms SubscribeToShard",
		"stop app at 3s for 1s ", // until its start
		"start app at 4s for 0s ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if d := chaos.Disrupted(plan); !slices.Equal(d, []string{"app"}) {
		t.Errorf("disrupted %v", d)
	}
}

func TestPlanSaysEveryMisfit(t *testing.T) {
	t.Parallel()
	s := parse(t, `faults:
  - {at: 1s, kind: poison, target: nowhere}
  - {at: 10s, kind: split, target: in}
  - {at: 1s, for: 1s, kind: error, target: in, operation: GetRecords}
  - {at: 1s, for: 1s, kind: throttle, target: f, rate: 0.5}
  - {at: 5s, kind: stop, target: app}
  - {at: 4s, kind: start, target: app}
  - {at: 1s, kind: kill, target: app, times: 2}
  - {at: 1s, kind: kill, target: f, for: 2s}
  - {at: 1s, kind: merge, target: app}
`)
	_, err := s.Plan(load(1), targets())
	if err == nil {
		t.Fatal("planned")
	}
	for _, want := range []string{
		`line 2: poison has no target "nowhere" here; there are in, out`,
		`line 3: at 10s lies beyond the run`,
		`line 4: operation "GetRecords" on in is not the scenario's`,
		`line 5: throttle of a function is of all its invocations`,
		`line 6: stop of app never ends`,
		`line 8: kill of a service is once`,
		`line 9: kill of a function is an instant`,
		`line 10: merge has no target "app"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said:\n%v", want, err)
		}
	}
}
