package conformance

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// consumer registers an ACTIVE consumer and returns its ARN.
func (s *suite) consumer(t *testing.T, stream, name string) string {
	t.Helper()
	out, err := s.client.RegisterStreamConsumer(t.Context(), &kinesis.RegisterStreamConsumerInput{
		StreamARN: s.summary(t, stream).StreamARN, ConsumerName: &name,
	})
	must(t, err)
	arn := out.Consumer.ConsumerARN
	s.eventually(t, "consumer ACTIVE", func() bool {
		d, err := s.client.DescribeStreamConsumer(t.Context(), &kinesis.DescribeStreamConsumerInput{ConsumerARN: arn})
		must(t, err)
		return d.ConsumerDescription.ConsumerStatus == types.ConsumerStatusActive
	})
	return *arn
}

// subscribe subscribes, waiting where the same pair did so just now.
func (s *suite) subscribe(t *testing.T, arn, shard string, from types.StartingPosition) *kinesis.SubscribeToShardEventStream {
	t.Helper()
	var stream *kinesis.SubscribeToShardEventStream
	client := s.ownClient()
	s.eventually(t, "subscribe", func() bool {
		out, err := client.SubscribeToShard(t.Context(), &kinesis.SubscribeToShardInput{
			ConsumerARN: &arn, ShardId: &shard, StartingPosition: &from,
		})
		if code(err) == "ResourceInUseException" || code(err) == "LimitExceededException" {
			return false
		}
		must(t, err)
		stream = out.GetStream()
		return true
	})
	t.Cleanup(func() { stream.Close() })
	return stream
}

// ownClient is a client for one subscription: event streams of one client share
// a decoder's buffer in smithy-go 1.28.8, which the race detector reports.
func (s *suite) ownClient() *kinesis.Client { return kinesis.New(s.client.Options()) }

// next is the next event; nil when the stream ended.
func (s *suite) next(t *testing.T, stream *kinesis.SubscribeToShardEventStream) *types.SubscribeToShardEvent {
	t.Helper()
	patience := s.wall.NewTimer(waitMax)
	defer patience.Stop()
	select {
	case <-patience.C:
		t.Fatal("no event")
		return nil
	case event := <-stream.Events():
		if event == nil {
			return nil
		}
		return &event.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value
	}
}

func horizon() types.StartingPosition {
	return types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}
}

func (s *suite) testConsumerLife(t *testing.T) {
	name := s.stream(t, 1)
	ctx := t.Context()
	streamARN := s.summary(t, name).StreamARN
	arn := s.consumer(t, name, "reader")
	_, err := s.client.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: streamARN, ConsumerName: aws.String("reader")})
	wantCode(t, "register twice", err, "ResourceInUseException")
	s.consumer(t, name, "other")

	list, err := s.client.ListStreamConsumers(ctx, &kinesis.ListStreamConsumersInput{StreamARN: streamARN, MaxResults: aws.Int32(1)})
	must(t, err)
	if len(list.Consumers) != 1 || list.NextToken == nil {
		t.Fatalf("first page %+v", list)
	}
	rest, err := s.client.ListStreamConsumers(ctx, &kinesis.ListStreamConsumersInput{StreamARN: streamARN, NextToken: list.NextToken})
	must(t, err)
	if len(rest.Consumers) != 1 || *rest.Consumers[0].ConsumerName == *list.Consumers[0].ConsumerName {
		t.Errorf("second page %+v", rest)
	}
	if n := *s.summary(t, name).ConsumerCount; n != 2 {
		t.Errorf("%d consumers counted, want 2", n)
	}
	_, err = s.client.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: &name})
	wantCode(t, "delete a stream with consumers", err, "ResourceInUseException")

	_, err = s.client.DeregisterStreamConsumer(ctx, &kinesis.DeregisterStreamConsumerInput{StreamARN: streamARN, ConsumerName: aws.String("reader")})
	must(t, err)
	s.eventually(t, "consumer gone", func() bool {
		_, err := s.client.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{ConsumerARN: &arn})
		return code(err) == "ResourceNotFoundException"
	})
	if again := s.consumer(t, name, "reader"); again == arn {
		t.Errorf("a consumer registered again has the old ARN %s", arn)
	}
}

