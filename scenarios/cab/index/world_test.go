package index

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an embedded cloud with the stage's topics and templates.
type world struct {
	*cloud.Cloud
	cluster  kafka.Cluster
	registry *avro.Registry
	search   scenario.Address
	client   *kgo.Client
	activity *avro.Encoder[event.Activity]
	metrics  *avro.Encoder[event.Metrics]
	http     *http.Client
	want     shelf
}

const noon = event.Millis(1_795_262_400_000) // 2026-11-21T12:00Z

// must takes the error of a call.
func must[V any](v V, err error) func(testing.TB) V {
	return func(t testing.TB) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c := cloudtest.Run(t, cloud.Config{})
	w := &world{Cloud: c, want: shelf{}, http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	w.cluster = kafka.Cluster{Seeds: must(c.KafkaBrokers())(t), User: "test", Password: "test"}
	w.search = scenario.Address{URL: must(c.OpenSearch())(t), User: "test", Password: "test"}
	w.registry = must(avro.NewRegistry(avro.RegistryConfig{URL: must(c.SchemaRegistry())(t)}))(t)
	w.activity = must(avro.NewEncoder[event.Activity](w.registry, event.ActivityTopic, event.ActivitySchema()))(t)
	w.metrics = must(avro.NewEncoder[event.Metrics](w.registry, event.MetricsTopic, event.MetricsSchema()))(t)
	var topics []kafka.Topic
	for _, name := range []string{event.ActivityTopic, event.MetricsTopic, event.IndexDeadTopic} {
		topics = append(topics, kafka.Topic{Name: name, Partitions: 2})
	}
	if err := kafka.Provision(t.Context(), w.cluster, topics); err != nil {
		t.Fatal(err)
	}
	if err := Provision(t.Context(), w.search); err != nil {
		t.Fatal(err)
	}
	w.client = must(kgo.NewClient(w.cluster.Options()...))(t)
	t.Cleanup(w.client.Close)
	return w
}

// start runs a stage; stop ends it and tells how.
func (w *world) start(t *testing.T, change func(*Config)) (s *Stage, stop func() error) {
	t.Helper()
	cfg := Config{
		Cluster: w.cluster, Registry: w.registry, Search: w.search, Member: kafka.Member{Group: event.IndexGroup, InstanceID: "i"},
		Activity: event.ActivityTopic, Metrics: event.MetricsTopic, Dead: event.IndexDeadTopic,
		Bulk: BulkConfig{BackoffMin: 10 * time.Millisecond, BackoffMax: 200 * time.Millisecond, LingerMax: 5 * time.Millisecond},
		Wall: clock.Wall{}, Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	s = must(New(cfg))(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stopped := false
	stop = func() error {
		cancel()
		stopped = true
		return <-ended
	}
	t.Cleanup(func() {
		if !stopped {
			if err := stop(); err != nil {
				t.Errorf("stage: %v", err)
			}
		}
	})
	select {
	case <-s.Ready():
	case err := <-ended:
		ended <- err
		t.Fatalf("stage: %v", err)
	}
	return s, stop
}

func (w *world) put(t *testing.T, records ...*kgo.Record) {
	t.Helper()
	if err := w.client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// reading is an activity; every fifth of a cab opens an incident or closes it.
func reading(cab, seq int) event.Activity {
	a := event.Activity{
		ID: event.TelemetryID(uint32(cab), uint32(seq)), RunID: "r", Cab: event.CabName(uint32(cab)), Seq: int64(seq),
		EventTime: noon + event.Millis(1000*seq), Zone: event.ZoneName(cab%8, seq%8), SpeedKmh: float64(seq), Schema: 2,
	}
	if seq%10 >= 5 {
		a.Open = []string{event.Engine}
	}
	h := event.HealthChange{Kind: event.Engine, Change: event.Opened, OpenedSeq: int64(seq), OpenedAt: a.EventTime}
	switch {
	case seq%10 == 5:
		a.Health = append(a.Health, h)
	case seq%10 == 0 && seq > 0:
		h.Change, h.OpenedSeq, h.OpenedAt = event.Closed, int64(seq-5), a.EventTime-5000
		a.Health = append(a.Health, h)
	}
	return a
}

// drive puts readings of some cabs on the topic, and a window for each sequence.
func (w *world) drive(t *testing.T, cabs, from, to int) {
	t.Helper()
	var records []*kgo.Record
	for seq := from; seq < to; seq++ {
		for cab := range cabs {
			a := reading(cab, seq)
			for _, d := range OfActivity(&a) {
				w.want.put(d)
			}
			value := must(w.activity.Append(t.Context(), nil, &a))(t)
			records = append(records, &kgo.Record{Topic: event.ActivityTopic, Key: []byte(a.Zone), Value: value})
		}
		m := event.Metrics{RunID: "r", Zone: event.ZoneName(0, 0), WindowStart: noon + event.Millis(60_000*seq), Revision: 1, Events: 4, NoFreeWindows: int64(seq)}
		for _, d := range OfMetrics(&m) {
			w.want.put(d)
		}
		value := must(w.metrics.Append(t.Context(), nil, &m))(t)
		records = append(records, &kgo.Record{Topic: event.MetricsTopic, Key: []byte(m.Zone), Value: value})
	}
	w.put(t, records...)
}

// settled waits until the group has done all there is.
func (w *world) settled(t *testing.T) {
	t.Helper()
	admin := kadm.NewClient(w.client)
	for deadline := time.Now().Add(2 * time.Minute); ; {
		group := must(admin.Lag(t.Context(), event.IndexGroup))(t)[event.IndexGroup]
		if total := group.Lag.Total(); total == 0 && group.Error() == nil {
			return
		} else if time.Now().After(deadline) {
			t.Fatalf("still %d records behind", total)
		}
		if err := (clock.Wall{}).Sleep(t.Context(), 20*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}

// letters are the dead letters.
func (w *world) letters(t *testing.T, n int) []kafka.DeadLetter {
	t.Helper()
	client := must(kgo.NewClient(append(w.cluster.Options(), kgo.ConsumeTopics(event.IndexDeadTopic))...))(t)
	defer client.Close()
	var all []kafka.DeadLetter
	for len(all) < n {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		for r := range fetches.RecordsAll() {
			all = append(all, kafka.ReadDeadLetter(r))
		}
	}
	return all
}
