package kafka

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// Collector gives the counts of a Meter's parts to Prometheus: what this process
// does, as counters, and how far behind it is by what it has done. How far whole
// groups are behind is a GroupWatch's to say.
type Collector struct {
	meter *Meter
	descs map[string]*prometheus.Desc
}

// metric is one that a Collector has.
type metric struct {
	name, help string
	labels     []string
}

// collected are all of them, in the order of their parts.
func collected() []metric {
	topic, group := []string{"topic"}, []string{"group", "topic"}
	return []metric{
		{"producer_records_total", "Records acknowledged by every in-sync replica.", topic},
		{"producer_bytes_total", "Bytes of keys and values of the acknowledged records.", topic},
		{"producer_failures_total", "Records given up.", topic},
		{"producer_buffered_records", "Records accepted and not yet settled.", topic},

		{"consumer_records_total", "Records done: handled, or made dead letters.", group},
		{"consumer_bytes_total", "Bytes of keys and values of the records done.", group},
		{"consumer_retries_total", "Attempts to handle a batch beyond its first.", group},
		{"consumer_dead_letters_total", "Records made dead letters.", group},
		{"consumer_commits_total", "Commits of offsets.", group},
		{"consumer_revocations_total", "Partitions handed over or lost.", group},
		{"consumer_assigned_partitions", "Partitions that this member has.", group},
		{"consumer_queued_records", "Records fetched and not yet handed over.", group},

		{"transformer_records_total", "Input records committed.", group},
		{"transformer_bytes_total", "Bytes of keys and values of the input records committed.", group},
		{"transformer_outputs_total", "Records committed to output topics.", group},
		{"transformer_state_records_total", "Records committed to the state topic.", group},
		{"transformer_commits_total", "Transactions committed.", group},
		{"transformer_aborts_total", "Transactions aborted and redone.", group},
		{"transformer_restores_total", "Times that a partition's state was read back.", group},
		{"transformer_restarts_total", "Clients opened anew after an error that aborting does not cure.", group},
		{"transformer_assigned_partitions", "Partitions that this member has.", group},
		{"transformer_restoring_partitions", "Partitions that wait for their state.", group},

		{"lag_records", "Records of a partition that this member has not done.", []string{"group", "topic", "partition"}},
		{"lag_seconds", "Age of the first record of a partition that this member has not done.", []string{"group", "topic", "partition"}},
	}
}

// NewCollector is to be registered with a registry.
func NewCollector(meter *Meter) *Collector {
	c := &Collector{meter: meter, descs: map[string]*prometheus.Desc{}}
	for _, m := range collected() {
		c.descs[m.name] = prometheus.NewDesc("weir_kafka_"+m.name, m.help, m.labels, nil)
	}
	return c
}

// Describe says what there is.
func (c *Collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		descs <- d
	}
}

// Collect measures. Parts with the same labels count as one.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	c.meter.mu.Lock()
	defer c.meter.mu.Unlock()
	s := sums{}
	for _, p := range c.meter.producers {
		s.producer(p.Stats(), p.cfg.Topic)
	}
	for _, part := range c.meter.consumers {
		s.consumer(part.Stats(), part.cfg.Member.Group, part.cfg.Topics[0])
		s.lags(part.Lags())
	}
	for _, t := range c.meter.transformers {
		s.transformer(t.Stats(), t.cfg.Member.Group, t.cfg.Topic)
		s.lags(t.Lags())
	}
	for at, value := range s {
		kind, labels := prometheus.CounterValue, at.labels[:]
		for len(labels) > 0 && labels[len(labels)-1] == "" {
			labels = labels[:len(labels)-1]
		}
		if at.gauge {
			kind = prometheus.GaugeValue
		}
		metrics <- prometheus.MustNewConstMetric(c.descs[at.name], kind, value, labels...)
	}
}

// series is one line of a scrape; labels are in the metric's order.
type series struct {
	name   string
	gauge  bool
	labels [3]string
}

type sums map[series]float64

func (s sums) count(name string, n int64, labels ...string) {
	at := series{name: name}
	copy(at.labels[:], labels)
	s[at] += float64(n)
}

func (s sums) gauge(name string, value float64, labels ...string) {
	at := series{name: name, gauge: true}
	copy(at.labels[:], labels)
	s[at] += value
}

func (s sums) producer(p ProducerStats, topic string) {
	s.count("producer_records_total", p.Acknowledged, topic)
	s.count("producer_bytes_total", p.Bytes, topic)
	s.count("producer_failures_total", p.Failed, topic)
	s.gauge("producer_buffered_records", float64(p.Buffered), topic)
}

func (s sums) consumer(c ConsumerStats, group, topic string) {
	s.count("consumer_records_total", c.Records, group, topic)
	s.count("consumer_bytes_total", c.Bytes, group, topic)
	s.count("consumer_retries_total", c.Retries, group, topic)
	s.count("consumer_dead_letters_total", c.DeadLettered, group, topic)
	s.count("consumer_commits_total", c.Commits, group, topic)
	s.count("consumer_revocations_total", c.Revoked, group, topic)
	s.gauge("consumer_assigned_partitions", float64(c.Assigned), group, topic)
	s.gauge("consumer_queued_records", float64(c.Queued), group, topic)
}

func (s sums) transformer(t TransformerStats, group, topic string) {
	s.count("transformer_records_total", t.Records, group, topic)
	s.count("transformer_bytes_total", t.Bytes, group, topic)
	s.count("transformer_outputs_total", t.Outputs, group, topic)
	s.count("transformer_state_records_total", t.State, group, topic)
	s.count("transformer_commits_total", t.Commits, group, topic)
	s.count("transformer_aborts_total", t.Aborts, group, topic)
	s.count("transformer_restores_total", t.Restores, group, topic)
	s.count("transformer_restarts_total", t.Restarts, group, topic)
	s.gauge("transformer_assigned_partitions", float64(t.Assigned), group, topic)
	s.gauge("transformer_restoring_partitions", float64(t.Restoring), group, topic)
}

func (s sums) lags(lags []Lag) {
	for _, l := range lags {
		partition := strconv.Itoa(int(l.Partition))
		s.gauge("lag_records", float64(l.Records), l.Group, l.Topic, partition)
		s.gauge("lag_seconds", l.Time.Seconds(), l.Group, l.Topic, partition)
	}
}
