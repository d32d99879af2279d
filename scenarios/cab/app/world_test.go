package app_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"go.uber.org/goleak"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/app"
	"github.com/weirstream/weir/scenarios/cab/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// minute is the first one of the tests' city.
func minute(n int) event.Millis {
	return event.MillisOf(time.Date(2026, 3, 1, 12, n, 0, 0, time.UTC))
}

// world is brokers, a registry, an OpenSearch that says what the test has it
// say, and one app at a time.
type world struct {
	t        *testing.T
	fake     *kfake.Cluster
	cluster  kafka.Cluster
	registry *avro.Registry
	client   *kgo.Client
	env      scenario.Env
	cfg      app.Config
	home     string

	found sync.Map // text by index pattern: what a search of it answers
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	var err error
	w.fake, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2,
		event.TelemetryTopic, event.ActivityTopic, event.MetricsTopic, event.DeadTopic, event.ActivityDeadTopic, event.IndexDeadTopic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.fake.Close)
	w.cluster = kafka.Cluster{Seeds: w.fake.ListenAddrs()}
	schemas := srfake.New()
	t.Cleanup(schemas.Close)
	if w.registry, err = avro.NewRegistry(avro.RegistryConfig{URL: schemas.URL()}); err != nil {
		t.Fatal(err)
	}
	if w.client, err = kgo.NewClient(append(w.cluster.Options(), kgo.RecordPartitioner(kgo.ManualPartitioner()))...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.Close)
	search := httptest.NewServer(http.HandlerFunc(w.search))
	t.Cleanup(search.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() }) // if no app did
	first := make(chan net.Listener, 1)    // was there before, lest somebody else takes the port
	first <- listener
	w.home = "http://" + listener.Addr().String()
	w.env = scenario.Env{
		Listen: func(string) (net.Listener, error) {
			select {
			case l := <-first:
				return l, nil
			default:
				return net.Listen("tcp", listener.Addr().String())
			}
		},
		Wall: clock.Wall{}, Sim: clock.Simulated{Epoch: minute(9).Time(), Origin: time.Now(), Speed: 20},
		Log: slog.New(slog.DiscardHandler),
	}
	w.cfg = app.Config{
		Cluster: w.cluster, Registry: w.registry, Search: scenario.Address{URL: search.URL}, Service: "app",
		Stages:   []app.Stage{{Name: "refine", Group: event.RefineGroup}, {Name: "measure", Group: event.MeasureGroup}},
		Interval: 50 * time.Millisecond,
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return w
}

// patience is how long anything may take.
const patience = time.Minute

func (w *world) search(reply http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	text, ok := w.found.Load(strings.Split(r.URL.Path, "/")[1])
	if !ok {
		http.Error(reply, `{"error":{"type":"es_rejected_execution_exception","reason":"<b>no</b>"}}`, http.StatusTooManyRequests)
		return
	}
	reply.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(reply, text.(string))
}

// run runs an app until the end of the test or stop.
func (w *world) run() (stop func()) {
	w.t.Helper()
	a, err := app.New(w.env, w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(stop)
	select {
	case <-a.Ready():
	case <-time.After(patience):
		w.t.Fatal("the app is not ready")
	}
	return stop
}

// put puts records on partition 0 of their topics.
func (w *world) put(records ...*kgo.Record) {
	w.t.Helper()
	if err := w.client.ProduceSync(w.t.Context(), records...).FirstErr(); err != nil {
		w.t.Fatal(err)
	}
}

// measured puts windows on cab-metrics.
func (w *world) measured(windows ...event.Metrics) {
	w.t.Helper()
	encoder, err := avro.NewEncoder[event.Metrics](w.registry, event.MetricsTopic, event.MetricsSchema())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range windows {
		value, err := encoder.Append(w.t.Context(), nil, &m)
		if err != nil {
			w.t.Fatal(err)
		}
		w.put(&kgo.Record{Topic: event.MetricsTopic, Key: []byte(m.Zone), Value: value})
	}
}

// reading is a value as cab-telemetry has it.
func (w *world) reading(seq int64) []byte {
	w.t.Helper()
	encoder, err := avro.NewEncoder[event.Telemetry](w.registry, event.TelemetryTopic, event.TelemetrySchema(event.Schema))
	if err != nil {
		w.t.Fatal(err)
	}
	value, err := encoder.Append(w.t.Context(), nil, &event.Telemetry{
		ID: event.TelemetryID(1, uint32(seq)), RunID: "r-1", Cab: event.CabName(1), Seq: seq, EventTime: minute(0), Schema: event.Schema, Firmware: "2.1",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return value
}

// dead puts a record among the dead letters of where it says that it came from.
func (w *world) dead(topic, key string, value []byte, cause error) {
	w.t.Helper()
	origin := &kgo.Record{Topic: topic, Partition: 1, Offset: 7, Key: []byte(key), Value: value}
	w.put(kafka.NewDeadLetter(origin, cause, 1, time.Now()))
}

func window(run, zone string, start event.Millis, readings int64) event.Metrics {
	return event.Metrics{
		RunID: run, Zone: zone, WindowStart: start, Revision: 1, Events: readings, Hired: readings - 1, Free: 1, PickUps: 2, DropOffs: 3,
		ActiveCabs: 4, SpeedSumKmh: 30.5 * float64(readings), SpeedCount: readings,
	}
}

// news are the parts of what a browser is told that tests look at.
type news struct {
	Run     string
	Whole   bool
	Samples []struct {
		At     int64
		Hub    float64
		Blind  string
		Stages []struct {
			Name, State string
			Members     int
			Records     int64
			Seconds     float64
			Rate        float64
		}
	}
	Cells   [][]float64
	Letters []struct{ ID, Class, Reason string }
	Lost    int64 `json:"letters_lost"`
	Alerts  *struct {
		Alerts    []event.Alert
		Incidents []event.Incident
		Open      int `json:"incidents_open"`
		Problem   string
	}
}

// state asks for everything.
func (w *world) state() news {
	w.t.Helper()
	var n news
	status, body := w.get("/state")
	if err := json.Unmarshal(body, &n); err != nil || status != http.StatusOK {
		w.t.Fatalf("%d %s: %v", status, body, err)
	}
	return n
}

func (w *world) get(path string) (int, []byte) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.home+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply.StatusCode, body
}

// until waits for a state.
func (w *world) until(what string, cond func(news) bool) news {
	w.t.Helper()
	var n news
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if n = w.state(); cond(n) {
			return n
		}
		if err := (clock.Wall{}).Sleep(w.t.Context(), 25*time.Millisecond); err != nil {
			w.t.Fatal(err)
		}
	}
	w.t.Fatalf("never: %s; the state is %+v", what, n)
	return n
}
