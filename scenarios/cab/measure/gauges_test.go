package measure

import (
	"context"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"go.uber.org/goleak"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/platform/observe/observetest"
	"github.com/weirstream/weir/scenarios/cab/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A stage tells how far its windows are.
func TestWindowsAreScraped(t *testing.T) {
	t.Parallel()
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "in", "in.dlq", "out", "state"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	schemas := srfake.New()
	t.Cleanup(schemas.Close)
	registry, err := avro.NewRegistry(avro.RegistryConfig{URL: schemas.URL()})
	if err != nil {
		t.Fatal(err)
	}
	cluster := kafka.Cluster{Seeds: fake.ListenAddrs()}
	stage, err := New(Config{
		Cluster: cluster, Registry: registry, Member: kafka.Member{Group: "g", InstanceID: "i"}, Input: "in", Output: "out", State: "state",
		Wall: clock.Wall{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(stage)
	if got := observetest.Sums(t, metrics); len(got) > 0 {
		t.Errorf("before it runs: %v", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- stage.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	feed(t, cluster, registry)
	start := float64(minuteZero().Time().Unix())
	want := map[string]float64{
		"weir_window_results_total": 2, "weir_window_misplaced_total": 1, "weir_window_dead_letters_total": 1,
		"weir_window_open": 1, "weir_window_watermark_timestamp_seconds": start + 90,
	}
	var got map[string]float64
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if got = observetest.Sums(t, metrics); maps.Equal(got, want) {
			return
		}
		if err := (clock.Wall{}).Sleep(t.Context(), 25*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	t.Errorf("scraped %v, want %v", got, want)
}

func minuteZero() event.Millis { return event.MillisOf(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)) }

// feed puts readings of two zones in the first minute and of one in the second,
// whose middle is reached, one that comes behind that, and rubbish.
func feed(t *testing.T, cluster kafka.Cluster, registry *avro.Registry) {
	t.Helper()
	encoder, err := avro.NewEncoder[event.Activity](registry, "in", event.ActivitySchema())
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(append(cluster.Options(), kgo.DefaultProduceTopic("in"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	put := func(value []byte, watermark event.Millis) {
		mark := event.Mark{Run: "r", Source: 0, Watermark: watermark}
		r := &kgo.Record{Value: value, Headers: []kgo.RecordHeader{{Key: event.MarkHeader, Value: mark.Append(nil)}}}
		if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	reading := func(zone string, second int) []byte {
		a := &event.Activity{RunID: "r", Cab: "c", Zone: zone, EventTime: minuteZero() + event.Millis(second*1000)}
		value, err := encoder.Append(t.Context(), nil, a)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	put(reading("zone-0-0", 1), minuteZero())
	put(reading("zone-0-1", 2), minuteZero())
	put(reading("zone-0-0", 95), minuteZero())
	put(nil, minuteZero()+90_000)
	put(reading("zone-0-0", 3), minuteZero()+90_000)
	put([]byte("rubbish"), minuteZero()+90_000)
}
