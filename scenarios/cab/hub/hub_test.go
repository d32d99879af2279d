package hub

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"go.uber.org/goleak"
	"golang.org/x/sync/semaphore"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// now is the simulated instant at which the tests' hubs stand.
func now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// obliging is a schema registry that does what it is asked for.
func obliging(http.ResponseWriter, *http.Request) bool { return false }

// serve runs a hub on brokers of its own and returns its URL.
func serve(t *testing.T) (url string, brokers *kfake.Cluster, topic kafka.Cluster) {
	t.Helper()
	url, brokers, topic, err := serveWith(t, obliging)
	if err != nil {
		t.Fatal(err)
	}
	return url, brokers, topic
}

// serveWith has a schema registry whose calls are shown to intercept; err is
// that of a hub that does not come to serve.
func serveWith(t *testing.T, intercept srfake.Interceptor) (url string, brokers *kfake.Cluster, topic kafka.Cluster, err error) {
	t.Helper()
	h, brokers, listener := newHub(t, intercept)
	topic = kafka.Cluster{Seeds: brokers.ListenAddrs()}
	stop, err := start(t, h)
	if err != nil {
		return "", brokers, topic, errors.Join(err, listener.Close())
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return "http://" + listener.Addr().String(), brokers, topic, nil
}

// newHub is one that has yet to run, at listener.
func newHub(t *testing.T, intercept srfake.Interceptor) (h *Hub, brokers *kfake.Cluster, listener net.Listener) {
	t.Helper()
	brokers, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(brokers.Close)
	registry := srfake.New()
	t.Cleanup(registry.Close)
	registry.Intercept(intercept)
	client, err := avro.NewRegistry(avro.RegistryConfig{URL: registry.URL()})
	if err != nil {
		t.Fatal(err)
	}
	listener, err = net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h, err = New(scenario.Env{
		Listen: func(string) (net.Listener, error) { return listener, nil },
		Wall:   clock.Wall{}, Log: slog.New(slog.DiscardHandler),
		Sim: clock.Simulated{Epoch: now(), Origin: time.Now(), Speed: 1e-6},
	}, Config{Cluster: kafka.Cluster{Seeds: brokers.ListenAddrs()}, Registry: client, Topic: "t", Service: "hub"})
	if err != nil {
		t.Fatal(err)
	}
	return h, brokers, listener
}

// start runs a hub; stop ends it and tells how. An error is that of one that does
// not come to serve.
func start(t *testing.T, h *Hub) (stop func() error, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	select {
	case <-h.Ready():
	case err := <-ended:
		cancel()
		return nil, err
	}
	return func() error {
		cancel()
		return <-ended
	}, nil
}

func line(seq int64, spoil func(*event.Telemetry)) string {
	r := &event.Telemetry{
		ID: event.TelemetryID(1, uint32(seq)), RunID: "r", Cab: event.CabName(1), Seq: seq,
		EventTime: event.MillisOf(now()), Schema: event.Schema, Firmware: "2.1",
		Lat: 47.33, Lon: 8.41, EngineC: 90, BatteryV: 12.5, TyreKPa: []float64{220, 220, 220, 220}, GPSOK: true,
	}
	if spoil != nil {
		spoil(r)
	}
	text, _ := json.Marshal(r)
	return string(text) + "\n"
}

func post(t *testing.T, url, contentType, encoding string, body []byte, more ...func(http.Header)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+event.TelemetryPath, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	for _, add := range more {
		add(r.Header)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(text)
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.Bytes()
}

func TestGoodLinesAreOnTheTopicAndBadOnesAreNamed(t *testing.T) {
	t.Parallel()
	url, _, topic := serve(t)
	body := line(0, nil) + // 1
		line(1, func(r *event.Telemetry) { r.EventTime += event.Millis(event.AheadMax/time.Millisecond) + 60_000 }) +
		"\n" + // 3: empty, and no line of the receipt
		`{"id":"d000001-000002","event_time":"noon"}` + "\n" +
		"rubbish\n" +
		line(3, func(r *event.Telemetry) { r.Schema, r.TyreKPa, r.Firmware = event.SchemaOld, nil, "" }) +
		line(4, func(r *event.Telemetry) { r.SpeedKmh = 900 }) +
		`{"pad":"` + strings.Repeat("x", lineBytesMax) + `"}`
	status, text := post(t, url, event.NDJSON, "gzip", gzipped(body))
	var receipt event.Receipt
	if err := json.Unmarshal([]byte(text), &receipt); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	if receipt.Accepted != 2 {
		t.Errorf("accepted %d", receipt.Accepted)
	}
	for i, want := range []struct {
		line  int
		field string
	}{{2, "event_time"}, {4, "event_time"}, {5, ""}, {7, "speed_kmh"}, {8, ""}} {
		if i >= len(receipt.Refused) {
			t.Fatalf("refused only %+v", receipt.Refused)
		}
		got := receipt.Refused[i]
		if got.Line != want.line || got.Field != want.field || got.Value == "" || got.Remedy == "" || len(got.Value) > 100 {
			t.Errorf("refused %+v, want line %d, field %q", got, want.line, want.field)
		}
	}
	records, err := kafka.ReadAll(t.Context(), topic, "t")
	if err != nil || len(records) != 2 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for _, r := range records {
		if string(r.Key) != event.CabName(1) {
			t.Errorf("key %q", r.Key)
		}
	}
}

// expectContinue is what curl does with large bodies.
func expectContinue(h http.Header) { h.Set("Expect", "100-continue") }

// Silence would be a 200, which promises that the lines are on the topic.
func TestBatchThatDoesNotComeThroughIsToBeSentAgain(t *testing.T) {
	t.Parallel()
	h := &Hub{log: slog.New(slog.DiscardHandler), room: semaphore.NewWeighted(1 << 10)}
	for _, encoding := range []string{"", "gzip"} {
		body := io.MultiReader(bytes.NewReader(gzipped(line(0, nil))[:30]), iotest.ErrReader(os.ErrDeadlineExceeded))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, event.TelemetryPath, body)
		r.Header.Set("Content-Type", event.NDJSON)
		r.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		h.take(w, r)
		if w.Code != http.StatusRequestTimeout || h.stats().Refused > 0 {
			t.Errorf("encoding %q: status %d, %+v", encoding, w.Code, h.stats())
		}
	}
}

func TestBatchesThatThereIsNoRoomForAreTurnedAway(t *testing.T) {
	t.Parallel()
	const room = 100
	h := &Hub{log: slog.New(slog.DiscardHandler), room: semaphore.NewWeighted(room)}
	for _, encoding := range []string{"", "gzip"} {
		body := []byte(line(0, nil))
		if encoding != "" {
			body = gzipped(string(body))
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, event.TelemetryPath, bytes.NewReader(body))
		r.Header.Set("Content-Type", event.NDJSON)
		r.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		h.take(w, r)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("encoding %q: status %d %s", encoding, w.Code, w.Body)
		}
		if !h.room.TryAcquire(room) {
			t.Errorf("encoding %q: the room was not given back", encoding)
		}
		h.room.Release(room)
	}
}

