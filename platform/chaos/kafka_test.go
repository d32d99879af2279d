package chaos_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/clock"
)

func kafkaTargets() []chaos.Target {
	return []chaos.Target{
		{Name: "stage", Kind: chaos.Service},
		{Name: "index", Kind: chaos.Service},
		{Name: "in", Kind: chaos.Topic, OnFailure: "in.dlq"},
		{Name: "out", Kind: chaos.Topic},
		{Name: "readers", Kind: chaos.Group},
		{Name: "broker", Kind: chaos.Broker},
		{Name: "schemas", Kind: chaos.Registry},
		{Name: "search", Kind: chaos.Index},
	}
}

func realTime(d time.Duration) time.Duration { return d }

func TestPlanFitsKafka(t *testing.T) {
	t.Parallel()
	s := parse(t, `faults:
  - {at: 1s, kind: poison, target: topics, records: 2}
  - {at: 2s, for: 1s, kind: error, target: topics}
  - {at: 3s, kind: move, target: topics}
  - {at: 4s, for: 500ms, kind: move, target: groups}
  - {at: 5s, kind: rebalance, target: readers}
  - {at: 6s, for: 1s, kind: lose, target: brokers}
  - {at: 7s, for: 1s, kind: lose, target: registries}
  - {at: 8s, for: 1s, kind: lose, target: indexes}
  - {at: 9s, for: 1s, kind: throttle, target: search, rate: 0.5}
  - {at: 9s, for: 1s, kind: throttle, target: functions}
`)
	plan, err := s.Plan(chaos.Load{Seed: 1, For: 10 * time.Second, ToWall: realTime}, kafkaTargets())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range plan {
		got = append(got, fmt.Sprintf("%v for %v", f, f.For))
	}
	want := []string{
		"poison in at 1s for 0s", // nobody says where out's poison ends
		"error in at 2s for 1s", "error out at 2s for 1s",
		"move in at 3s for 0s", "move out at 3s for 0s", "move readers at 4s for 500ms",
		"rebalance readers at 5s for 0s", "lose broker at 6s for 1s", "lose schemas at 7s for 1s",
		"lose search at 8s for 1s", "throttle search at 9s for 1s",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestKafkaFaultsSayEveryMisfit(t *testing.T) {
	t.Parallel()
	s := parse(t, `faults:
  - {at: 1s, kind: poison, target: out}
  - {at: 1s, for: 1s, kind: error, target: in, rate: 0.5}
  - {at: 1s, for: 1s, kind: error, target: in, code: ServiceUnavailable}
  - {at: 1s, for: 1s, kind: drop-reply, target: in, operation: Produce}
  - {at: 1s, for: 1s, kind: delay, target: broker, delay: 1ms, jitter: 1ms}
  - {at: 1s, for: 1s, kind: throttle, target: search, operation: bulk}
  - {at: 1s, kind: rebalance, target: in}
  - {at: 1s, for: 1s, kind: lose, target: in}
`)
	_, err := s.Plan(chaos.Load{Seed: 1, For: 10 * time.Second, ToWall: realTime}, kafkaTargets())
	for _, want := range []string{
		`line 2: poison has no target "out" here; there are in`,
		"line 3: error of a topic refuses every write with NOT_ENOUGH_REPLICAS",
		"line 4: error of a topic refuses every write with NOT_ENOUGH_REPLICAS",
		"line 5: drop-reply of a topic is of every write",
		"line 6: delay of brokers is the same of every fetch",
		"line 7: throttle of an index is of its writes",
		`line 8: rebalance has no target "in" here; there are readers`,
		`line 9: lose has no target "in" here; there are broker, schemas, search`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said:\n%v", want, err)
		}
	}
	_, err = chaos.Parse([]byte("faults:\n  - {at: 1s, kind: kill, target: app, pick: 1}\n  - {at: 1s, kind: lose, target: topics, for: 1s}\n  - {at: 1s, kind: lose, target: brokers}"))
	for _, want := range []string{
		`line 2: pick draws from all targets of a kind; target is "app", and streams,`,
		"line 3: lose hits a broker or registry or index, not topics",
		"line 4: lose needs for",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said:\n%v", want, err)
		}
	}
}

// TestASchedulePassesNoScenarioBy plans presets for scenarios that have nothing
// for them.
func TestASchedulePassesNoScenarioBy(t *testing.T) {
	t.Parallel()
	for preset, on := range map[string][]chaos.Target{"reshard": kafkaTargets(), "broker": targets(), "sink-down": nil} {
		data, err := chaos.ReadPreset(preset)
		if err != nil {
			t.Fatal(err)
		}
		_, err = parse(t, string(data)).Plan(load(1), on)
		if !errors.Is(err, chaos.ErrNothing) {
			t.Errorf("%s: %v", preset, err)
		}
		if preset == "reshard" && !strings.Contains(err.Error(), "they are for streams, and there are services, topics, groups, brokers, registries, indexes") {
			t.Errorf("%s: %v", preset, err)
		}
	}
	if plan, err := parse(t, "faults: []").Plan(load(1), nil); err != nil || len(plan) != 0 {
		t.Errorf("calm: %v, %v", plan, err)
	}
}