func (s *suite) testFanOut(t *testing.T) {
	name := s.stream(t, 1)
	s.put(t, name, []types.PutRecordsRequestEntry{entry("k", "before")})
	stream := s.subscribe(t, s.consumer(t, name, "reader"), id(0), horizon())
	event := s.next(t, stream)
	for event != nil && len(event.Records) == 0 {
		event = s.next(t, stream)
	}
	if event == nil || string(event.Records[0].Data) != "before" || *event.Records[0].PartitionKey != "k" || event.ContinuationSequenceNumber == nil {
		t.Fatalf("first event %+v (%v)", event, stream.Err())
	}
	put := s.put(t, name, []types.PutRecordsRequestEntry{entry("k", "after")})
	event = s.next(t, stream)
	for event != nil && len(event.Records) == 0 {
		event = s.next(t, stream)
	}
	if event == nil || *event.Records[0].SequenceNumber != *put[0].SequenceNumber || *event.MillisBehindLatest != 0 {
		t.Fatalf("second event %+v (%v)", event, stream.Err())
	}
}

// testFanOutResumes reads 10,000 records over several subscriptions, each
// resumed where the one before was left. None may be missing or come twice.
func (s *suite) testFanOutResumes(t *testing.T) {
	const total = 10_000
	name := s.stream(t, 1)
	arn := s.consumer(t, name, "reader")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for at := 0; at < total; at += 500 {
			entries := make([]types.PutRecordsRequestEntry, 500)
			for i := range entries {
				entries[i] = entry(fmt.Sprint(i%7), fmt.Sprint(at+i))
			}
			s.put(t, name, entries)
		}
	}()
	defer func() { <-done }()
	from, got, subscriptions := horizon(), 0, 0
	for got < total {
		stream := s.subscribe(t, arn, id(0), from)
		subscriptions++
		leave := subscriptions * total / 4 // go away in the middle, three times
		for got < total && got < leave {
			event := s.next(t, stream)
			if err := stream.Err(); event == nil && err != nil && code(err) == "" && subscriptions < 10 {
				// The connection broke: smithy-go 1.28.8 closes one now and then
				// when a near server answers fast. Resuming must make up for it.
				t.Logf("subscription %d broke: %v", subscriptions, err)
				break
			}
			if event == nil {
				t.Fatalf("subscription ended: %v", stream.Err())
			}
			for _, r := range event.Records {
				if string(r.Data) != fmt.Sprint(got) {
					t.Fatalf("record %d is %s", got, r.Data)
				}
				got++
			}
			from = types.StartingPosition{Type: types.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: event.ContinuationSequenceNumber}
		}
		stream.Close()
	}
	if subscriptions < 2 {
		t.Errorf("%d subscription, want several", subscriptions)
	}
}

func (s *suite) testFanOutShardEnd(t *testing.T) {
	name := s.stream(t, 1)
	s.put(t, name, []types.PutRecordsRequestEntry{entry("k", "only")})
	stream := s.subscribe(t, s.consumer(t, name, "reader"), id(0), horizon())
	event := s.next(t, stream)
	if event == nil || len(event.Records) != 1 {
		t.Fatalf("first event %+v", event)
	}
	s.split(t, name, id(0), halfway)
	for event != nil && event.ChildShards == nil {
		event = s.next(t, stream)
	}
	if event == nil || len(event.ChildShards) != 2 || event.ContinuationSequenceNumber != nil {
		t.Fatalf("last event %+v (%v)", event, stream.Err())
	}
	if event := s.next(t, stream); event != nil || stream.Err() != nil {
		t.Errorf("after the last event came %+v (%v)", event, stream.Err())
	}
}

func (s *suite) testFanOutErrors(t *testing.T) {
	name := s.stream(t, 1)
	arn := s.consumer(t, name, "reader")
	try := func(arn, shard string, from types.StartingPosition) error {
		out, err := s.ownClient().SubscribeToShard(t.Context(), &kinesis.SubscribeToShardInput{ConsumerARN: &arn, ShardId: &shard, StartingPosition: &from})
		if err == nil {
			out.GetStream().Close()
		}
		return err
	}
	wantCode(t, "no such shard", try(arn, id(5), horizon()), "ResourceNotFoundException")
	must(t, s.wall.Sleep(t.Context(), 1100*time.Millisecond)) // one call per second and pair
	wantCode(t, "no such consumer", try(arn+"0", id(0), horizon()), "ResourceNotFoundException")
	wantCode(t, "sequence number missing", try(arn, id(0), types.StartingPosition{Type: types.ShardIteratorTypeAtSequenceNumber}), "InvalidArgumentException")

	// A subscription ends with an error when its stream is deleted.
	stream := s.subscribe(t, arn, id(0), horizon())
	_, err := s.client.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: &name, EnforceConsumerDeletion: aws.Bool(true)})
	must(t, err)
	for s.next(t, stream) != nil { //nolint:revive // heartbeats may come first
	}
	if code(stream.Err()) != "ResourceNotFoundException" {
		t.Errorf("subscription to a deleted stream ended with %v", stream.Err())
	}
}
