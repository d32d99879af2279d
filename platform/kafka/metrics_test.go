package kafka_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/observe/observetest"
)

func TestMetricsOfOwnParts(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in"})
	gate := make(chan struct{})
	cfg := consumerConfig("g")
	cfg.BatchRecordsMax = 1
	c := newConsumer(t, cluster, cfg, func(ctx context.Context, _ kafka.Batch) error {
		select {
		case <-gate:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	p := newProducer(t, cluster, kafka.ProducerConfig{Topic: "in"})
	meter := kafka.NewMeter(clock.Wall{})
	remove := meter.Consumer(c)
	meter.Producer(p)
	registry := prometheus.NewRegistry()
	registry.MustRegister(kafka.NewCollector(meter))
	running(t, p.Run)
	running(t, c.Run)
	old := time.Now().Add(-time.Minute)
	if err := p.Put(t.Context(), &kgo.Record{Topic: "in", Timestamp: old}); err == nil || !strings.Contains(err.Error(), "leave it zero") {
		t.Fatalf("a record from the past: %v", err)
	}
	client, err := kgo.NewClient(append(cluster.Options(), kgo.DefaultProduceTopic("in"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.ProduceSync(t.Context(), &kgo.Record{Timestamp: old}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	for range 9 {
		if err := p.Put(t.Context(), &kgo.Record{Value: make([]byte, 100)}); err != nil {
			t.Fatal(err)
		}
	}
	lagOf := func() (records int64, age time.Duration) {
		for _, l := range c.Lags() {
			records += l.Records
			age = max(age, l.Time)
		}
		return records, age
	}
	within(t, 10*time.Second, "a lag of 10", func() bool { n, age := lagOf(); return n == 10 && age > 59*time.Second })
	got := observetest.Sums(t, registry)
	for name, least := range map[string]float64{
		"weir_kafka_lag_records": 10, "weir_kafka_lag_seconds": 59,
		"weir_kafka_producer_records_total": 9, "weir_kafka_producer_bytes_total": 900,
	} {
		if v := got[name]; v < least {
			t.Errorf("%s is %v, want %v or more", name, v, least)
		}
	}
	now := meter.Snapshot()
	if now.BytesInPerSec["in"] < 100 || now.MessagesInPerSec["in"] < 1 || len(now.Groups) != 1 ||
		now.Groups[0].SumOffsetLag != 10 || now.Groups[0].EstimatedMaxTimeLag < 59 {
		t.Errorf("a snapshot: %+v", now)
	}
	if v := got["weir_kafka_consumer_records_total"]; v != 0 {
		t.Errorf("%v records consumed", v)
	}
	close(gate)
	within(t, 10*time.Second, "no lag", func() bool { n, age := lagOf(); return n == 0 && age == 0 })
	if out := meter.Snapshot().BytesOutPerSec["in"]; out <= 0 {
		t.Errorf("BytesOutPerSec is %v", out)
	}
	if v := observetest.Sums(t, registry)["weir_kafka_consumer_records_total"]; v != 10 {
		t.Errorf("%v records consumed", v)
	}
	remove()
	if v, ok := observetest.Sums(t, registry)["weir_kafka_consumer_records_total"]; ok {
		t.Errorf("a removed consumer counts %v", v)
	}
}