func TestScheduleSaysWhatHasNoTarget(t *testing.T) {
	t.Parallel()
	s := parse(t, `faults:
  - {at: 1s, kind: poison, target: topics}
  - {at: 1s, kind: stop, target: services, for: 1s}
  - {at: 1s, kind: rebalance, target: groups}
  - {at: 2s, kind: rebalance, target: groups}
  - {at: 1s, kind: split, target: in}
`)
	if got := s.Missing(targets()); !slices.Equal(got, []string{"topics", "groups"}) {
		t.Errorf("on streams: %q", got)
	}
	if got := s.Missing(kafkaTargets()); len(got) != 0 {
		t.Errorf("on Kafka: %q", got)
	}
}

func TestSeedPicks(t *testing.T) {
	t.Parallel()
	s := parse(t, "faults: [{at: 1s, kind: kill, target: services, pick: 1}]")
	count := map[string]int{}
	for seed := range uint64(50) {
		plan, err := s.Plan(load(seed), kafkaTargets())
		again, _ := s.Plan(load(seed), kafkaTargets())
		if err != nil || len(plan) != 1 || fmt.Sprint(plan) != fmt.Sprint(again) {
			t.Fatalf("seed %d: %v, again %v, %v", seed, plan, again, err)
		}
		count[plan[0].On.Name]++
	}
	if count["stage"] < 10 || count["index"] < 10 {
		t.Errorf("50 seeds pick %v", count)
	}
}

// late is an Injector that has nothing to disturb for a while.
type late struct {
	diary
	after time.Time
}

func (l *late) Disturb(f chaos.Planned) (func(), error) {
	if time.Now().Before(l.after) {
		return nil, chaos.ErrNotNow
	}
	return l.diary.Disturb(f)
}

func TestEngineWaitsForWhatItDisturbs(t *testing.T) {
	t.Parallel()
	plan, err := parse(t, "faults: [{at: 1s, kind: rebalance, target: groups}]").Plan(chaos.Load{For: 9 * time.Second, ToWall: realTime}, kafkaTargets())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		for wait, want := range map[time.Duration][]string{
			3 * time.Second: {"3s rebalance readers", "3s undo rebalance readers", "3s ended"},
			time.Hour:       {"31s ended"}, // and an error
		} {
			l := &late{diary: diary{start: time.Now()}, after: time.Now().Add(wait)}
			e := chaos.New(chaos.Config{
				Plan: plan, Start: l.start, Injector: l, Clock: clock.Wall{}, Log: slog.New(slog.DiscardHandler),
				Began: func(int) {}, Ended: func(int) { l.note("ended") },
			})
			err := e.Run(t.Context())
			if !slices.Equal(l.lines, want) || errors.Is(err, chaos.ErrNotNow) != (wait == time.Hour) {
				t.Errorf("got %q, %v; want %q", l.lines, err, want)
			}
		}
	})
}

func TestPoisonLiesWhereItIsSaidToLie(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "in"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics("in"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	plan, err := parse(t, "faults: [{at: 0, kind: poison, target: topics, records: 7}]").Plan(chaos.Load{For: time.Second, ToWall: realTime}, kafkaTargets())
	if err != nil {
		t.Fatal(err)
	}
	e := chaos.New(chaos.Config{
		Plan: plan, Start: time.Now(), Kafka: client, Clock: clock.Wall{}, Log: slog.New(slog.DiscardHandler),
		Mark: "run r-1", Began: func(int) {}, Ended: func(int) {},
	})
	if err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	places, partitions := map[string]bool{}, map[int32]bool{}
	for _, p := range e.Poisoned() {
		places[fmt.Sprint(p.Topic, p.Partition, p.Offset, p.OnFailure)] = true
		partitions[p.Partition] = true
	}
	if len(places) != 7 || len(partitions) < 2 {
		t.Errorf("poison at %v", places)
	}
	for found := 0; found < 7; {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			found++
			if !places[fmt.Sprint(r.Topic, r.Partition, r.Offset, "in.dlq")] || !strings.HasPrefix(string(r.Value), "\xff\x00weir poison ") {
				t.Errorf("at %d/%d lies %q", r.Partition, r.Offset, r.Value)
			}
		})
	}
}
