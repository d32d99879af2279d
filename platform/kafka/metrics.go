package kafka

import (
	"slices"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// Metrics is what a process's Kafka parts measure of themselves, under the names
// that MSK gives the same figures in CloudWatch. The rates are those of this
// process's share since the snapshot before.
type Metrics struct {
	BytesInPerSec    map[string]float64 // by topic: produced and acknowledged
	MessagesInPerSec map[string]float64
	BytesOutPerSec   map[string]float64 // by topic: consumed and done
	Partitions       []PartitionMetrics
	Groups           []GroupMetrics
}

// PartitionMetrics are those of one group's work on one partition.
type PartitionMetrics struct {
	Group            string
	Topic            string
	Partition        int32
	OffsetLag        int64
	EstimatedTimeLag float64 // seconds: the age of the first record not done
}

// GroupMetrics sum a group's partitions of one topic up, as far as this process
// has them.
type GroupMetrics struct {
	Group               string
	Topic               string
	SumOffsetLag        int64
	MaxOffsetLag        int64
	EstimatedMaxTimeLag float64
}

// Meter takes Metrics of parts that were given to it. It is safe for
// concurrent use.
type Meter struct {
	clock clock.Clock

	mu           sync.Mutex
	producers    []*Producer
	consumers    []*Consumer
	transformers []*Transformer
	before       map[string]totals
	at           time.Time
}

type totals struct{ records, bytesIn, bytesOut int64 }

// NewMeter takes the wall clock for nil.
func NewMeter(clk clock.Clock) *Meter {
	if clk == nil {
		clk = clock.Wall{}
	}
	return &Meter{clock: clk, at: clk.Now(), before: map[string]totals{}}
}

// Producer adds what a producer puts on a topic, its config's, until remove is
// called.
func (m *Meter) Producer(p *Producer) (remove func()) { return meter(m, &m.producers, p) }

// Consumer adds what a consumer does. Its counts are those of its first topic.
func (m *Meter) Consumer(c *Consumer) (remove func()) { return meter(m, &m.consumers, c) }

// Transformer adds what a transformer does.
func (m *Meter) Transformer(t *Transformer) (remove func()) { return meter(m, &m.transformers, t) }

func meter[P comparable](m *Meter, parts *[]P, part P) (remove func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*parts = append(*parts, part)
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if i := slices.Index(*parts, part); i >= 0 {
			*parts = slices.Delete(*parts, i, i+1)
		}
	}
}

// Snapshot measures now. Rates are those since the snapshot before.
func (m *Meter) Snapshot() Metrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	metrics := Metrics{BytesInPerSec: map[string]float64{}, MessagesInPerSec: map[string]float64{}, BytesOutPerSec: map[string]float64{}}
	now := map[string]totals{}
	for _, p := range m.producers {
		s, t := p.Stats(), now[p.cfg.Topic]
		t.records, t.bytesIn = t.records+s.Acknowledged, t.bytesIn+s.Bytes
		now[p.cfg.Topic], metrics.MessagesInPerSec[p.cfg.Topic] = t, 0
	}
	out := func(topic string, bytes int64) {
		t := now[topic]
		t.bytesOut += bytes
		now[topic], metrics.BytesOutPerSec[topic] = t, 0
	}
	for _, c := range m.consumers {
		out(c.cfg.Topics[0], c.Stats().Bytes)
		metrics.addLags(c.Lags())
	}
	for _, t := range m.transformers {
		out(t.cfg.Topic, t.Stats().Bytes)
		metrics.addLags(t.Lags())
	}
	at := m.clock.Now()
	seconds := at.Sub(m.at).Seconds()
	for topic := range metrics.MessagesInPerSec {
		metrics.MessagesInPerSec[topic] = rate(now[topic].records-m.before[topic].records, seconds)
		metrics.BytesInPerSec[topic] = rate(now[topic].bytesIn-m.before[topic].bytesIn, seconds)
	}
	for topic := range metrics.BytesOutPerSec {
		metrics.BytesOutPerSec[topic] = rate(now[topic].bytesOut-m.before[topic].bytesOut, seconds)
	}
	m.before, m.at = now, at
	return metrics
}

func rate(n int64, seconds float64) float64 {
	if seconds <= 0 || n < 0 { // less than before: a part was removed
		return 0
	}
	return float64(n) / seconds
}

func (m *Metrics) addLags(lags []Lag) {
	for _, l := range lags {
		m.Partitions = append(m.Partitions, PartitionMetrics{l.Group, l.Topic, l.Partition, l.Records, l.Time.Seconds()})
		i := 0
		for i < len(m.Groups) && (m.Groups[i].Group != l.Group || m.Groups[i].Topic != l.Topic) {
			i++
		}
		if i == len(m.Groups) {
			m.Groups = append(m.Groups, GroupMetrics{Group: l.Group, Topic: l.Topic})
		}
		g := &m.Groups[i]
		g.SumOffsetLag += l.Records
		g.MaxOffsetLag = max(g.MaxOffsetLag, l.Records)
		g.EstimatedMaxTimeLag = max(g.EstimatedMaxTimeLag, l.Time.Seconds())
	}
}
