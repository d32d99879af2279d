package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/kinesis"
)

func TestReadableKeepsControlCharactersFromTheTerminal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, data, want string
	}{
		{"json", `{"a":[1]}`, "  {\n    \"a\": [\n      1\n    ]\n  }"},
		{"text", "two\nlines", "  two\n  lines"},
		{"umlaut", "Zürich", "  Zürich"},
		{"escape sequence", "\x1b[2J", "  00000000  1b 5b 32 4a                                       |.[2J|"},
		{"json with one", "\"\u009b\"", "  00000000  22 c2 9b 22                                       |\"..\"|"},
		{"binary", "\xff\x00", "  00000000  ff 00                                             |..|"},
	} {
		if got := readable([]byte(test.data)); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
	if got := readable(make([]byte, hexBytesMax+7)); !strings.HasSuffix(got, "… 7 more bytes; --raw writes them all") {
		t.Errorf("a long binary record ends in %q", got[len(got)-60:])
	}
}

func TestFromReadsEveryPosition(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		from, shard string
		want        kinesis.Position
		fails       bool
	}{
		{from: "trim-horizon", want: kinesis.Position{Type: kinesis.TrimHorizon}},
		{from: "TRIM_HORIZON", want: kinesis.Position{Type: kinesis.TrimHorizon}},
		{from: "latest", want: kinesis.Position{Type: kinesis.Latest}},
		{from: "2026-01-01T08:00:00Z", want: kinesis.Position{Type: kinesis.AtTimestamp, Timestamp: time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)}},
		{from: "4959", shard: "s", want: kinesis.Position{Type: kinesis.AtSequenceNumber, SequenceNumber: "4959"}},
		{from: "4959", fails: true},
		{from: "", fails: true},
		{from: "08:00", fails: true},
	} {
		f := &peekFlags{from: test.from, shard: test.shard, partition: anyPartition}
		got, err := f.position()
		if (err != nil) != test.fails || got != test.want {
			t.Errorf("--from %q: %+v, %v", test.from, got, err)
		}
	}
}

