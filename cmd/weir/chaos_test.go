package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/cloud/kinesis"
	"github.com/weirstream/weir/platform/cloud/wire"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/simulators/subscribers"
)

// TestChaos breaks the location scenario in every way there is. Like
// TestSabotage, the runs mostly wait and go all at once.
func TestChaos(t *testing.T) {
	tests := []struct {
		name string
		run  func(t *testing.T)
	}{
		{"kill function", priced("{at: 1s, kill: function}", "kill location-offers")},
		{"kill app", priced("{at: 1s, kill: app}", "kill app")},
		{"stop app", priced("{at: 1s, for: 500ms, stop: app}", "stop app")},
		{"stop and start app", priced("{at: 1s, stop: app}\n  - {at: 1500ms, start: app}", "stop app", "start app")},
		{"throttle stream", priced("{at: 1s, for: 500ms, throttle: location-signups, rate: 0.5}", "throttle location-signups PutRecords")},
		{"throttle function", priced("{at: 1s, for: 500ms, throttle: location-offers}", "throttle location-offers PutRecords", "throttle location-offers")},
		{"error", priced("{at: 1s, for: 500ms, error: location-offers, rate: 0.5, code: ServiceUnavailable}", "error location-offers PutRecords")},
		{"delay", priced("{at: 1s, for: 500ms, delay: location-offers, wait: 100ms}", "delay location-offers PutRecords")},
		{"drop-reply", droppedRepliesAreRedelivered},
		{"poison", priced("{at: 1s, poison: location-signups, records: 3}", "poison location-signups")},
		{"split", priced("{at: 1s, split: location-signups}", "split location-signups")},
		{"merge", priced("{at: 1s, merge: location-offers}", "merge location-offers")},
		{"skew", priced("{at: 1s, for: 1s, skew: clock, by: -11m}", "skew clock")},
		{"outlasts the run", whatIsCutShortIsSaid},
		{"storm is replayed", stormIsReplayed},
		{"loss under faults fails", lossUnderFaultsFails},
		{"stray failure record fails", strayFailureRecordFails},
	}
	// The run of each preset at five seconds that a change must survive; `task
	// chaos` runs them with many seeds. The storm is above, twice.
	for _, preset := range []string{"calm", "kills", "throttle", "poison", "reshard"} {
		tests = append(tests, struct {
			name string
			run  func(t *testing.T)
		}{"preset " + preset, presetPasses(preset)})
	}
	var together sync.WaitGroup
	for _, test := range tests {
		together.Go(func() { t.Run(test.name, test.run) })
	}
	together.Wait()
}