// A batch takes room piece by piece, and gives all of it back: what it had when
// there was no more, and what it needed when there was enough.
func TestBatchesGiveTheirRoomBack(t *testing.T) {
	t.Parallel()
	const room = 100
	for name, body := range map[string]io.Reader{
		"turned away": io.MultiReader(strings.NewReader(strings.Repeat("x", room-10)), strings.NewReader(strings.Repeat("x", 11))),
		"refused":     strings.NewReader(strings.Repeat(" ", room)),
		"broken off":  io.MultiReader(strings.NewReader("x"), iotest.ErrReader(os.ErrDeadlineExceeded)),
	} {
		h := &Hub{log: slog.New(slog.DiscardHandler), room: semaphore.NewWeighted(room)}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, event.TelemetryPath, body)
		r.Header.Set("Content-Type", event.NDJSON)
		w := httptest.NewRecorder()
		h.take(w, r)
		if !h.room.TryAcquire(room) {
			t.Errorf("%s (%d %s): some room was not given back", name, w.Code, w.Body)
		}
	}
}

func TestUnwillingTopicTurnsBatchesAway(t *testing.T) {
	t.Parallel()
	url, brokers, _ := serve(t)
	if status, text := post(t, url, event.NDJSON, "", []byte(line(0, nil))); status != http.StatusOK {
		t.Fatalf("before: %d %s", status, text)
	}
	brokers.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+event.TelemetryPath, strings.NewReader(line(1, nil)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", event.NDJSON)
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	if reply.StatusCode != http.StatusServiceUnavailable || reply.Header.Get("Retry-After") == "" {
		t.Errorf("%s, Retry-After %q", reply.Status, reply.Header.Get("Retry-After"))
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte(line(0, nil)))
	f.Add([]byte(`{"id":5,"event_time":"x"}`))
	f.Add([]byte(`[{}]`))
	f.Add([]byte(`{"lat":1e999}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := event.Telemetry{TyreKPa: make([]float64, 3)} // of a line before
		refusal := read(text, &r, now())
		if refusal == nil && r.Check() != nil {
			t.Fatalf("%q is taken as %+v", text, r)
		}
		if refusal != nil && (refusal.Remedy == "" || len(refusal.Value) > 500) {
			t.Errorf("%q: %+v", text, refusal)
		}
	})
}
