// Package conformance checks that an endpoint behaves as Kinesis Data Streams
// does. It speaks aws-sdk-go-v2 only and assumes nothing else, so it can be
// pointed at the embedded cloud, at another implementation or at AWS itself.
// It creates streams named weir-conformance-… and deletes them.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"

	"github.com/weirstream/weir/platform/clock"
)

// Run runs the whole suite. It takes seconds where status changes and repeated
// subscriptions are not slowed down, minutes on AWS.
func Run(t *testing.T, client *kinesis.Client) {
	s := &suite{client: client, wall: clock.Wall{}, run: clock.Wall{}.Now().UnixNano()}
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"stream life", s.testStreamLife},
		{"list streams", s.testListStreams},
		{"hash keys", s.testHashKeys},
		{"put and read", s.testPutAndRead},
		{"iterators", s.testIterators},
		{"iterator errors", s.testIteratorErrors},
		{"recreated stream", s.testRecreatedStream},
		{"validation", s.testValidation},
		{"semantic errors", s.testSemanticErrors},
		{"split and merge", s.testSplitAndMerge},
		{"reshard errors", s.testReshardErrors},
		{"list shards", s.testListShards},
		{"tags", s.testTags},
		{"retention", s.testRetention},
		{"consumer life", s.testConsumerLife},
		{"fan-out", s.testFanOut},
		{"fan-out resumes", s.testFanOutResumes},
		{"fan-out to shard end", s.testFanOutShardEnd},
		{"fan-out errors", s.testFanOutErrors},
		{"fan-out positions", s.testFanOutPositions},
		{"update shard count", s.testUpdateShardCount},
		{"on demand", s.testOnDemand},
		{"encryption", s.testEncryption},
		{"monitoring", s.testMonitoring},
		{"resource tags", s.testResourceTags},
		{"large records", s.testLargeRecords},
		{"dry run", s.testDryRun},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.test(t)
		})
	}
}

type suite struct {
	client *kinesis.Client
	wall   clock.Clock
	run    int64
	names  atomic.Int64
}

// waitMax bounds every wait for a state; AWS takes up to a minute for some.
const waitMax = 2 * time.Minute

func (s *suite) name() string {
	return fmt.Sprintf("weir-conformance-%d-%d", s.run%1e9, s.names.Add(1))
}

// stream creates an ACTIVE stream that is deleted after the test.
func (s *suite) stream(t *testing.T, shards int32) string {
	t.Helper()
	name := s.name()
	s.create(t, name, shards)
	return name
}

func (s *suite) create(t *testing.T, name string, shards int32) {
	t.Helper()
	s.createWith(t, &kinesis.CreateStreamInput{StreamName: &name, ShardCount: &shards})
}

func (s *suite) createWith(t *testing.T, in *kinesis.CreateStreamInput) {
	t.Helper()
	name := *in.StreamName
	_, err := s.client.CreateStream(t.Context(), in)
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), waitMax)
		defer cancel()
		_, err := s.client.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: &name, EnforceConsumerDeletion: aws.Bool(true)})
		if err != nil && code(err) != "ResourceNotFoundException" {
			t.Errorf("delete %s: %v", name, err)
		}
	})
	s.active(t, name)
}

// active waits until a stream is ACTIVE and returns its summary.
func (s *suite) active(t *testing.T, name string) *types.StreamDescriptionSummary {
	t.Helper()
	var summary *types.StreamDescriptionSummary
	s.eventually(t, "stream "+name+" ACTIVE", func() bool {
		summary = s.summary(t, name)
		return summary.StreamStatus == types.StreamStatusActive
	})
	return summary
}

func (s *suite) summary(t *testing.T, name string) *types.StreamDescriptionSummary {
	t.Helper()
	out, err := s.client.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &name})
	must(t, err)
	return out.StreamDescriptionSummary
}

func (s *suite) eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	until := s.wall.Now().Add(waitMax)
	for pause := 10 * time.Millisecond; !ok(); pause = min(2*pause, 2*time.Second) {
		if s.wall.Now().After(until) {
			t.Fatalf("%s: not within %s", what, waitMax)
		}
		must(t, s.wall.Sleep(t.Context(), pause))
	}
}

func (s *suite) shards(t *testing.T, name string) []types.Shard {
	t.Helper()
	out, err := s.client.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: &name})
	must(t, err)
	return out.Shards
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// wantCode checks that a call failed with a code.
func wantCode(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got := code(err); got != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

// wantMessage checks code and message.
func wantMessage(t *testing.T, what string, err error, wantCode, wantMessage string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != wantCode || api.ErrorMessage() != wantMessage {
		t.Errorf("%s:\n got %v\nwant %s: %s", what, err, wantCode, wantMessage)
	}
}