// schedule writes a file from lines of a short form, in which "kill: app" says
// kind and target and "wait" the delay.
func schedule(t *testing.T, short string) string {
	t.Helper()
	text := strings.NewReplacer("kill: function", "kill: location-offers", "wait:", "delay_:").Replace(short)
	for _, kind := range []string{"kill", "throttle", "error", "delay", "drop-reply", "poison", "split", "merge", "stop", "start", "skew"} {
		text = strings.ReplaceAll(text, " "+kind+": ", " kind: "+kind+", target: ")
	}
	text = "faults:\n  - " + strings.ReplaceAll(text, "delay_:", "delay:") + "\n"
	path := filepath.Join(t.TempDir(), "chaos.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// priced runs a schedule and wants a run that passes all but its latencies,
// with the faults in the verdict.
func priced(short string, faults ...string) func(t *testing.T) {
	return func(t *testing.T) { runPriced(t, sabotage{}, schedule(t, short), faults...) }
}

func runPriced(t *testing.T, s sabotage, chaosFlag string, faults ...string) graded {
	t.Helper()
	g := runWeir(t, s, light("3s", "--chaos", chaosFlag)...)
	if broken := g.broken(); len(broken) > 0 {
		t.Errorf("failed: %q\n%s", broken, g.screen)
	}
	var got []string
	for _, f := range g.verdict.Faults {
		got = append(got, f.Kind+" "+f.Target)
		if !strings.HasPrefix(f.Cost, "0 lost, ") || !strings.Contains(f.Cost, " redelivered, 0 duplicated outcomes") {
			t.Errorf("%s %s cost %q", f.Kind, f.Target, f.Cost)
		}
	}
	slices.Sort(got)
	slices.Sort(faults)
	if !slices.Equal(got, faults) {
		t.Errorf("faults are %q, want %q", got, faults)
	}
	return g
}

// droppedRepliesAreRedelivered loses replies of puts that happened: they are
// put again, which the verdict prices, and no browser gets an offer twice.
func droppedRepliesAreRedelivered(t *testing.T) {
	path := schedule(t, "{at: 500ms, for: 1500ms, drop-reply: location-signups, rate: 0.5}")
	g := runPriced(t, sabotage{}, path, "drop-reply location-signups PutRecords")
	if strings.Contains(g.verdict.Faults[0].Cost, " 0 redelivered") || g.hop(t, "location-signups").Duplicates == 0 {
		t.Errorf("cost %q: nothing was delivered again", g.verdict.Faults[0].Cost)
	}
}

// whatIsCutShortIsSaid has a fault for longer than the run.
func whatIsCutShortIsSaid(t *testing.T) {
	g := runPriced(t, sabotage{}, schedule(t, "{at: 1s, for: 1h, delay: location-offers, wait: 10ms}"), "delay location-offers PutRecords")
	if !slices.ContainsFunc(g.verdict.Skipped, func(s scenario.Skip) bool {
		return strings.HasPrefix(s.What, "the rest of fault delay location-offers") && strings.HasSuffix(s.Reason, "s into it")
	}) {
		t.Errorf("skipped %+v", g.verdict.Skipped)
	}
}

// stormIsReplayed runs the same seed twice.
func stormIsReplayed(t *testing.T) {
	var faults [2]string
	var both sync.WaitGroup
	for i := range faults {
		both.Go(func() {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				g := runWeir(t, sabotage{}, light("4s", "--chaos", "storm", "--seed", "7")...)
				if broken := g.broken(); len(broken) > 0 {
					t.Errorf("failed: %q\n%s", broken, g.screen)
				}
				for _, f := range g.verdict.Faults {
					faults[i] += fmt.Sprintln(f.At, f.Kind, f.Target)
				}
			})
		})
	}
	both.Wait()
	if faults[0] != faults[1] || strings.Count(faults[0], "\n") < 15 {
		t.Errorf("the first time\n%sand then\n%s", faults[0], faults[1])
	}
}

// lossUnderFaultsFails drops an acknowledged signup in the middle of a fault:
// chaos is no excuse, and the fault is priced with it.
func lossUnderFaultsFails(t *testing.T) {
	var cloudHits atomic.Bool
	s := onPuts("location-offers", func(ctx context.Context, in *kinesis.PutRecordsInput, next wire.Next) (any, error) {
		if len(in.Records) != 1 || !cloudHits.CompareAndSwap(false, true) {
			return next(ctx, in)
		}
		rest := *in
		rest.Records = []kinesis.PutRecordsEntry{{Data: []byte("{}"), PartitionKey: in.Records[0].PartitionKey}}
		return next(ctx, &rest)
	})
	s.entry = hasty
	g := runWeir(t, s, light("3s", "--chaos", schedule(t, "{at: 0, for: 2500ms, delay: location-offers, wait: 1ms}"))...)
	wantFailure(t, g, "hop location-signups → location-offers: 1 lost", "recovered from every fault")
	if len(g.verdict.Faults) != 1 || !strings.HasPrefix(g.verdict.Faults[0].Cost, "1 lost, ") {
		t.Errorf("faults %+v", g.verdict.Faults)
	}
}

