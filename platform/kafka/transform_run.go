package kafka

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
)

// transactionalID is the same for every life of a static member, so that each
// fences its predecessor.
func transactionalID(m Member) string {
	if id := m.instance(); id != "" {
		return m.Group + "-" + id
	}
	return m.Group + "-" + rand.Text()
}

// Run transforms until ctx ends, then commits what is in hand, within StopMax,
// leaves the group, unless the member is static, and returns nil. Brokers that do
// not answer hold it up by as long again to abort what they did not commit, and
// by seconds to leave. What no abort cures makes it begin anew with a fresh client.
// It returns an error that wraps ErrFenced when another process has its identity,
// and other errors for what will not pass, such as a refused password, or an input
// that ends before what was committed. A Transformer runs once.
func (t *Transformer) Run(ctx context.Context) error {
	lost := losses{}
	for tries := 0; ; {
		before := t.commits.Load()
		err := t.live(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if hopeless(err) {
			return fmt.Errorf("transform topic %s: %w", t.cfg.Topic, err)
		}
		if err := lost.forGood(err, t.cfg.Member.Group); err != nil {
			return fmt.Errorf("transform topic %s: %w", t.cfg.Topic, err)
		}
		if t.commits.Load() > before {
			tries = 0
		}
		tries++
		t.restarts.Add(1)
		t.cfg.Logger.Warn("transformer begins anew", "topic", t.cfg.Topic, "group", t.cfg.Member.Group, "error", err)
		if (clock.Wall{}).Sleep(ctx, t.jitter.Half(tries, 50*time.Millisecond, t.cfg.RetryMax)) != nil {
			return nil
		}
	}
}

// losses counts how many lives in a row ended because the brokers said that a
// partition ends before what was committed. Once, it may be a leader that does not
// know better yet: reading on from the end that it tells could double records.
type losses map[kgo.ErrDataLoss]int

// lossesMax takes some seconds.
const lossesMax = 10

// forGood says what to do when it counts the same loss once too often.
func (l losses) forGood(err error, group string) error {
	lost, ok := errors.AsType[*kgo.ErrDataLoss](err)
	if !ok {
		clear(l)
		return nil
	}
	if l[*lost]++; l[*lost] < lossesMax {
		return nil
	}
	return fmt.Errorf("the brokers lost records of partition %d, as they may with unclean leader election: %d was next, and now %d is; "+
		"what was made of the lost ones stays; to go on with what comes, end the group's members and set it back: "+
		"kafka-consumer-groups.sh --bootstrap-server HOST:PORT --group %s --topic %s:%d --reset-offsets --to-offset %d --execute",
		lost.Partition, lost.ConsumedTo, lost.ResetTo, group, lost.Topic, lost.Partition, lost.ResetTo)
}

// hopeless tells what a fresh client cannot cure.
func hopeless(err error) bool {
	for _, never := range []error{
		ErrFenced, errNoState,
		kerr.SaslAuthenticationFailed, kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed,
		kerr.TransactionalIDAuthorizationFailed, kerr.ClusterAuthorizationFailed,
	} {
		if errors.Is(err, never) {
			return true
		}
	}
	return false
}

// life is one client's time: the partitions it was given and the transaction in
// hand. Its loop is the one goroutine that polls, begins, ends and changes
// ready and dirty of a task; the client's callbacks add and take away tasks.
type life struct {
	t       *Transformer
	session *kgo.GroupTransactSession
	born    chan struct{}           // closed when session is set; callbacks may come before
	cancel  context.CancelCauseFunc // ends the life
	hard    context.Context         // for what is in hand: it ends StopMax later than the life, or with it if that is fenced

	mu       sync.Mutex
	tasks    map[int32]*task
	stopPoll context.CancelFunc // interrupts the poll under way
	poked    bool               // there is something to see to before the next poll
	leaving  bool               // a rebalance waits for the transaction in hand
	given    bool               // the group has answered

	restoring sync.WaitGroup

	full      bool // the last transaction held so much that more waits
	open      bool // a transaction is
	held      int  // input records in it
	heldBytes int64
	inHand    map[int32]progress // by partition that it has records of
	ticked    bool               // some of its partitions had a tick
	deadline  time.Time
	lastEnd   time.Time
	failures  int // aborts in a row

	memberID   string // when the transaction began
	generation int32
	topicID    [16]byte // of the input
	taken      bool     // the transactional id is
}

// progress is what a transaction did to a partition.
type progress struct {
	next    int64
	written time.Time
}

func (t *Transformer) live(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	hard, giveUp := context.WithCancelCause(context.WithoutCancel(ctx))
	var patience sync.WaitGroup
	patience.Go(func() {
		<-ctx.Done()
		if cause := context.Cause(ctx); !errors.Is(cause, ErrFenced) {
			_ = (clock.Wall{}).Sleep(hard, t.cfg.StopMax)
		}
		giveUp(context.Cause(ctx))
	})
	defer func() {
		cancel(nil)
		giveUp(nil)
		patience.Wait()
	}()
	l := &life{t: t, born: make(chan struct{}), cancel: cancel, hard: hard, tasks: map[int32]*task{}}
	session, err := kgo.NewGroupTransactSession(append(append(t.cluster.Options(), l.options(ctx)...), t.extra...)...)
	if err != nil {
		return fmt.Errorf("kafka client: %w", err)
	}
	l.session = session
	close(l.born)
	defer l.close()
	if err := l.identify(ctx); err != nil {
		return err
	}
	for {
		if err := l.turn(ctx); err != nil {
			if cause := context.Cause(ctx); errors.Is(cause, ErrFenced) {
				return cause
			}
			if errors.Is(err, kerr.ProducerFenced) || errors.Is(err, kerr.InvalidProducerEpoch) {
				if twin := t.cfg.Member.verify(hard, session.Client()); errors.Is(twin, kerr.FencedInstanceID) {
					return fmt.Errorf("%w: %w", t.cfg.Member.fenced(), err)
				}
			}
			return err
		}
	}
}

// take takes the transactional id. The id's older transactions end here, not when
// the first record comes. Where the group lets nobody in while another process
// has the instance id, that one has the transactional id, too, until it is gone.
func (l *life) take(ctx context.Context) error {
	l.mu.Lock()
	waits := l.t.cfg.Member.waits() && !l.given
	l.mu.Unlock()
	if l.taken || waits {
		return nil
	}
	if _, _, err := l.session.Client().ProducerID(ctx); err != nil {
		return fmt.Errorf("take transactional id %s: %w", l.t.cfg.TransactionalID, err)
	}
	l.taken = true
	return nil
}

// close takes part in no rebalance any more: restores end, the group is left.
func (l *life) close() {
	l.cancel(nil)
	leave(l.session.Client())
	l.mu.Lock()
	for p := range l.tasks {
		l.drop(p)
	}
	l.mu.Unlock()
	l.restoring.Wait()
}

func (l *life) options(ctx context.Context) []kgo.Opt {
	cfg := l.t.cfg
	codec, _ := cfg.Compression.codec()
	return append(cfg.Member.options([]string{cfg.Topic}, func() { l.cancel(cfg.Member.fenced()) }),
		kgo.TransactionalID(cfg.TransactionalID),
		kgo.TransactionTimeout(cfg.TransactionMax),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(codec),
		kgo.ProducerBatchMaxBytes(LetterBytesMax),
		kgo.ProducerLinger(time.Second), // full batches go at once, and the end of a transaction flushes
		kgo.MaxBufferedRecords(100_000),
		kgo.RecordPartitioner(newPartitioner()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(500*time.Millisecond),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsCallbackBlocked(func(context.Context, *kgo.Client) { l.poke(true) }),
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) { l.answered() }),
		kgo.AdjustFetchOffsetsFn(func(_ context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
			return l.assign(ctx, offsets)
		}),
		kgo.OnPartitionsRevoked(l.revoked),
		kgo.OnPartitionsLost(l.revoked),
	)
}

