package kafka_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/observe/observetest"
)

// A group is seen from outside: behind by what it has not committed, whether it
// has members or not, and not by the markers at the end of transactions.
func TestGroupWatch(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in"})
	transactions(t, cluster, 10, time.Now().Add(-time.Minute))
	allowed := make(chan struct{}, 100)
	cfg := consumerConfig("g")
	cfg.BatchRecordsMax = 1
	c := newConsumer(t, cluster, cfg, func(ctx context.Context, _ kafka.Batch) error {
		select {
		case <-allowed:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	stop := running(t, c.Run)
	watch, err := kafka.NewGroupWatch(cluster, kafka.GroupWatchConfig{Groups: []string{"g"}, Topics: []string{"in"}, Interval: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	running(t, watch.Run)
	registry := prometheus.NewRegistry()
	registry.MustRegister(kafka.NewGroupCollector(watch))

	status := func() (g kafka.GroupStatus, records int64, age time.Duration) {
		look := watch.Look()
		if len(look.Groups) != 1 {
			return g, -1, 0
		}
		for _, l := range look.Groups[0].Lags {
			records += l.Records
			age = max(age, l.Time)
		}
		return look.Groups[0], records, age
	}
	within(t, 10*time.Second, "ten records and a marker behind, one minute", func() bool {
		g, records, age := status()
		return g.State == "Stable" && g.Members == 1 && records == 11 && age > 59*time.Second
	})
	got := observetest.Scrape(t, registry)
	lag := func(name string) (sum float64) {
		for series, value := range got {
			if strings.Contains(series, fmt.Sprintf("name=%q", name)) {
				sum += value
			}
		}
		return sum
	}
	for _, name := range []string{"OffsetLag", "SumOffsetLag", "MaxOffsetLag"} {
		if v := lag(name); v != 11 {
			t.Errorf("%s is %v, want 11", name, v)
		}
	}
	for _, name := range []string{"EstimatedTimeLag", "EstimatedMaxTimeLag"} {
		if v := lag(name); v < 59 || v > 600 {
			t.Errorf("%s is %v s", name, v)
		}
	}
	if v := got[`weir_kafka_group_members{group="g",state="Stable"}`]; v != 1 {
		t.Errorf("%v members", v)
	}

	for range 4 {
		allowed <- struct{}{}
	}
	within(t, 10*time.Second, "six records and a marker behind", func() bool {
		g, records, _ := status()
		return records == 7 && g.Done["in"] == 4
	})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, "the same without members", func() bool {
		g, records, age := status()
		return g.State == "Empty" && g.Members == 0 && records == 7 && age > 59*time.Second
	})

	close(allowed)
	rest := newConsumer(t, cluster, consumerConfig("g"), func(context.Context, kafka.Batch) error { return nil })
	running(t, rest.Run)
	within(t, 10*time.Second, "nothing but a marker left, which is no lag", func() bool {
		g, records, age := status()
		return g.Done["in"] == 10 && records == 0 && age == 0 && watch.Look().Ends["in"] == 11
	})
}

// transactions puts n records with a time on partition 0 of topic in, in one
// transaction.
func transactions(t *testing.T, cluster kafka.Cluster, n int, at time.Time) {
	t.Helper()
	client, err := kgo.NewClient(append(cluster.Options(), kgo.TransactionalID("t"), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for range n {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "in", Timestamp: at, Value: []byte("v")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
}

func TestGroupWatchSurvivesItsBrokers(t *testing.T) {
	t.Parallel()
	fake, cluster := brokers(t, []string{"in"})
	watch, err := kafka.NewGroupWatch(cluster, kafka.GroupWatchConfig{Groups: []string{"g"}, Topics: []string{"in"}, Interval: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	running(t, watch.Run)
	within(t, 10*time.Second, "a look", func() bool { return !watch.Look().At.IsZero() })
	fake.Close()
	within(t, 20*time.Second, "an error, and the look before", func() bool {
		look := watch.Look()
		return look.Err != nil && !look.At.IsZero() && len(look.Groups) == 1
	})
}

func TestGroupWatchConfigIsChecked(t *testing.T) {
	t.Parallel()
	if _, err := kafka.NewGroupWatch(kafka.Cluster{}, kafka.GroupWatchConfig{Interval: -1}); err == nil {
		t.Error("nothing is wrong with nothing")
	}
}