// strayFailureRecordFails puts into the on-failure queue what is no poison.
func strayFailureRecordFails(t *testing.T) {
	var base aws.Config
	var done atomic.Bool
	s := onPuts("location-offers", func(ctx context.Context, in *kinesis.PutRecordsInput, next wire.Next) (any, error) {
		if done.CompareAndSwap(false, true) {
			client := sqs.NewFromConfig(base)
			url, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("location-signups-failed")})
			if err == nil {
				_, err = client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url.QueueUrl, MessageBody: aws.String(
					`{"requestContext":{"condition":"RetryAttemptsExhausted"},"KinesisBatchInfo":{"shardId":"s","startSequenceNumber":"1","endSequenceNumber":"9","batchSize":7}}`)})
			}
			if err != nil {
				t.Errorf("stray message: %v", err)
			}
		}
		return next(ctx, in)
	})
	s.world = func(w *scenario.World) { base = w.Base }
	g := runWeir(t, s, light("3s", "--chaos", schedule(t, "{at: 1s, poison: location-signups, records: 2}"))...)
	wantFailure(t, g, "on-failure queue location-signups-failed: 2 of 2 poison and 1 others: 7 records of s from 1 (RetryAttemptsExhausted)")
}

func presetPasses(preset string) func(t *testing.T) {
	return func(t *testing.T) {
		g := runWeir(t, sabotage{}, light("5s", "--chaos", preset)...)
		if broken := g.broken(); len(broken) > 0 {
			t.Errorf("failed: %q\n%s", broken, g.screen)
		}
		if (len(g.verdict.Faults) == 0) != (preset == "calm") {
			t.Errorf("%d faults", len(g.verdict.Faults))
		}
	}
}

// light is a load of which two dozen fit beside each other.
func light(forTime string, more ...string) []string {
	return append([]string{"location", "--for", forTime, "--rate", "25", "--devices", "20"}, more...)
}

// hasty gives up waiting soon, for a run in which something is lost: its devices
// wait less than half a minute, and so does its drain.
func hasty(e *scenario.Entry) {
	impatient, err := subscribers.New(subscribers.Config{LongestWait: 8 * time.Second})
	if err != nil {
		panic(err) // the configuration above is right
	}
	e.Scenario, e.Simulator = drainingSoon{e.Scenario}, impatient
}

type drainingSoon struct{ scenario.Scenario }

func (s drainingSoon) Defaults(settings map[string]string) scenario.Defaults {
	d := s.Scenario.Defaults(settings)
	d.DrainMax = 6 * time.Second
	return d
}

func TestChaosFlagIsChecked(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{
		"hurricane": "no preset (there are calm, kills,",
		schedule(t, "{at: 1s, poison: elsewhere}"):                      `line 2: poison has no target "elsewhere" here; there are location-signups, location-offers`,
		schedule(t, "{at: 1s, split: location-signups, colour: red}"):   `line 2: unknown parameter "colour"`,
		schedule(t, "{at: 99s, split: location-signups}"):               "line 2: at 1m39s lies beyond the run",
		schedule(t, "{at: 1s, kill: app, times: 2}"):                    "line 2: kill of a service is once",
		schedule(t, "{at: 1s, for: 1s, delay: location-offers}"):        "line 2: delay needs delay",
		schedule(t, "{at: 1s, for: 1s, skew: location-offers, by: 1m}"): `line 2: skew has no target "location-offers"`,
	} {
		var screen bytes.Buffer
		code := execute([]string{"run", "location", "--chaos", flag}, strings.NewReader(""), &screen, &screen)
		if code != exitUsage || !strings.Contains(screen.String(), want) {
			t.Errorf("--chaos %s: exit %d, want %q in:\n%s", flag, code, want, screen.String())
		}
	}
}

func TestChaosListPrintsWhatRunReads(t *testing.T) {
	t.Parallel()
	for _, preset := range chaos.PresetNames() {
		var out, complaints bytes.Buffer
		if code := execute([]string{"chaos", "list", preset}, strings.NewReader(""), &out, &complaints); code != exitPass {
			t.Fatalf("%s: exit %d: %s", preset, code, complaints.String())
		}
		if _, err := chaos.Parse(out.Bytes()); err != nil {
			t.Errorf("%s: %v", preset, err)
		}
	}
	var out bytes.Buffer
	if code := execute([]string{"chaos", "list", "hurricane"}, strings.NewReader(""), &out, &out); code != exitUsage || !strings.Contains(out.String(), "storm") {
		t.Errorf("an unknown preset: exit %d: %s", code, out.String())
	}
}
