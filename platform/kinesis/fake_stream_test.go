package kinesis

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"sort"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"

	"github.com/weirstream/weir/platform/clock"
)

// fakeStream is a stream in memory with reshards, iterators that expire and
// subscriptions that refuse a successor for five seconds.
type fakeStream struct {
	API           // panics on what is not faked
	trouble       func(op string) error
	hideChildren  bool
	lifetime      time.Duration // of a subscription; 0 means 5 minutes
	eventsPerSub  int           // then the connection breaks; 0 means never
	breakAtOnce   int           // so many subscriptions break before their first event
	recordsPerGet int
	behind        time.Duration // of the service's clock
	hashes        *types.HashKeyRange

	mu         sync.Mutex
	shards     []*fakeShard
	sequence   int
	calls      map[string]int
	consumer   *types.ConsumerDescription
	subscribed map[string]time.Time
}

type fakeShard struct {
	id       string
	from, to uint64
	parents  []string
	children []*fakeShard
	records  []types.Record
}

func newFakeStream(shards int) *fakeStream {
	f := &fakeStream{calls: map[string]int{}, subscribed: map[string]time.Time{}}
	step := math.MaxUint64 / uint64(shards)
	for i := range shards {
		to := step*uint64(i+1) - 1
		if i == shards-1 {
			to = math.MaxUint64
		}
		f.grow(step*uint64(i), to)
	}
	return f
}

func (f *fakeStream) grow(from, to uint64, parents ...*fakeShard) *fakeShard {
	s := &fakeShard{id: fmt.Sprintf("shardId-%012d", len(f.shards)), from: from, to: to}
	for _, p := range parents {
		s.parents = append(s.parents, p.id)
		p.children = append(p.children, s)
	}
	f.shards = append(f.shards, s)
	return s
}

func (f *fakeStream) open() []*fakeShard {
	var open []*fakeShard
	for _, s := range f.shards {
		if s.children == nil {
			open = append(open, s)
		}
	}
	sort.Slice(open, func(i, j int) bool { return open[i].from < open[j].from })
	return open
}

func (f *fakeStream) put(key, data string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := fnv.New64a()
	h.Write([]byte(key))
	for _, s := range f.open() {
		if s.from <= h.Sum64() && h.Sum64() <= s.to {
			f.sequence++
			s.records = append(s.records, types.Record{
				PartitionKey: &key, Data: []byte(data), SequenceNumber: aws.String(fmt.Sprintf("%020d", f.sequence)),
				ApproximateArrivalTimestamp: aws.Time(clock.Wall{}.Now().Add(-f.behind)),
			})
			return
		}
	}
	panic("no shard for " + key)
}

func (f *fakeStream) split(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	open := f.open()
	s := open[n%len(open)]
	mid := s.from + (s.to-s.from)/2
	f.grow(s.from, mid, s)
	f.grow(mid+1, s.to, s)
}

func (f *fakeStream) merge(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	open := f.open()
	if len(open) < 2 {
		return
	}
	n %= len(open) - 1
	f.grow(open[n].from, open[n+1].to, open[n], open[n+1])
}

func (f *fakeStream) called(op string) error {
	f.mu.Lock()
	f.calls[op]++
	f.mu.Unlock()
	if f.trouble == nil {
		return nil
	}
	return f.trouble(op)
}

func (f *fakeStream) callsOf(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[op]
}

func (f *fakeStream) shard(id string) *fakeShard {
	for _, s := range f.shards {
		if s.id == id {
			return s
		}
	}
	return nil
}

func (s *fakeShard) childShards() []types.ChildShard {
	var out []types.ChildShard
	for _, c := range s.children {
		out = append(out, types.ChildShard{ShardId: &c.id, ParentShards: c.parents})
	}
	return out
}