// peekCloud is a cloud with a stream "events" of two shards, one of them split,
// and 40 records put before and 40 after the split.
func peekCloud(t *testing.T) (endpoint string) {
	t.Helper()
	c := cloudtest.Run(t, cloud.Config{})
	client := awskinesis.NewFromConfig(baseConfig("us-east-1", c.Endpoint(), nil))
	stream := aws.String("events")
	must(t)(client.CreateStream(t.Context(), &awskinesis.CreateStreamInput{StreamName: stream, ShardCount: aws.Int32(2)}))
	active := func() {
		waiter := awskinesis.NewStreamExistsWaiter(client, func(o *awskinesis.StreamExistsWaiterOptions) {
			o.MinDelay, o.MaxDelay = 50*time.Millisecond, 50*time.Millisecond
		})
		if err := waiter.Wait(t.Context(), &awskinesis.DescribeStreamInput{StreamName: stream}, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	put := func(from, to int) {
		in := &awskinesis.PutRecordsInput{StreamName: stream}
		for n := from; n < to; n++ {
			in.Records = append(in.Records, types.PutRecordsRequestEntry{
				PartitionKey: aws.String(fmt.Sprint("key-", n)), Data: fmt.Appendf(nil, `{"n":%d}`, n),
			})
		}
		must(t)(client.PutRecords(t.Context(), in))
	}
	active()
	put(0, 40)
	must(t)(client.SplitShard(t.Context(), &awskinesis.SplitShardInput{
		StreamName: stream, ShardToSplit: aws.String("shardId-000000000000"),
		NewStartingHashKey: aws.String("42535295865117307932921825928971026432"), // a quarter of all
	}))
	active()
	put(40, 80)
	return c.Endpoint()
}

// must fails t on the error of a call whose reply is not needed.
func must(t *testing.T) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestPeekShowsEveryRecordOfASplitStreamOnce(t *testing.T) {
	t.Parallel()
	endpoint := peekCloud(t)
	lines := peekLines(t, endpoint, "events --no-follow --json")
	seen := map[int]int{}
	for _, line := range lines {
		var record struct {
			Shard, SequenceNumber, PartitionKey string
			Arrival                             time.Time
			Data                                struct{ N int }
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		seen[record.Data.N]++
		if record.PartitionKey != fmt.Sprint("key-", record.Data.N) || record.Shard == "" || record.SequenceNumber == "" || record.Arrival.IsZero() {
			t.Errorf("record is not whole: %s", line)
		}
	}
	for n := range 80 {
		if seen[n] != 1 {
			t.Errorf("record %d shown %d times", n, seen[n])
		}
	}
}

func TestPeekStopsAtItsLimitAndReadsOneShard(t *testing.T) {
	t.Parallel()
	endpoint := peekCloud(t)
	if lines := peekLines(t, endpoint, "events --raw --limit 5"); len(lines) != 5 || !strings.HasPrefix(lines[0], `{"n":`) {
		t.Errorf("--limit 5 --raw wrote %q", lines)
	}
	// A closed shard ends of itself, and only its records are shown.
	lines := peekLines(t, endpoint, "events --json --no-follow --shard shardId-000000000000")
	if len(lines) == 0 || len(lines) >= 40 {
		t.Errorf("the split shard showed %d of the first 40 records", len(lines))
	}
	for _, line := range lines {
		if !strings.Contains(line, `"shard":"shardId-000000000000"`) {
			t.Errorf("a record of another shard: %s", line)
		}
	}
	text := strings.Join(peekLines(t, endpoint, "events --limit 1"), "\n")
	for _, part := range []string{"shardId-", "  …", "key-", "\n  {\n    \"n\": "} {
		if !strings.Contains(text, part) {
			t.Errorf("a record for people lacks %q:\n%s", part, text)
		}
	}
}

func TestPeekTakesAggregatesApart(t *testing.T) {
	t.Parallel()
	endpoint := peekCloud(t)
	p, err := kinesis.NewProducer(awskinesis.NewFromConfig(baseConfig("us-east-1", endpoint, nil)), kinesis.ProducerConfig{
		Stream: "events", Aggregation: kinesis.Aggregation{On: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	var receipt kinesis.Receipt
	for n := range 3 { // of one key, so in one aggregate
		record := kinesis.Record{PartitionKey: "together", Data: fmt.Appendf(nil, `{"n":%d}`, 100+n)}
		must(t)(nil, p.PutAsync(t.Context(), record, func(r kinesis.Receipt, err error) { receipt = r; must(t)(nil, err) }))
	}
	stopped, stop := context.WithCancel(t.Context())
	stop() // which sends what is buffered
	must(t)(nil, p.Run(stopped))

	var got []string
	for _, line := range peekLines(t, endpoint, "events --no-follow --json") {
		var record struct {
			SequenceNumber, PartitionKey string
			SubSequence                  *int
			Data                         struct{ N int }
		}
		must(t)(nil, json.Unmarshal([]byte(line), &record))
		switch {
		case record.PartitionKey == "together" && record.SubSequence != nil && record.SequenceNumber == receipt.SequenceNumber:
			got = append(got, fmt.Sprint(*record.SubSequence, " ", record.Data.N))
		case record.SubSequence != nil || record.PartitionKey == "together":
			t.Errorf("unexpected: %s", line)
		}
	}
	if want := []string{"0 100", "1 101", "2 102"}; !slices.Equal(got, want) {
		t.Errorf("sub-sequences and data %q, want %q", got, want)
	}
	number := receipt.SequenceNumber[len(receipt.SequenceNumber)-12:]
	text := strings.Join(peekLines(t, endpoint, "events --no-follow"), "\n")
	for i := range 3 {
		if part := fmt.Sprintf("…%s/%d  ", number, i); strings.Count(text, part) != 1 {
			t.Errorf("%q is shown %d times", part, strings.Count(text, part))
		}
	}
}

func TestPeekNamesTheStreamsThereAre(t *testing.T) {
	t.Parallel()
	endpoint := peekCloud(t)
	var stdout, stderr bytes.Buffer
	code := execute([]string{"peek", "event", "--endpoint", endpoint}, strings.NewReader(""), &stdout, &stderr)
	if code != exitUsage || !strings.Contains(stderr.String(), "there are events") {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

func peekLines(t *testing.T, endpoint, args string) []string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := execute(append([]string{"peek", "--endpoint", endpoint, "--region", "us-east-1"}, strings.Fields(args)...), strings.NewReader(""), &stdout, &stderr)
	if code != exitPass {
		t.Fatalf("weir peek %s: exit code %d: %s", args, code, stderr.String())
	}
	text := strings.TrimSuffix(stdout.String(), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
