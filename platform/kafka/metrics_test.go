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
)

func TestMetricsUnderTheirMSKNames(t *testing.T) {
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
	meter.Consumer(c)
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
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			got[f.GetName()] += m.GetGauge().GetValue()
		}
	}
	for name, least := range map[string]float64{
		"OffsetLag": 10, "EstimatedTimeLag": 59, "SumOffsetLag": 10, "MaxOffsetLag": 1, "EstimatedMaxTimeLag": 59,
		"BytesInPerSec": 100, "MessagesInPerSec": 1,
	} {
		if v, ok := got[name]; !ok || v < least {
			t.Errorf("%s is %v, want %v or more", name, v, least)
		}
	}
	if v, ok := got["BytesOutPerSec"]; !ok || v != 0 {
		t.Errorf("BytesOutPerSec is %v", v)
	}
	close(gate)
	within(t, 10*time.Second, "no lag", func() bool { n, age := lagOf(); return n == 0 && age == 0 })
	if out := meter.Snapshot().BytesOutPerSec["in"]; out <= 0 {
		t.Errorf("BytesOutPerSec is %v", out)
	}
}
