package kafka

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/weirstream/weir/platform/clock"
)

// One transaction of a replay holds at most so much, and is given up by the
// brokers if its process dies.
const (
	replayLetters = 500
	replayBytes   = 1 << 20
	replayMax     = 30 * time.Second
)

// ErrPlanOutdated says that another replay put letters of the topic back after
// the plan was made. Nothing was done.
var ErrPlanOutdated = errors.New("another replay put letters back since this one was planned; plan again")

// Run puts the planned letters back on the topics that they came from, to the
// partition that they came from while that exists, else to their key's: key,
// value and headers as they were, and headers that count attempts, tell when
// they first failed (both go on if they fail again) and which letter they were.
// They stay among the dead letters, marked as replayed: see ReplayGroup.
//
// Delivery: exactly once for readers that read committed records only. Records
// and marks commit in one transaction; what is cut off at any instant is not
// there, and the next replay goes on behind what is. A second replay of the
// same topic takes over from the first, which ends with an error that wraps
// ErrFenced. Where it breaks: the marks are lost when the group's offsets
// expire.
//
// Run returns how many letters were put back, also with an error.
func (p *ReplayPlan) Run(ctx context.Context) (int, error) {
	opts := append(ProducerConfig{RecordTTL: replayMax / 2, BatchBytesMax: LetterBytesMax}.options(),
		kgo.TransactionalID(ReplayGroup+"-"+p.Topic), kgo.TransactionTimeout(replayMax),
		// Requests that add the group to a transaction, as newer ones do not.
		kgo.MaxVersions(kversion.V3_9_0()),
	)
	client, err := p.cluster.client(opts...)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	// From here on no other replay of the topic can commit.
	if _, _, err := client.ProducerID(ctx); err != nil {
		return 0, fmt.Errorf("begin replay of topic %s: %w", p.Topic, err)
	}
	r := &replay{plan: p, client: client, clock: clock.Wall{}}
	extents, err := Extents(ctx, client, p.Topic)
	if err != nil {
		return 0, err
	}
	if r.replayed, err = ListReplayed(ctx, client, p.Topic, extents); err != nil {
		return 0, err
	}
	if !reflect.DeepEqual(r.replayed, p.replayed) {
		return 0, fmt.Errorf("replay dead letters of topic %s: %w", p.Topic, ErrPlanOutdated)
	}
	for i := range p.parts {
		if err := r.part(ctx, &p.parts[i]); err != nil {
			return r.done, fmt.Errorf("replay dead letters of topic %s: %w", p.Topic, fenced(err))
		}
	}
	return r.done, nil
}

func fenced(err error) error {
	if errors.Is(err, kerr.ProducerFenced) || errors.Is(err, kerr.InvalidProducerEpoch) {
		return fmt.Errorf("%w: %w", ErrFenced, err)
	}
	return err
}

// replay is one run of a plan.
type replay struct {
	plan     *ReplayPlan
	client   *kgo.Client
	clock    clock.Clock
	replayed Replayed
	done     int // letters
}

// part puts back the chosen letters of one partition.
func (r *replay) part(ctx context.Context, part *replayPart) error {
	if len(part.chosen) == 0 {
		return nil
	}
	var batch []*kgo.Record
	var offsets []int64
	bytes := 0
	flush := func() error {
		err := r.transact(ctx, part, batch, offsets)
		batch, offsets, bytes = nil, nil, 0
		return err
	}
	from, to := part.chosen[0], part.chosen[len(part.chosen)-1]+1
	err := newLogReader(r.client, r.plan.Topic, part.extent.Partition).read(ctx, from, to, func(letter *kgo.Record) error {
		if _, chosen := slices.BinarySearch(part.chosen, letter.Offset); !chosen {
			return nil
		}
		batch, offsets = append(batch, r.back(ctx, letter)), append(offsets, letter.Offset)
		if bytes += len(letter.Key) + len(letter.Value); len(batch) >= replayLetters || bytes >= replayBytes {
			return flush()
		}
		return nil
	})
	if err != nil || len(batch) == 0 {
		return err
	}
	return flush()
}

// back is the record that a letter was.
func (r *replay) back(ctx context.Context, letter *kgo.Record) *kgo.Record {
	d := ReadDeadLetter(letter)
	again := &kgo.Record{Topic: d.OriginTopic, Key: letter.Key, Value: letter.Value, Headers: replayHeaders(letter), Context: ctx}
	if d.OriginPartition >= 0 && int(d.OriginPartition) < r.plan.origins.known[d.OriginTopic].partitions {
		ToPartition(again, d.OriginPartition)
	}
	return again
}

