package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
)

// State is what a handler remembers about one input partition. A Transformer
// calls its methods and the handler in turn, never two at once.
type State interface {
	// Restore fills a new State, once and before anything else, with the pairs
	// that the last committed transaction left: each living key once. It may
	// keep the slices. pairs is empty for a partition that has no state yet.
	Restore(pairs iter.Seq2[[]byte, []byte]) error
	// Snapshot puts the keys that changed since Restore or the last Snapshot,
	// a nil value for a key that is gone. It is called once per transaction,
	// and what it puts commits with that, or is lost with this State when it
	// aborts. The slices are kept until then.
	Snapshot(put func(key, value []byte)) error
}

// Stateless is the State of a handler that remembers nothing.
type Stateless struct{}

// Restore has nothing to fill.
func (Stateless) Restore(iter.Seq2[[]byte, []byte]) error { return nil }

// Snapshot has nothing to put.
func (Stateless) Snapshot(func(key, value []byte)) error { return nil }

// Batch is records of one partition, in order. A tick brings none.
type Batch struct {
	Topic     string
	Partition int32
	Records   []*kgo.Record
}

// Handler turns a batch into what is to be produced. It is called for one
// batch of a partition at a time, for several partitions at once, and again
// with the same records after a transaction that failed, so it must come to the
// same outputs from the same records and state, and have no effect but these.
// Its ctx ends StopMax after Run's, and at once where the work is lost: when
// another process fences this one, and when the handler of another partition of
// the same transaction fails.
// An error aborts the transaction; it is tried again after a back-off, for
// ever, so what cannot be handled belongs into the outputs, as a DeadLetter.
type Handler[S State] func(ctx context.Context, b Batch, state S) ([]*kgo.Record, error)

// TransformerConfig sets a Transformer's topics and pace; zero fields take defaults.
type TransformerConfig struct {
	Member          Member
	Topic           string        // the input
	StateTopic      string        // compacted, as many partitions as Topic; "" means the State is never stored
	TransactionalID string        // "" means the group and instance id, for a dynamic member also a random part
	CommitInterval  time.Duration // between two commits under load; the first record after a pause commits at once. 0 means 50ms
	CommitOutputs   bool          // an output does not wait for CommitInterval: for a handler whose outputs are rare beside its inputs
	BatchRecordsMax int           // of one poll; 0 means 10,000
	CommitRecords   int           // a transaction ends when it holds so many input records; 0 means 50,000
	TickInterval    time.Duration // of Clock: the handler is called without records after so long without any; 0 means never
	TransactionMax  time.Duration // brokers abort a transaction that is open for so long; its end may take as long, 5s at most. 0 means 15s
	StopMax         time.Duration // to commit what is in hand when ctx ends, its end included; 0 means 5s
	RetryMax        time.Duration // longest wait between retries; 0 means 1s
	Compression     Compression   // of the outputs; "" means snappy
	Clock           clock.Clock   // of ticks; nil means the wall clock
	Seed            uint64        // of the retries' jitter; 0 means from the clock
	Logger          *slog.Logger  // hears of every abort; nil means nobody does
}

// Validate says every problem of the config in one error.
func (c *TransformerConfig) Validate() error {
	problems := c.Member.problems()
	if c.Topic == "" {
		problems = append(problems, errors.New("Topic is empty; give the input topic"))
	}
	if c.StateTopic != "" && c.StateTopic == c.Topic {
		problems = append(problems, fmt.Errorf("StateTopic %q is the input topic", c.StateTopic))
	}
	if _, err := c.Compression.codec(); err != nil {
		problems = append(problems, err)
	}
	if c.BatchRecordsMax < 0 || c.CommitRecords < 0 {
		problems = append(problems, errors.New("BatchRecordsMax and CommitRecords must not be negative"))
	}
	if c.CommitInterval < 0 || c.TickInterval < 0 || c.TransactionMax < 0 || c.StopMax < 0 || c.RetryMax < 0 {
		problems = append(problems, errors.New("durations must not be negative"))
	}
	if most := cmp.Or(c.Member.RebalanceTimeout, time.Minute); cmp.Or(c.TransactionMax, 15*time.Second) >= most {
		problems = append(problems, fmt.Errorf("TransactionMax %v must be less than Member.RebalanceTimeout %v", c.TransactionMax, most))
	}
	return errors.Join(problems...)
}

func (c TransformerConfig) withDefaults() TransformerConfig {
	c.CommitInterval = cmp.Or(c.CommitInterval, 50*time.Millisecond)
	c.BatchRecordsMax = cmp.Or(c.BatchRecordsMax, 10_000)
	c.CommitRecords = cmp.Or(c.CommitRecords, 50_000)
	c.TransactionMax = cmp.Or(c.TransactionMax, 15*time.Second)
	c.StopMax = cmp.Or(c.StopMax, 5*time.Second)
	c.RetryMax = cmp.Or(c.RetryMax, time.Second)
	c.Clock = cmp.Or[clock.Clock](c.Clock, clock.Wall{})
	c.Logger = loggerOr(c.Logger)
	return c
}

