package kinesis

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// consumer registers an ACTIVE consumer of stream.
func (b bench) consumer(stream, name string) string {
	b.Helper()
	out, err := call[*RegisterStreamConsumerOutput](b, "RegisterStreamConsumer", &RegisterStreamConsumerInput{StreamARN: ptr(b.streamARN(stream)), ConsumerName: &name})
	b.must(err)
	b.settle()
	return out.Consumer.ConsumerARN
}

// reader collects what a subscription delivers.
type reader struct {
	err chan error

	mu        sync.Mutex
	delivered []Batch
	times     []time.Duration // since the subscription began
}

func (r *reader) batches() []Batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.delivered)
}

func (r *reader) at() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.times)
}

func (r *reader) records() (n int) {
	for _, b := range r.batches() {
		n += len(b.Records)
	}
	return n
}

// read subscribes in the background.
func (b bench) read(ctx context.Context, arn string, from Position) *reader {
	r := &reader{err: make(chan error, 1)}
	began := time.Now()
	go func() {
		r.err <- b.SubscribeShard(ctx, arn, "shardId-0", from, func(batch Batch) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.delivered = append(r.delivered, batch)
			r.times = append(r.times, time.Since(began))
			return nil
		})
	}()
	synctest.Wait()
	return r
}

func TestSubscriptionLife(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 1)
		arn := b.consumer("s", "c")
		began := time.Now()
		r := b.read(b.Context(), arn, Position{Type: latest})
		time.Sleep(3 * time.Second)
		_, err := b.put("s", "k", []byte("x"))
		b.must(err)
		synctest.Wait()
		if len(r.batches()) != 1 || r.records() != 1 || r.at()[0] != 3*time.Second {
			t.Fatalf("a record put after 3s: %d batches at %v", len(r.batches()), r.at())
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(r.batches()) != 3 || r.at()[1] != 8*time.Second || r.at()[2] != 13*time.Second || r.records() != 1 {
			t.Errorf("heartbeats at %v, want 5 and 10 s after the record", r.at()[1:])
		}
		if beat := r.batches()[2]; beat.Next.SequenceNumber <= r.batches()[0].Records[0].SequenceNumber || beat.Next.Type != afterSequence {
			t.Errorf("heartbeat continues at %+v", beat.Next)
		}
		if err := <-r.err; err != nil || time.Since(began) != subscriptionMax {
			t.Errorf("ended after %s with %v, want a clean end after %s", time.Since(began), err, subscriptionMax)
		}
	})
}

// TestHeartbeatContinues resumes from a heartbeat's position: nothing put in
// between may be missed.
func TestHeartbeatContinues(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 1)
		arn := b.consumer("s", "c")
		ctx, cancel := context.WithCancel(b.Context())
		r := b.read(ctx, arn, Position{Type: latest})
		time.Sleep(6 * time.Second)
		cancel()
		if err := <-r.err; err != nil || len(r.batches()) != 1 {
			t.Fatalf("%d batches, %v; want one heartbeat and a clean end", len(r.batches()), err)
		}
		want, err := b.put("s", "k", []byte("x"))
		b.must(err)
		again, stop := context.WithCancel(b.Context())
		r = b.read(again, arn, r.batches()[0].Next)
		if r.records() != 1 || r.batches()[0].Records[0].SequenceNumber != want.SequenceNumber {
			t.Errorf("after the heartbeat: %d records", r.records())
		}
		stop()
		<-r.err
	})
}

func TestTakeover(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 1)
		arn := b.consumer("s", "c")
		first := b.read(b.Context(), arn, Position{Type: latest})
		time.Sleep(4 * time.Second)
		second := b.read(b.Context(), arn, Position{Type: latest})
		b.want("same pair within 5 s", <-second.err, codeInUse)
		time.Sleep(time.Second)
		ctx, cancel := context.WithCancel(b.Context())
		third := b.read(ctx, arn, Position{Type: latest})
		b.want("the subscription taken over", <-first.err, codeInUse)
		_, err := b.put("s", "k", []byte("x"))
		b.must(err)
		synctest.Wait()
		if first.records() != 0 || third.records() != 1 {
			t.Errorf("old reader got %d records, new one %d", first.records(), third.records())
		}
		cancel()
		b.want("cancelled reader", <-third.err, "")
	})
}

func TestSubscribeRate(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 1)
		arn := b.consumer("s", "c")
		bad := Position{Type: atSequence}
		b.want("first try", <-b.read(b.Context(), arn, bad).err, codeInvalidArgument)
		b.want("second within a second", <-b.read(b.Context(), arn, bad).err, codeLimit)
		time.Sleep(time.Second)
		b.want("a second later", <-b.read(b.Context(), arn, bad).err, codeInvalidArgument)
	})
}

