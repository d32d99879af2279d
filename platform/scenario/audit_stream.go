package scenario

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"

	"github.com/weirstream/weir/platform/clock"
)

// auditPoll is how often each shard is read. Kinesis allows five reads a
// second per shard for all polling readers together; two leave room for an
// event source mapping and a person peeking.
const auditPoll = 500 * time.Millisecond

// auditCatchUp is the pace behind the tip: faster, and still leaving an event
// source mapping its read a second.
const auditCatchUp = 300 * time.Millisecond

// Stream is the name of a Kinesis data stream.
type Stream string

// String is what the screen calls it.
func (s Stream) String() string { return "stream " + string(s) }

func (s Stream) audit(env Env, mark marker, since time.Time) storeAudit {
	return &streamAudit{
		marker: mark, stream: string(s), since: since, shards: map[string]time.Time{},
		client: kinesis.NewFromConfig(env.AWS(Auditor)), wall: env.Wall, log: env.Log,
	}
}

// streamAudit reads a stream with plain GetRecords calls.
type streamAudit struct {
	marker
	stream string
	since  time.Time
	client *kinesis.Client
	wall   clock.Clock
	log    *slog.Logger

	mu     sync.Mutex
	shards map[string]time.Time // when the last read that found the shard's tip began
}

// Run implements storeAudit.
func (a *streamAudit) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.all(ctx, group) })
	return group.Wait()
}

// all begins to read every shard there is.
func (a *streamAudit) all(ctx context.Context, group *errgroup.Group) error {
	in := &kinesis.ListShardsInput{StreamName: &a.stream}
	for {
		page, err := a.client.ListShards(ctx, in)
		if err != nil {
			return fmt.Errorf("list shards: %w", err)
		}
		for _, shard := range page.Shards {
			a.follow(ctx, group, aws.ToString(shard.ShardId))
		}
		if page.NextToken == nil {
			return nil
		}
		in = &kinesis.ListShardsInput{NextToken: page.NextToken}
	}
}

// follow starts reading a shard unless it is being read already.
func (a *streamAudit) follow(ctx context.Context, group *errgroup.Group, shard string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.shards[shard]; known {
		return
	}
	a.shards[shard] = time.Time{}
	group.Go(func() error {
		if err := a.shard(ctx, group, shard); err != nil && ctx.Err() == nil {
			return fmt.Errorf("shard %s: %w", shard, err)
		}
		return nil
	})
}

func (a *streamAudit) shard(ctx context.Context, group *errgroup.Group, shard string) error {
	at := &kinesis.GetShardIteratorInput{
		StreamName: &a.stream, ShardId: &shard,
		ShardIteratorType: types.ShardIteratorTypeAtTimestamp, Timestamp: aws.Time(a.since),
	}
	var iterator *string
	for ctx.Err() == nil {
		if iterator == nil {
			out, err := a.client.GetShardIterator(ctx, at)
			if err != nil {
				if err := a.retry(ctx, err); err != nil {
					return err
				}
				continue
			}
			iterator = out.ShardIterator
		}
		began := a.wall.Now()
		out, err := a.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: iterator})
		if err != nil {
			var expired *types.ExpiredIteratorException
			if errors.As(err, &expired) {
				iterator = nil
				continue
			}
			if err := a.retry(ctx, err); err != nil {
				return err
			}
			continue
		}
		for _, record := range out.Records {
			for _, data := range unpack(record.Data) {
				a.mark(data)
			}
			at.ShardIteratorType = types.ShardIteratorTypeAfterSequenceNumber
			at.StartingSequenceNumber, at.Timestamp = record.SequenceNumber, nil
		}
		iterator = out.NextShardIterator
		if iterator == nil {
			for _, child := range out.ChildShards {
				a.follow(ctx, group, aws.ToString(child.ShardId))
			}
			a.atTip(shard, time.Unix(1<<40, 0)) // closed: its tip is final
			return nil
		}
		pause := auditCatchUp
		if aws.ToInt64(out.MillisBehindLatest) == 0 {
			a.atTip(shard, began)
			pause = auditPoll
		}
		if err := a.wall.Sleep(ctx, pause); err != nil {
			return nil
		}
	}
	return nil
}

// retry waits out a passing error and returns one that will not pass.
func (a *streamAudit) retry(ctx context.Context, err error) error {
	var denied interface{ ErrorCode() string }
	if errors.As(err, &denied) {
		switch denied.ErrorCode() {
		case "AccessDeniedException", "ResourceNotFoundException", "InvalidArgumentException", "ValidationException":
			return err
		}
	}
	a.log.Debug("audit read failed, trying again", "error", err)
	if err := a.wall.Sleep(ctx, auditPoll); err != nil {
		return err
	}
	return nil
}

func (a *streamAudit) atTip(shard string, began time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shards[shard] = began
}

func (a *streamAudit) caughtUp(t time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, began := range a.shards {
		if !began.After(t) {
			return false
		}
	}
	return len(a.shards) > 0
}
