package kafka

import (
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

	mu     sync.Mutex
	in     map[string][]func() (records, bytes int64)
	out    map[string][]func() (bytes int64)
	lags   []func() []Lag
	before map[string]totals
	at     time.Time
}

type totals struct{ records, bytesIn, bytesOut int64 }

// NewMeter takes the wall clock for nil.
func NewMeter(clk clock.Clock) *Meter {
	if clk == nil {
		clk = clock.Wall{}
	}
	return &Meter{
		clock: clk, at: clk.Now(), before: map[string]totals{},
		in: map[string][]func() (int64, int64){}, out: map[string][]func() int64{},
	}
}

// Producer adds what a producer puts on a topic, its config's.
func (m *Meter) Producer(p *Producer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.in[p.cfg.Topic] = append(m.in[p.cfg.Topic], func() (int64, int64) {
		s := p.Stats()
		return s.Acknowledged, s.Bytes
	})
}

// Consumer adds what a consumer does. Its bytes count for its first topic.
func (m *Meter) Consumer(c *Consumer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	topic := c.cfg.Topics[0]
	m.out[topic] = append(m.out[topic], func() int64 { return c.Stats().Bytes })
	m.lags = append(m.lags, c.Lags)
}

// Transformer adds what a transformer takes in.
func (m *Meter) Transformer(t *Transformer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out[t.cfg.Topic] = append(m.out[t.cfg.Topic], func() int64 { return t.Stats().Bytes })
	m.lags = append(m.lags, t.Lags)
}

// Snapshot measures now.
func (m *Meter) Snapshot() Metrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := map[string]totals{}
	for topic, parts := range m.in {
		t := now[topic]
		for _, part := range parts {
			records, bytes := part()
			t.records, t.bytesIn = t.records+records, t.bytesIn+bytes
		}
		now[topic] = t
	}
	for topic, parts := range m.out {
		t := now[topic]
		for _, part := range parts {
			t.bytesOut += part()
		}
		now[topic] = t
	}
	metrics := Metrics{BytesInPerSec: map[string]float64{}, MessagesInPerSec: map[string]float64{}, BytesOutPerSec: map[string]float64{}}
	at := m.clock.Now()
	seconds := at.Sub(m.at).Seconds()
	for topic, t := range now {
		b := m.before[topic]
		if _, ok := m.in[topic]; ok {
			metrics.MessagesInPerSec[topic] = rate(t.records-b.records, seconds)
			metrics.BytesInPerSec[topic] = rate(t.bytesIn-b.bytesIn, seconds)
		}
		if _, ok := m.out[topic]; ok {
			metrics.BytesOutPerSec[topic] = rate(t.bytesOut-b.bytesOut, seconds)
		}
	}
	m.before, m.at = now, at
	for _, lags := range m.lags {
		metrics.addLags(lags())
	}
	return metrics
}

func rate(n int64, seconds float64) float64 {
	if seconds <= 0 {
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
