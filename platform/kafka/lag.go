package kafka

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Lag is how far a group's work on a partition is behind its end.
type Lag struct {
	Group     string
	Topic     string
	Partition int32
	Records   int64         // between the first record not done and the end; markers of transactions count
	Time      time.Duration // age of the first record not done, or of the last one done where that is not fetched yet; 0 when caught up
}

// lags follows the partitions of one member.
type lags struct {
	group string
	mu    sync.Mutex
	parts map[topicPartition]*lagging
}

type topicPartition struct {
	topic     string
	partition int32
}

type lagging struct {
	done, end int64     // next offset to do, log end; -1 while unknown
	since     time.Time // when the first record not done was written; zero while unknown
}

func newLags(group string) *lags {
	return &lags{group: group, parts: map[topicPartition]*lagging{}}
}

// part finds or begins to follow a partition.
func (l *lags) part(tp topicPartition) *lagging {
	p := l.parts[tp]
	if p == nil {
		p = &lagging{done: -1, end: -1}
		l.parts[tp] = p
	}
	return p
}

// read notes what a fetch or a look at the log's end told.
func (l *lags) read(tp topicPartition, end, first int64, written time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.part(tp)
	p.end = max(p.end, end)
	if first >= 0 && p.done < 0 {
		p.done = first
	}
	if p.since.IsZero() {
		p.since = written
	}
}

// finish notes that everything before next is done; written is the time of the
// first record after it, or if that is not known yet of the last before it. A
// partition may have gone while its last batch was done.
func (l *lags) finish(tp topicPartition, next int64, written time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.parts[tp]
	if p == nil {
		return
	}
	p.done, p.since = next, written
	p.end = max(p.end, next)
}

// drop forgets a partition that another member has now.
func (l *lags) drop(tp topicPartition) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.parts, tp)
}

// all is sorted by topic and partition.
func (l *lags) all(now time.Time) []Lag {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Lag, 0, len(l.parts))
	for tp, p := range l.parts {
		lag := Lag{Group: l.group, Topic: tp.topic, Partition: tp.partition}
		if p.done >= 0 && p.end > p.done {
			lag.Records = p.end - p.done
			if !p.since.IsZero() {
				lag.Time = max(0, now.Sub(p.since))
			}
		}
		all = append(all, lag)
	}
	slices.SortFunc(all, func(a, b Lag) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return all
}
