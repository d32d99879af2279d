package chaos_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
)

// diary is an Injector and Services that write down what is done, and when.
type diary struct {
	start time.Time

	mu    sync.Mutex
	lines []string
}

func (d *diary) note(words ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, time.Since(d.start).String()+" "+strings.Join(words, " "))
}

func (d *diary) Disturb(f chaos.Planned) (func(), error) {
	if f.Kind == chaos.Error {
		return nil, errors.New("not today")
	}
	d.note(string(f.Kind), f.On.Name)
	return func() { d.note("undo", string(f.Kind), f.On.Name) }, nil
}

func (d *diary) Skew(by time.Duration) (func(), error) {
	d.note("skew", by.String())
	return func() { d.note("undo skew") }, nil
}

func (d *diary) KillFunction(name string) error            { d.note("kill", name); return nil }
func (d *diary) Kill(_ context.Context, name string) error { d.note("kill", name); return nil }
func (d *diary) Stop(_ context.Context, name string) error { d.note("stop", name); return nil }
func (d *diary) Start(ctx context.Context, name string) error {
	d.note("start", name)
	return ctx.Err()
}

// TestEngineDoesWhatWasPlannedAndUndoesIt ends the run in the middle of faults.
func TestEngineDoesWhatWasPlannedAndUndoesIt(t *testing.T) {
	t.Parallel()
	s := parse(t, `faults:
  - {at: 1s, for: 2s, kind: delay, target: in, delay: 1ms}
  - {at: 1500ms, kind: kill, target: functions, times: 2, every: 200ms}
  - {at: 2s, for: 500ms, kind: kill, target: app}
  - {at: 2200ms, for: 1s, kind: error, target: in}
  - {at: 3200ms, for: 1h, kind: skew, target: clock, by: -6m}
  - {at: 3300ms, for: 1h, kind: stop, target: app}
  - {at: 9s, for: 1s, kind: throttle, target: in}
`)
	plan, err := s.Plan(chaos.Load{For: 10 * time.Second, ToWall: func(d time.Duration) time.Duration { return d }}, targets())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		d := &diary{start: time.Now()}
		e := chaos.New(chaos.Config{
			Plan: plan, Start: d.start, Injector: d, Services: d, Clock: clock.Wall{}, Log: slog.New(slog.DiscardHandler),
			Began: func(int) {}, Ended: func(i int) { d.note("ended", plan[i].String()) },
		})
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		err := e.Run(ctx)
		if err == nil || err.Error() != "error in at 2.2s: not today" {
			t.Errorf("got %v", err)
		}
		if left := e.NotBegun(); len(left) != 1 || left[0].Kind != chaos.Throttle {
			t.Errorf("not begun: %v", left)
		}
		want := []string{
			"1s delay in",
			"1.5s kill f", "1.7s kill f", "1.7s ended kill f at 1.5s",
			"2s kill app", "2.5s ended kill app at 2s", "2.5s start app",
			"2.2s ended error in at 2.2s",
			"3s undo delay in", "3s ended delay in at 1s",
			"3.2s skew -6m0s", "4s undo skew", "4s ended skew clock at 3.2s",
			"3.3s stop app", "4s ended stop app at 3.3s", "4s start app",
		}
		slices.Sort(want)
		slices.Sort(d.lines)
		if !slices.Equal(d.lines, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(d.lines, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestStreamFaultsOnACloud splits, merges and poisons a stream at once: one
// reshard waits for the other.
func TestStreamFaultsOnACloud(t *testing.T) {
	t.Parallel()
	c, err := cloud.New(cloud.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	defer func() { cancel(); <-done }()
	client := kinesis.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(c.Endpoint()),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	if _, err := client.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("in"), ShardCount: aws.Int32(2)}); err != nil {
		t.Fatal(err)
	}
	exists := kinesis.NewStreamExistsWaiter(client, func(o *kinesis.StreamExistsWaiterOptions) { o.MinDelay = 20 * time.Millisecond })
	if err := exists.Wait(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String("in")}, 30*time.Second); err != nil {
		t.Fatal(err)
	}
	s := parse(t, "faults: [{at: 0, kind: split, target: in}, {at: 0, kind: split, target: in}, {at: 0, kind: merge, target: in}, {at: 0, kind: poison, target: in, records: 5}]")
	plan, err := s.Plan(chaos.Load{Seed: 3, For: time.Second, ToWall: func(d time.Duration) time.Duration { return d }}, targets())
	if err != nil {
		t.Fatal(err)
	}
	e := chaos.New(chaos.Config{
		Plan: plan, Start: time.Now(), Kinesis: client, Clock: clock.Wall{}, Log: slog.New(slog.DiscardHandler),
		Mark: "run r-1", Began: func(int) {}, Ended: func(int) {},
	})
	if err := e.Run(ctx); err != nil {
		t.Fatal(err)
	}
	out, err := client.ListShards(ctx, &kinesis.ListShardsInput{StreamName: aws.String("in")})
	if err != nil {
		t.Fatal(err)
	}
	open := slices.DeleteFunc(out.Shards, func(s types.Shard) bool { return s.SequenceNumberRange.EndingSequenceNumber != nil })
	if len(open) != 3 {
		t.Errorf("%d open shards after two splits and a merge of two, want 3", len(open))
	}
	poison := e.Poisoned()
	if len(poison) != 5 || poison[0].OnFailure != "failed" || poison[0].SequenceNumber == "" {
		t.Fatalf("poison %+v", poison)
	}
	at, err := client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: aws.String("in"), ShardId: aws.String(poison[0].ShardID),
		ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: aws.String(poison[0].SequenceNumber),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: at.ShardIterator})
	if err != nil || len(got.Records) == 0 || !strings.HasPrefix(string(got.Records[0].Data), "\xff\x00weir poison 1 of run r-1") {
		t.Errorf("where the poison should lie: %v, %v", got, err)
	}
}