// poke makes the loop look up from its poll.
func (l *life) poke(leaving bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.poked = true
	l.leaving = l.leaving || leaving
	if l.stopPoll != nil {
		l.stopPoll()
	}
}

func (l *life) answered() {
	l.mu.Lock()
	l.given = true
	l.mu.Unlock()
	l.poke(false)
}

// poll waits for records until something else is due.
func (l *life) poll(ctx context.Context) (fetches kgo.Fetches) {
	l.rest(ctx)
	l.wait(ctx, l.patience(), func(ctx context.Context) {
		fetches = l.session.PollRecords(ctx, l.t.cfg.BatchRecordsMax)
	})
	l.mu.Lock()
	l.poked = false // what it was for is seen to in the next turn
	l.mu.Unlock()
	return fetches
}

// wait calls what waits, for d or until the loop is poked.
func (l *life) wait(ctx context.Context, d time.Duration, waiter func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	l.mu.Lock()
	l.stopPoll = cancel
	if l.poked {
		cancel()
	}
	l.mu.Unlock()
	waiter(ctx)
	l.mu.Lock()
	l.stopPoll = nil
	l.mu.Unlock()
}

// gatherMin is how long before a commit the records for it are fetched.
const gatherMin = 10 * time.Millisecond

// rest lets records gather at the brokers between two commits: what is fetched
// earlier is seen no earlier, and to fetch a few records costs as much as to
// fetch many.
func (l *life) rest(ctx context.Context) {
	if l.open || l.full || l.t.cfg.CommitOutputs || l.lastEnd.IsZero() {
		return
	}
	rested := clock.Wall{}.Now().Sub(l.lastEnd)
	if left := min(l.t.cfg.CommitInterval-gatherMin, l.tickWait()) - rested; left > 0 {
		l.wait(ctx, left, func(ctx context.Context) { <-ctx.Done() })
	}
}

// patience is how long there is nothing to do but to poll.
func (l *life) patience() time.Duration {
	wait := l.tickWait()
	if l.open {
		wait = min(wait, l.deadline.Sub(clock.Wall{}.Now()))
	}
	return max(wait, 0)
}

// tickWait is how long no tick can become due.
func (l *life) tickWait() time.Duration {
	if tick := l.t.cfg.TickInterval; tick > 0 {
		return min(time.Second, max(tick/4, 5*time.Millisecond))
	}
	return time.Second
}