func TestFanOutPace(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 1)
		for range 12 {
			_, err := b.put("s", "k", make([]byte, 1<<20-1))
			b.must(err)
			time.Sleep(time.Second)
		}
		ctx, cancel := context.WithCancel(b.Context())
		r := b.read(ctx, b.consumer("s", "c"), Position{Type: trimHorizon})
		time.Sleep(20 * time.Second)
		synctest.Wait()
		cancel()
		<-r.err
		if r.records() != 12 {
			t.Fatalf("%d records, want 12", r.records())
		}
		// Two MiB of burst, then two a second: the twelfth after about 5 s.
		if took := r.at()[11]; took < 4*time.Second || took > 6*time.Second {
			t.Errorf("12 MiB took %s", took)
		}
	})
}

func TestSubscriptionEnds(t *testing.T) {
	inBubble(t, Config{StatusDelay: time.Second}, func(b bench) {
		b.stream("s", 1)
		one, two := b.consumer("s", "one"), b.consumer("s", "two")
		first := b.read(b.Context(), one, Position{Type: latest})
		second := b.read(b.Context(), two, Position{Type: latest})
		_, err := call[any](b, "DeregisterStreamConsumer", &DeregisterStreamConsumerInput{ConsumerRef{ConsumerARN: &one}})
		b.must(err)
		b.want("consumer deregistered", <-first.err, codeNotFound)
		_, err = call[any](b, "DeleteStream", &DeleteStreamInput{StreamRef: named("s")})
		b.want("delete with consumers", err, codeInUse)
		_, err = call[any](b, "DeleteStream", &DeleteStreamInput{StreamRef: named("s"), EnforceConsumerDeletion: ptr(true)})
		b.must(err)
		b.want("stream deleted", <-second.err, codeNotFound)
	})
}

func TestSubscriptionToShardEnd(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 1)
		arn := b.consumer("s", "c")
		r := b.read(b.Context(), arn, Position{Type: trimHorizon})
		_, err := b.put("s", "k", []byte("x"))
		b.must(err)
		_, err = call[any](b, "SplitShard", &SplitShardInput{StreamRef: named("s"), ShardToSplit: ptr("shardId-0"), NewStartingHashKey: ptr("5")})
		b.must(err)
		b.settle()
		if !r.batches()[len(r.batches())-1].End {
			t.Error("the shard's end is not announced when it closes")
		}
		if err := <-r.err; err != nil || r.records() != 1 {
			t.Errorf("%d records, %v", r.records(), err)
		}
		shards, err := b.Shards(b.streamARN("s"))
		if err != nil || fmt.Sprint(shards) != "[{shardId-000000000000 [] true} {shardId-000000000001 [shardId-000000000000] false} {shardId-000000000002 [shardId-000000000000] false}]" {
			t.Errorf("shards %v, %v", shards, err)
		}
	})
}

func TestReadShard(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 1)
		arn := b.streamARN("s")
		for i := range 3 {
			_, err := b.put("s", "k", []byte(fmt.Sprint(i)))
			b.must(err)
		}
		first, err := b.ReadShard(b.Context(), arn, "shardId-000000000000", Position{Type: trimHorizon}, 2)
		if err != nil || len(first.Records) != 2 || first.MillisBehindLatest == 0 || first.End {
			t.Fatalf("first batch %+v %v", first, err)
		}
		second, err := b.ReadShard(b.Context(), arn, "shardId-000000000000", first.Next, 100)
		if err != nil || len(second.Records) != 1 || string(second.Records[0].Data) != "2" || second.MillisBehindLatest != 0 {
			t.Fatalf("second batch %+v %v", second, err)
		}
		empty, err := b.ReadShard(b.Context(), arn, "shardId-000000000000", second.Next, 100)
		if err != nil || len(empty.Records) != 0 || empty.Next.Type != afterSequence {
			t.Fatalf("empty batch %+v %v", empty, err)
		}
		_, err = b.put("s", "k", []byte("3"))
		b.must(err)
		if next, err := b.ReadShard(b.Context(), arn, "shardId-000000000000", empty.Next, 100); err != nil || len(next.Records) != 1 {
			t.Errorf("after the empty batch %+v %v", next, err)
		}
		_, err = b.ReadShard(b.Context(), arn, "shardId-000000000000", Position{Type: trimHorizon}, 2)
		b.must(err)
		_, err = b.ReadShard(b.Context(), arn, "shardId-000000000000", Position{Type: trimHorizon}, 2)
		b.want("sixth read within a second", err, codeThroughput)
	})
}
