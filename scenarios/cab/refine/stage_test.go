package refine

import (
	"context"
	"log/slog"
	"maps"
	"slices"
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

// world is brokers and a registry, with topics of one partition.
func world(t *testing.T) (kafka.Cluster, *avro.Registry) {
	t.Helper()
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "in", "in.dlq", "in.late", "out", "state"))
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
	return kafka.Cluster{Seeds: fake.ListenAddrs()}, registry
}

// put writes readings, and two records that are none: rubbish, and one under
// another cab's key.
func put(t *testing.T, cluster kafka.Cluster, registry *avro.Registry, readings ...*event.Telemetry) {
	t.Helper()
	encoder, err := avro.NewEncoder[event.Telemetry](registry, "in", event.TelemetrySchema(event.Schema))
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(append(cluster.Options(), kgo.DefaultProduceTopic("in"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	records := []*kgo.Record{{Value: []byte("rubbish")}}
	for _, r := range readings {
		r.EventTime += event.Millis(50 * 366 * 24 * time.Hour / time.Millisecond) // in 1970 no reading is valid
		value, err := encoder.Append(t.Context(), nil, r)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, &kgo.Record{Key: []byte(r.Cab), Value: value})
	}
	records = append(records, &kgo.Record{Key: []byte(event.CabName(2)), Value: records[1].Value})
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// Of each record a reader can tell what became of it, and metrics count it.
func TestEveryRecordHasAVerdict(t *testing.T) {
	t.Parallel()
	cluster, registry := world(t)
	stage, err := New(Config{
		Cluster: cluster, Registry: registry, Member: kafka.Member{Group: "g", InstanceID: "i"}, Input: "in", Output: "out", Late: "in.late", State: "state",
		Partitions: 1, Lateness: lateness, Wall: clock.Wall{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(stage)
	if got := observetest.Scrape(t, metrics); len(got) > 0 {
		t.Errorf("before it runs: %v", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- stage.Run(ctx) }()
	next := reading(0, time.Hour)
	next.RunID = "r-next"
	put(t, cluster, registry,
		reading(0, 0), reading(0, 0), reading(1, time.Minute), reading(2, 0), next, reading(3, time.Minute))
	want := map[string]float64{
		`weir_refine_readings_total{verdict="accepted"}`: 3, `weir_refine_readings_total{verdict="duplicate"}`: 1,
		`weir_refine_readings_total{verdict="late"}`: 1, `weir_refine_readings_total{verdict="outdated"}`: 1,
		"weir_refine_dead_letters_total": 2,
	}
	var got map[string]float64
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if got = observetest.Scrape(t, metrics); maps.Equal(got, want) {
			break
		}
		if err := (clock.Wall{}).Sleep(t.Context(), 25*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("scraped %v, want %v", got, want)
	}
	stop() // which commits
	if err := <-ended; err != nil {
		t.Error(err)
	}
	lie(t, cluster, "out", 3)
	lie(t, cluster, "in.late", 2)
	letters := lie(t, cluster, "in.dlq", 2)
	for i, class := range []string{avro.ClassMagic, "wrong-key"} {
		if i < len(letters) && kafka.ReadDeadLetter(letters[i]).ErrorClass != class {
			t.Errorf("dead letter %d: %+v, want class %s", i, kafka.ReadDeadLetter(letters[i]), class)
		}
	}
}

// lie reads a topic in which so many records with a value are to lie.
func lie(t *testing.T, cluster kafka.Cluster, topic string, want int) []*kgo.Record {
	t.Helper()
	records, err := kafka.ReadAll(t.Context(), cluster, topic)
	records = slices.DeleteFunc(records, func(r *kgo.Record) bool { return r.Value == nil }) // marks
	if err != nil || len(records) != want {
		t.Errorf("%d records in %s, %v; want %d", len(records), topic, err, want)
	}
	return records
}
