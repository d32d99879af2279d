package kafka

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// Collector gives a Meter's figures to Prometheus, under MSK's names, all of
// them gauges. A scrape takes a snapshot, so rates are those between scrapes:
// give it a Meter of its own.
type Collector struct {
	meter *Meter

	bytesIn, messagesIn, bytesOut, offsetLag, timeLag, sumLag, maxLag, maxTimeLag *prometheus.Desc
}

// NewCollector is to be registered with a registry.
func NewCollector(meter *Meter) *Collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &Collector{
		meter:      meter,
		bytesIn:    desc("BytesInPerSec", "Bytes of keys and values that this process produced, acknowledged.", "topic"),
		messagesIn: desc("MessagesInPerSec", "Records that this process produced, acknowledged.", "topic"),
		bytesOut:   desc("BytesOutPerSec", "Bytes of keys and values that this process consumed and is done with.", "topic"),
		offsetLag:  desc("OffsetLag", "Records of a partition that the group is behind.", "group", "topic", "partition"),
		timeLag:    desc("EstimatedTimeLag", "Seconds that a partition's first record not done is old.", "group", "topic", "partition"),
		sumLag:     desc("SumOffsetLag", "Records that the group is behind, over this process's partitions.", "group", "topic"),
		maxLag:     desc("MaxOffsetLag", "Records that the group is behind on the worst partition.", "group", "topic"),
		maxTimeLag: desc("EstimatedMaxTimeLag", "Seconds that the group is behind on the worst partition.", "group", "topic"),
	}
}

// Describe says what there is.
func (c *Collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.bytesIn, c.messagesIn, c.bytesOut, c.offsetLag, c.timeLag, c.sumLag, c.maxLag, c.maxTimeLag} {
		descs <- d
	}
}

// Collect measures.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	now := c.meter.Snapshot()
	for topic, v := range now.BytesInPerSec {
		gauge(c.bytesIn, v, topic)
	}
	for topic, v := range now.MessagesInPerSec {
		gauge(c.messagesIn, v, topic)
	}
	for topic, v := range now.BytesOutPerSec {
		gauge(c.bytesOut, v, topic)
	}
	for _, p := range now.Partitions {
		gauge(c.offsetLag, float64(p.OffsetLag), p.Group, p.Topic, strconv.Itoa(int(p.Partition)))
		gauge(c.timeLag, p.EstimatedTimeLag, p.Group, p.Topic, strconv.Itoa(int(p.Partition)))
	}
	for _, g := range now.Groups {
		gauge(c.sumLag, float64(g.SumOffsetLag), g.Group, g.Topic)
		gauge(c.maxLag, float64(g.MaxOffsetLag), g.Group, g.Topic)
		gauge(c.maxTimeLag, g.EstimatedMaxTimeLag, g.Group, g.Topic)
	}
}