// TransformerStats counts since NewTransformer.
type TransformerStats struct {
	Records   int64 // input records committed
	Bytes     int64 // of them, keys and values
	Outputs   int64 // records committed to output topics
	State     int64 // records committed to the state topic
	Commits   int64
	Aborts    int64 // transactions redone
	Restores  int64 // of a partition's state
	Restarts  int64 // clients opened anew after an error that aborting does not cure
	Assigned  int64 // partitions now
	Restoring int64 // of them, those that wait for their state
}

// Transformer consumes a topic in a group, has a handler transform each
// partition's records, and produces what that returns. Outputs, the changes of
// the State and the input's offsets commit in one transaction.
//
// Guarantee: for readers of committed records each input record has its effect
// on outputs and state exactly once, and in order per partition, whatever is
// killed, fenced, revoked or answered too late. How, with one transactional
// producer for all partitions of an instance (KIP-447) and not one for each:
//
//   - Offsets commit inside the transaction with the member's id and
//     generation, which the coordinator checks: one that has lost its partitions
//     without knowing cannot commit, so it aborts. Producers per partition,
//     fenced by their transactional ids alone, would do no more, and cost a
//     client, a producer id and a commit for each partition.
//   - Whoever gets a partition asks for its offset with "require stable": the
//     answer waits until no transaction that commits that offset is open. Only
//     then is the end of the state's partition looked up, and read up to, with
//     committed records only, however long the end of an older transaction
//     takes; so the state is the one that belongs to the offset.
//   - For a partition that had ticks alone, its offset is committed once more,
//     so that the same check and the same wait hold.
//   - Rebalances wait until the transaction in hand has committed.
//   - A static member has the same transactional id after a restart, which
//     fences its killed predecessor and aborts what that left open at once;
//     what another dynamic member left ends with TransactionMax.
//
// Where it breaks: effects that a handler has elsewhere, readers that take
// uncommitted records, a state topic that is not compacted-only or is shared,
// brokers that lose acknowledged records. An abort redoes all partitions of the
// instance and restores the states that the transaction had changed.
type Transformer struct {
	cluster  Cluster
	cfg      TransformerConfig
	newState func(partition int32) State
	handle   func(ctx context.Context, b Batch, state State) ([]*kgo.Record, error)
	extra    []kgo.Opt
	jitter   *clock.Jitter
	ready    chan struct{}
	once     sync.Once
	lags     *lags

	records, bytes, outputs, state, commits, aborts, restores, restarts, assigned, restoring atomic.Int64
}

// NewTransformer checks its arguments and starts nothing. newState makes the
// state of a partition that was assigned, or whose last transaction aborted.
// Options are for tests.
func NewTransformer[S State](cluster Cluster, cfg TransformerConfig, newState func(partition int32) S, handle Handler[S], extra ...kgo.Opt) (*Transformer, error) {
	if err := errors.Join(cluster.Validate(), cfg.Validate()); err != nil {
		return nil, fmt.Errorf("transformer config: %w", err)
	}
	cfg = cfg.withDefaults()
	if cfg.TransactionalID == "" {
		cfg.TransactionalID = transactionalID(cfg.Member)
	}
	return &Transformer{
		cluster: cluster, cfg: cfg, extra: extra, ready: make(chan struct{}), lags: newLags(cfg.Member.Group),
		jitter:   clock.NewJitter(cfg.Seed, clock.Wall{}),
		newState: func(partition int32) State { return newState(partition) },
		handle: func(ctx context.Context, b Batch, state State) ([]*kgo.Record, error) {
			return handle(ctx, b, state.(S))
		},
	}, nil
}

// Ready is closed when the group has given this member its first partitions,
// perhaps none, and their states are restored.
func (t *Transformer) Ready() <-chan struct{} { return t.ready }

func (t *Transformer) onReady() { t.once.Do(func() { close(t.ready) }) }

// Lags are the assigned partitions' lags.
func (t *Transformer) Lags() []Lag { return t.lags.all(clock.Wall{}.Now()) }

// Stats is safe to call at any time.
func (t *Transformer) Stats() TransformerStats {
	return TransformerStats{
		Records: t.records.Load(), Bytes: t.bytes.Load(), Outputs: t.outputs.Load(), State: t.state.Load(),
		Commits: t.commits.Load(), Aborts: t.aborts.Load(), Restores: t.restores.Load(), Restarts: t.restarts.Load(),
		Assigned: t.assigned.Load(), Restoring: t.restoring.Load(),
	}
}