func (f *fakeStream) ListShards(_ context.Context, in *kinesis.ListShardsInput, _ ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	if err := f.called("ListShards"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	from := 0
	if in.NextToken != nil {
		if _, err := fmt.Sscan(*in.NextToken, &from); err != nil {
			return nil, err
		}
	}
	out := &kinesis.ListShardsOutput{}
	for i := from; i < len(f.shards); i++ {
		if i == from+3 {
			out.NextToken = aws.String(fmt.Sprint(i))
			break
		}
		s := f.shards[i]
		listed := types.Shard{ShardId: &s.id, SequenceNumberRange: &types.SequenceNumberRange{}, HashKeyRange: f.hashes}
		if s.children != nil {
			listed.SequenceNumberRange.EndingSequenceNumber = aws.String("x")
		}
		if len(s.parents) > 0 {
			listed.ParentShardId = &s.parents[0]
		}
		if len(s.parents) > 1 {
			listed.AdjacentParentShardId = &s.parents[1]
		}
		out.Shards = append(out.Shards, listed)
	}
	return out, nil
}

// index is the place of a position among a shard's records.
func (s *fakeShard) index(kind types.ShardIteratorType, number *string, at *time.Time) int {
	return sort.Search(len(s.records), func(i int) bool {
		r := s.records[i]
		switch kind {
		case types.ShardIteratorTypeTrimHorizon:
			return true
		case types.ShardIteratorTypeAtTimestamp:
			return !r.ApproximateArrivalTimestamp.Before(*at)
		case types.ShardIteratorTypeAtSequenceNumber:
			return *r.SequenceNumber >= *number
		case types.ShardIteratorTypeAfterSequenceNumber:
			return *r.SequenceNumber > *number
		}
		return false
	})
}

func (f *fakeStream) GetShardIterator(_ context.Context, in *kinesis.GetShardIteratorInput, _ ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error) {
	if err := f.called("GetShardIterator"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.refuseFuture(in.Timestamp); err != nil {
		return nil, err
	}
	s := f.shard(*in.ShardId)
	return &kinesis.GetShardIteratorOutput{ShardIterator: iterator(s, s.index(in.ShardIteratorType, in.StartingSequenceNumber, in.Timestamp))}, nil
}

func (f *fakeStream) refuseFuture(at *time.Time) error {
	if at != nil && at.After(clock.Wall{}.Now().Add(-f.behind)) {
		return &types.InvalidArgumentException{Message: aws.String("timestamp is in the future")}
	}
	return nil
}

func iterator(s *fakeShard, index int) *string {
	return aws.String(fmt.Sprintf("%s %d %d", s.id, index, clock.Wall{}.Now().UnixNano()))
}

func (f *fakeStream) GetRecords(_ context.Context, in *kinesis.GetRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error) {
	if err := f.called("GetRecords"); err != nil {
		return nil, err
	}
	var (
		id     string
		index  int
		issued int64
	)
	if _, err := fmt.Sscan(*in.ShardIterator, &id, &index, &issued); err != nil {
		return nil, err
	}
	if (clock.Wall{}).Now().Sub(time.Unix(0, issued)) > 5*time.Minute {
		return nil, &types.ExpiredIteratorException{Message: aws.String("expired")}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.shard(id)
	limit := int(*in.Limit)
	if f.recordsPerGet > 0 {
		limit = min(limit, f.recordsPerGet)
	}
	to := min(len(s.records), index+limit)
	out := &kinesis.GetRecordsOutput{Records: s.records[index:to], MillisBehindLatest: aws.Int64(int64(len(s.records) - to))}
	if s.children != nil && to == len(s.records) {
		if !f.hideChildren {
			out.ChildShards = s.childShards()
		}
		return out, nil
	}
	out.NextShardIterator = iterator(s, to)
	return out, nil
}

func (f *fakeStream) DescribeStreamSummary(context.Context, *kinesis.DescribeStreamSummaryInput, ...func(*kinesis.Options)) (*kinesis.DescribeStreamSummaryOutput, error) {
	if err := f.called("DescribeStreamSummary"); err != nil {
		return nil, err
	}
	return &kinesis.DescribeStreamSummaryOutput{StreamDescriptionSummary: &types.StreamDescriptionSummary{StreamARN: aws.String("arn:aws:kinesis:s")}}, nil
}

func (f *fakeStream) DescribeStreamConsumer(context.Context, *kinesis.DescribeStreamConsumerInput, ...func(*kinesis.Options)) (*kinesis.DescribeStreamConsumerOutput, error) {
	if err := f.called("DescribeStreamConsumer"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.consumer == nil {
		return nil, &types.ResourceNotFoundException{}
	}
	if (clock.Wall{}).Now().Sub(*f.consumer.ConsumerCreationTimestamp) >= time.Second {
		f.consumer.ConsumerStatus = types.ConsumerStatusActive
	}
	seen := *f.consumer
	return &kinesis.DescribeStreamConsumerOutput{ConsumerDescription: &seen}, nil
}

func (f *fakeStream) RegisterStreamConsumer(_ context.Context, in *kinesis.RegisterStreamConsumerInput, _ ...func(*kinesis.Options)) (*kinesis.RegisterStreamConsumerOutput, error) {
	if err := f.called("RegisterStreamConsumer"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.consumer != nil {
		return nil, &types.ResourceInUseException{}
	}
	f.consumer = &types.ConsumerDescription{
		ConsumerARN: aws.String("arn:consumer"), ConsumerName: in.ConsumerName, ConsumerStatus: types.ConsumerStatusCreating,
		ConsumerCreationTimestamp: aws.Time(clock.Wall{}.Now()),
	}
	return &kinesis.RegisterStreamConsumerOutput{}, nil
}

// subscribe stands in for SubscribeToShard.
func (f *fakeStream) subscribe(_ context.Context, in *kinesis.SubscribeToShardInput) (subscription, error) {
	if err := f.called("SubscribeToShard"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := clock.Wall{}.Now()
	if last, ok := f.subscribed[*in.ShardId]; ok && now.Sub(last) < 5*time.Second {
		return nil, &types.ResourceInUseException{Message: aws.String("subscribed less than 5 s ago")}
	}
	if f.consumer == nil || f.consumer.ConsumerStatus != types.ConsumerStatusActive {
		return nil, &smithy.GenericAPIError{Code: "ResourceNotFoundException"}
	}
	if err := f.refuseFuture(in.StartingPosition.Timestamp); err != nil {
		return nil, err
	}
	f.subscribed[*in.ShardId] = now
	s := f.shard(*in.ShardId)
	at := in.StartingPosition
	sub := &fakeSubscription{events: make(chan types.SubscribeToShardEventStream), closed: make(chan struct{})}
	if f.breakAtOnce > 0 {
		f.breakAtOnce--
		sub.err = fmt.Errorf("connection reset")
		close(sub.events)
		return sub, nil
	}
	go sub.feed(f, s, s.index(at.Type, at.SequenceNumber, at.Timestamp))
	return sub, nil
}

type fakeSubscription struct {
	events chan types.SubscribeToShardEventStream
	closed chan struct{}
	once   sync.Once
	err    error
}

func (s *fakeSubscription) Events() <-chan types.SubscribeToShardEventStream { return s.events }
func (s *fakeSubscription) Err() error                                       { return s.err }
func (s *fakeSubscription) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (s *fakeSubscription) feed(f *fakeStream, shard *fakeShard, index int) {
	defer close(s.events)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	began := clock.Wall{}.Now()
	lifetime := f.lifetime
	if lifetime == 0 {
		lifetime = 5 * time.Minute
	}
	quiet := began
	for sent := 0; (clock.Wall{}).Now().Sub(began) < lifetime; {
		if f.eventsPerSub > 0 && sent == f.eventsPerSub {
			s.err = fmt.Errorf("connection reset")
			return
		}
		f.mu.Lock()
		to := min(len(shard.records), index+3)
		e := types.SubscribeToShardEvent{
			Records: shard.records[index:to], MillisBehindLatest: aws.Int64(int64(len(shard.records) - to)),
			ContinuationSequenceNumber: aws.String(fmt.Sprintf("%020d", f.sequence)),
		}
		if to < len(shard.records) {
			e.ContinuationSequenceNumber = shard.records[to-1].SequenceNumber
		}
		end := shard.children != nil && to == len(shard.records)
		if end {
			e.ContinuationSequenceNumber, e.ChildShards = nil, shard.childShards()
		}
		if f.hideChildren {
			e.ChildShards = nil
		}
		f.mu.Unlock()
		now := clock.Wall{}.Now()
		if len(e.Records) == 0 && !end && now.Sub(quiet) < 5*time.Second && sent > 0 {
			_ = clock.Wall{}.Sleep(ctx, 10*time.Millisecond)
			select {
			case <-s.closed:
				return
			default:
			}
			continue
		}
		select {
		case s.events <- &types.SubscribeToShardEventStreamMemberSubscribeToShardEvent{Value: e}:
		case <-s.closed:
			return
		}
		index, quiet = to, now
		sent++
		if end {
			return
		}
	}
}
