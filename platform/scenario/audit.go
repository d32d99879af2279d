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
	"github.com/weirstream/weir/platform/ledger"
)

// auditPoll is how often each shard is read. Kinesis allows five reads a
// second per shard for all polling readers together; two leave room for an
// event source mapping and a person peeking.
const auditPoll = 500 * time.Millisecond

// auditCatchUp is the pace behind the tip: faster, and still leaving an event
// source mapping its read a second.
const auditCatchUp = 300 * time.Millisecond

// auditor reads every stream hop from the run's start to its tail, with plain
// GetRecords calls of its own, and marks what it sees in the ledger. It is
// deliberately not built on the consumer that scenarios use: a mistake there
// must not hide from the audit.
type auditor struct {
	client *kinesis.Client
	wall   clock.Clock
	log    *slog.Logger
	runID  string
	since  time.Time
	ledger *ledger.Ledger
	hops   []Hop

	mu     sync.Mutex
	shards map[string]map[string]time.Time // stream → shard → when the last read that found the tip began
}

func newAuditor(env Env, hops []Hop, since time.Time, l *ledger.Ledger) *auditor {
	a := &auditor{
		client: kinesis.NewFromConfig(env.AWS(Auditor)), wall: env.Wall, log: env.Log,
		runID: env.RunID, since: since, ledger: l, shards: map[string]map[string]time.Time{},
	}
	for _, hop := range hops {
		if hop.Stream != "" {
			a.hops = append(a.hops, hop)
		}
	}
	return a
}

// Run reads until ctx ends; it returns early only with an error, when a stream
// cannot be read.
func (a *auditor) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { <-ctx.Done(); return nil })
	for _, hop := range a.hops {
		group.Go(func() error {
			if err := a.stream(ctx, group, hop); err != nil && ctx.Err() == nil {
				return fmt.Errorf("audit of stream %s: %w", hop.Stream, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (a *auditor) stream(ctx context.Context, group *errgroup.Group, hop Hop) error {
	in := &kinesis.ListShardsInput{StreamName: aws.String(hop.Stream)}
	for {
		page, err := a.client.ListShards(ctx, in)
		if err != nil {
			return fmt.Errorf("list shards: %w", err)
		}
		for _, shard := range page.Shards {
			a.follow(ctx, group, hop, aws.ToString(shard.ShardId))
		}
		if page.NextToken == nil {
			return nil
		}
		in = &kinesis.ListShardsInput{NextToken: page.NextToken}
	}
}

// follow starts reading a shard unless it is being read already.
func (a *auditor) follow(ctx context.Context, group *errgroup.Group, hop Hop, shard string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.shards[hop.Stream] == nil {
		a.shards[hop.Stream] = map[string]time.Time{}
	}
	if _, known := a.shards[hop.Stream][shard]; known {
		return
	}
	a.shards[hop.Stream][shard] = time.Time{}
	group.Go(func() error {
		if err := a.shard(ctx, group, hop, shard); err != nil && ctx.Err() == nil {
			return fmt.Errorf("audit of stream %s, shard %s: %w", hop.Stream, shard, err)
		}
		return nil
	})
}

func (a *auditor) shard(ctx context.Context, group *errgroup.Group, hop Hop, shard string) error {
	at := &kinesis.GetShardIteratorInput{
		StreamName: aws.String(hop.Stream), ShardId: aws.String(shard),
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
				a.mark(hop, data)
			}
			at.ShardIteratorType = types.ShardIteratorTypeAfterSequenceNumber
			at.StartingSequenceNumber, at.Timestamp = record.SequenceNumber, nil
		}
		iterator = out.NextShardIterator
		if iterator == nil {
			for _, child := range out.ChildShards {
				a.follow(ctx, group, hop, aws.ToString(child.ShardId))
			}
			a.atTip(hop.Stream, shard, time.Unix(1<<40, 0)) // closed: its tip is final
			return nil
		}
		pause := auditCatchUp
		if aws.ToInt64(out.MillisBehindLatest) == 0 {
			a.atTip(hop.Stream, shard, began)
			pause = auditPoll
		}
		if err := a.wall.Sleep(ctx, pause); err != nil {
			return nil
		}
	}
	return nil
}

// retry waits out a passing error and returns one that will not pass.
func (a *auditor) retry(ctx context.Context, err error) error {
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

func (a *auditor) mark(hop Hop, data []byte) {
	idText, runID, err := hop.Identify(data)
	if err != nil || runID != a.runID {
		return // another run's, or rubbish somebody put on the stream
	}
	id, err := ledger.ParseID(idText)
	if err != nil {
		return
	}
	a.ledger.Arrived(hop.To, id)
}

func (a *auditor) atTip(stream, shard string, began time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shards[stream][shard] = began
}

// caughtUp tells whether every shard was read to its tip by a read that began
// after t, and if not, which stream is behind.
func (a *auditor) caughtUp(t time.Time) (behind string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, hop := range a.hops {
		shards := a.shards[hop.Stream]
		if len(shards) == 0 {
			return hop.Stream, false
		}
		for _, began := range shards {
			if !began.After(t) {
				return hop.Stream, false
			}
		}
	}
	return "", true
}
