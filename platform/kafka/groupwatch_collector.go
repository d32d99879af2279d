package kafka

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// The names and labels under which MSK's open monitoring exposes the lags of
// consumer groups, so that dashboards and alarms made for MSK work here as they
// are.
const (
	mskLag = "kafka_consumer_group_ConsumerLagMetrics_Value"

	mskOffsetLag           = "OffsetLag"
	mskEstimatedTimeLag    = "EstimatedTimeLag"
	mskSumOffsetLag        = "SumOffsetLag"
	mskMaxOffsetLag        = "MaxOffsetLag"
	mskEstimatedMaxTimeLag = "EstimatedMaxTimeLag"
)

// GroupCollector gives what a GroupWatch sees to Prometheus. Groups that are
// rebalancing have no lags there, as on MSK.
type GroupCollector struct {
	watch                     *GroupWatch
	lag, members, age, failed *prometheus.Desc
}

// NewGroupCollector is to be registered with a registry.
func NewGroupCollector(watch *GroupWatch) *GroupCollector {
	return &GroupCollector{
		watch: watch,
		lag: prometheus.NewDesc(mskLag, "Lag of a consumer group: records, or for the names with Time seconds.",
			[]string{"name", "groupId", "topic", "partition"}, nil),
		members: prometheus.NewDesc("weir_kafka_group_members", "Members of a consumer group, by its state.", []string{"group", "state"}, nil),
		age:     prometheus.NewDesc("weir_kafka_group_look_timestamp_seconds", "When the groups were last seen.", nil, nil),
		failed:  prometheus.NewDesc("weir_kafka_group_look_failing", "1 while the groups cannot be seen.", nil, nil),
	}
}

// Describe says what there is.
func (c *GroupCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.lag, c.members, c.age, c.failed} {
		descs <- d
	}
}

// Collect tells the last look.
func (c *GroupCollector) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	look := c.watch.Look()
	failing := 0.0
	if look.Err != nil {
		failing = 1
	}
	gauge(c.failed, failing)
	if look.At.IsZero() {
		return
	}
	gauge(c.age, float64(look.At.UnixMilli())/1000)
	for _, g := range look.Groups {
		gauge(c.members, float64(g.Members), g.Group, g.State)
		if !settled(g.State) {
			continue
		}
		for _, l := range g.Lags {
			partition := strconv.Itoa(int(l.Partition))
			gauge(c.lag, float64(l.Records), mskOffsetLag, g.Group, l.Topic, partition)
			gauge(c.lag, l.Time.Seconds(), mskEstimatedTimeLag, g.Group, l.Topic, partition)
		}
		var sums Metrics
		sums.addLags(g.Lags)
		for _, s := range sums.Groups {
			gauge(c.lag, float64(s.SumOffsetLag), mskSumOffsetLag, s.Group, s.Topic, "")
			gauge(c.lag, float64(s.MaxOffsetLag), mskMaxOffsetLag, s.Group, s.Topic, "")
			gauge(c.lag, s.EstimatedMaxTimeLag, mskEstimatedMaxTimeLag, s.Group, s.Topic, "")
		}
	}
}

// settled tells whether a group's lags mean anything.
func settled(state string) bool { return state == "Stable" || state == "Empty" }
