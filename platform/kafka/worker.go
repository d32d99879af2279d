package kafka

import (
	"context"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// worker handles one partition's records in order.
type worker struct {
	c        *Consumer
	at       topicPartition
	stopping context.Context // ends when no new batch may begin
	stop     context.CancelFunc
	hard     context.Context // the handler's
	giveUp   context.CancelFunc
	ended    chan struct{}
	wake     chan struct{}

	mu        sync.Mutex
	queue     []*kgo.Record
	paused    bool
	done      kgo.EpochOffset // the next to do; -1 while nothing is done
	committed kgo.EpochOffset
}

func newWorker(c *Consumer, at topicPartition) *worker {
	none := kgo.EpochOffset{Epoch: -1, Offset: -1}
	w := &worker{c: c, at: at, ended: make(chan struct{}), wake: make(chan struct{}, 1), done: none, committed: none}
	w.hard, w.giveUp = context.WithCancel(context.Background())
	w.stopping, w.stop = context.WithCancel(w.hard)
	return w
}

// push never blocks: one poll beyond QueueRecordsMax is what a partition may
// hold, because from there on it is not fetched.
func (w *worker) push(records []*kgo.Record) {
	w.mu.Lock()
	w.queue = append(w.queue, records...)
	if !w.paused && len(w.queue) >= w.c.cfg.QueueRecordsMax {
		w.paused = true
		w.c.client.PauseFetchPartitions(map[string][]int32{w.at.topic: {w.at.partition}})
	}
	w.mu.Unlock()
	w.c.queued.Add(int64(len(records)))
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *worker) run() {
	defer close(w.ended)
	defer w.giveUp()
	for {
		records := w.next()
		if records == nil {
			select {
			case <-w.wake:
				continue
			case <-w.stopping.Done():
			}
		}
		if w.stopping.Err() != nil {
			w.mu.Lock()
			w.c.queued.Add(-int64(len(w.queue) + len(records)))
			w.queue = nil
			w.mu.Unlock()
			return
		}
		w.c.queued.Add(-int64(len(records)))
		w.attend(records)
	}
}

// next takes the next batch off the queue.
func (w *worker) next() []*kgo.Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.queue), w.c.cfg.BatchRecordsMax)
	if n == 0 {
		w.queue = nil // what was handed over is not held
		return nil
	}
	records := w.queue[:n:n]
	w.queue = w.queue[n:]
	if w.paused && len(w.queue) <= w.c.cfg.QueueRecordsMax/2 {
		w.paused = false
		w.c.client.ResumeFetchPartitions(map[string][]int32{w.at.topic: {w.at.partition}})
	}
	return records
}

// attend handles a batch until it is done, or until it has to give up.
func (w *worker) attend(records []*kgo.Record) {
	for attempt := 1; ; attempt++ {
		err := w.handle(records)
		if err == nil {
			w.finish(records)
			return
		}
		if w.hard.Err() != nil {
			return
		}
		_, permanent := classOf(err)
		if w.c.cfg.DeadLetters != nil && (permanent || attempt >= w.c.cfg.AttemptsMax) {
			w.oneByOne(records, attempt, err)
			return
		}
		if !w.pause(attempt, "handler failed, batch will be tried again", err) {
			return
		}
	}
}

func (w *worker) handle(records []*kgo.Record) error {
	return w.c.handle(w.hard, Batch{Topic: w.at.topic, Partition: w.at.partition, Records: records})
}

// oneByOne finds the records that fail on their own and makes them dead
// letters; err is what the batch failed with.
func (w *worker) oneByOne(records []*kgo.Record, attempts int, err error) {
	for i, r := range records {
		tries := attempts
		if len(records) > 1 {
			err = w.handle(records[i : i+1])
			tries++
		}
		if w.hard.Err() != nil && err != nil {
			return
		}
		if err != nil && !w.bury(r, tries, err) {
			return
		}
		w.finish(records[i : i+1])
		if w.stopping.Err() != nil {
			return
		}
	}
}

// bury puts the record among the dead letters; false means that it had to give
// up before one was acknowledged.
func (w *worker) bury(r *kgo.Record, attempts int, cause error) bool {
	for tries := 1; ; tries++ {
		err := w.c.cfg.DeadLetters.Put(w.hard, NewDeadLetter(r, cause, attempts, w.c.cfg.Clock.Now()))
		if err == nil {
			w.c.deadLettered.Add(1)
			w.c.cfg.Logger.Warn("record became a dead letter", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "error", cause)
			return true
		}
		if w.hard.Err() != nil || !w.pause(tries, "dead letter failed, will be tried again", err) {
			return false
		}
	}
}

// pause waits before another attempt; false means that there will be none.
func (w *worker) pause(attempt int, message string, err error) bool {
	w.c.retries.Add(1)
	w.c.cfg.Logger.Warn(message, "topic", w.at.topic, "partition", w.at.partition, "attempt", attempt, "error", err)
	return w.c.cfg.Clock.Sleep(w.stopping, w.c.jitter.Half(attempt-1, w.c.cfg.RetryMin, w.c.cfg.RetryMax)) == nil
}

func (w *worker) finish(records []*kgo.Record) {
	last := records[len(records)-1]
	bytes := 0
	for _, r := range records {
		bytes += len(r.Key) + len(r.Value)
	}
	w.c.records.Add(int64(len(records)))
	w.c.bytes.Add(int64(bytes))
	w.mu.Lock()
	w.done = kgo.EpochOffset{Epoch: last.LeaderEpoch, Offset: last.Offset + 1}
	waiting := last.Timestamp // the next is not older
	if len(w.queue) > 0 {
		waiting = w.queue[0].Timestamp
	}
	w.mu.Unlock()
	w.c.lags.finish(w.at, last.Offset+1, waiting)
}

func (w *worker) uncommitted() (kgo.EpochOffset, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.done, w.done != w.committed
}

func (w *worker) setCommitted(at kgo.EpochOffset) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.committed = at
}