// replayHeaders leaves what was the record's own, and what a second failure
// goes on counting from.
func replayHeaders(letter *kgo.Record) []kgo.RecordHeader {
	var kept []kgo.RecordHeader
	for _, h := range letter.Headers {
		if !strings.HasPrefix(h.Key, "dlq-") || h.Key == HeaderAttempt || h.Key == HeaderFirstSeen {
			kept = append(kept, h)
		}
	}
	place := letter.Topic + "/" + strconv.Itoa(int(letter.Partition)) + "/" + strconv.FormatInt(letter.Offset, 10)
	return append(kept, kgo.RecordHeader{Key: HeaderReplayOf, Value: []byte(place)})
}

// transact puts a batch back and marks it, or neither.
func (r *replay) transact(ctx context.Context, part *replayPart, batch []*kgo.Record, offsets []int64) error {
	after := part.marks(r.replayed, offsets)
	metadata, err := after.metadata()
	if err != nil {
		return err
	}
	if err := r.client.BeginTransaction(); err != nil {
		return err
	}
	err = r.produce(ctx, batch, part.extent.Partition, offsets)
	if err == nil {
		err = r.mark(ctx, part.extent.Partition, after.before, metadata)
	}
	// A transaction in hand is ended also when ctx was.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), replayMax)
	defer cancel()
	if err != nil {
		return errors.Join(err, r.client.AbortBufferedRecords(last), r.client.EndTransaction(last, kgo.TryAbort))
	}
	if err := r.client.EndTransaction(last, kgo.TryCommit); err != nil {
		return fmt.Errorf("whether the last %d letters were put back is not known, and the next replay will tell: commit: %w", len(batch), err)
	}
	r.replayed[part.extent.Partition] = after
	r.done += len(batch)
	return nil
}

func (r *replay) produce(ctx context.Context, batch []*kgo.Record, partition int32, offsets []int64) error {
	for _, result := range r.client.ProduceSync(ctx, batch...) {
		if result.Err != nil {
			at := offsets[slices.Index(batch, result.Record)]
			return fmt.Errorf("letter at partition %d offset %d: %w", partition, at, produceError(result.Record, result.Err))
		}
	}
	return nil
}

// mark adds the partition's new marks to the transaction.
func (r *replay) mark(ctx context.Context, partition int32, before int64, metadata string) error {
	id, epoch, err := r.client.ProducerID(ctx)
	if err != nil {
		return err
	}
	txn := ReplayGroup + "-" + r.plan.Topic
	add := kmsg.NewPtrAddOffsetsToTxnRequest()
	add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Group = txn, id, epoch, ReplayGroup
	err = r.patiently(ctx, func() error {
		answer, err := add.RequestWith(ctx, r.client)
		if err != nil {
			return err
		}
		return kerr.ErrorForCode(answer.ErrorCode)
	})
	if err != nil {
		return fmt.Errorf("add group %s to the transaction: %w", ReplayGroup, err)
	}
	commit := kmsg.NewPtrTxnOffsetCommitRequest()
	commit.TransactionalID, commit.ProducerID, commit.ProducerEpoch, commit.Group, commit.Generation = txn, id, epoch, ReplayGroup, -1
	topic := kmsg.NewTxnOffsetCommitRequestTopic()
	topic.Topic = r.plan.Topic
	at := kmsg.NewTxnOffsetCommitRequestTopicPartition()
	at.Partition, at.Offset, at.Metadata = partition, before, &metadata
	topic.Partitions = append(topic.Partitions, at)
	commit.Topics = append(commit.Topics, topic)
	err = r.patiently(ctx, func() error {
		answer, err := commit.RequestWith(ctx, r.client)
		if err != nil {
			return err
		}
		if len(answer.Topics) != 1 || len(answer.Topics[0].Partitions) != 1 {
			return errors.New("the answer is not about the partition that was asked for")
		}
		return kerr.ErrorForCode(answer.Topics[0].Partitions[0].ErrorCode)
	})
	if err != nil {
		return fmt.Errorf("commit offset %d of partition %d for group %s: %w", before, partition, ReplayGroup, err)
	}
	return nil
}

// patiently repeats a request that the brokers put off.
func (r *replay) patiently(ctx context.Context, request func() error) error {
	ctx, cancel := context.WithTimeout(ctx, replayMax/3)
	defer cancel()
	for {
		err := request()
		if e, ok := errors.AsType[*kerr.Error](err); !ok || !e.Retriable {
			return err
		}
		if r.clock.Sleep(ctx, 50*time.Millisecond) != nil {
			return err
		}
	}
}
