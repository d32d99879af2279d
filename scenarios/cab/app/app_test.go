package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/scenarios/cab/event"
)

func TestWindowsOfTheLatestRunAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.measured(window("r-old", "zone-0-0", minute(0), 10))
	w.run()
	w.until("the old run", func(n news) bool { return n.Run == "r-old" && len(n.Cells) == 1 })
	w.measured(
		window("r-new", "zone-2-3", minute(1), 20), window("r-new", "zone-2-4", minute(1), 21),
		window("r-old", "zone-7-7", minute(1), 11), // somebody still measures it
		window("r-new", "zone-9-9", minute(1), 22), // no such zone
	)
	n := w.until("the new run", func(n news) bool { return n.Run == "r-new" && len(n.Cells) == 2 })
	want := []float64{float64(minute(1).Time().UnixMilli()), 2, 3, 20, 19, 1, 2, 3, 4, 30.5}
	if fmt.Sprint(n.Cells[0]) != fmt.Sprint(want) {
		t.Errorf("a cell is %v, want %v", n.Cells[0], want)
	}
	higher := window("r-new", "zone-2-3", minute(1), 30)
	higher.Revision = 2
	w.measured(higher, window("r-new", "zone-2-3", minute(1), 99)) // the second comes again
	w.until("the revision", func(n news) bool { return n.Cells[0][3] == 30 })
}

func TestARunOfItsOwnIsShownAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env.RunID = "r-mine"
	w.run()
	w.measured(window("r-mine", "zone-0-0", minute(0), 10), window("r-other", "zone-0-1", minute(0), 10), window("r-mine", "zone-0-2", minute(0), 10))
	n := w.until("two zones", func(n news) bool { return len(n.Cells) == 2 })
	if n.Run != "r-mine" || n.Cells[1][2] != 2 {
		t.Errorf("%+v", n)
	}
}

func TestLagsAreShownAndScraped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 8 {
		w.put(&kgo.Record{Topic: event.TelemetryTopic, Value: []byte("v")})
	}
	consumer, err := kafka.NewConsumer(w.cluster, kafka.ConsumerConfig{
		Member: kafka.Member{Group: event.RefineGroup}, Topics: []string{event.TelemetryTopic}, BatchRecordsMax: 1,
		CommitInterval: 20 * time.Millisecond, HandOverMax: time.Second,
	}, func(ctx context.Context, b kafka.Batch) error {
		if b.Records[0].Offset < 3 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- consumer.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	w.run()
	n := w.until("five records behind", func(n news) bool {
		if len(n.Samples) == 0 {
			return false
		}
		s := n.Samples[len(n.Samples)-1]
		return s.Stages[0].Records == 5 && s.Stages[0].State == "Stable" && s.Stages[0].Members == 1 && s.Blind == ""
	})
	if other := n.Samples[len(n.Samples)-1].Stages[1]; other.Members != 0 || other.Records != 0 {
		t.Errorf("a group that nobody is in: %+v", other)
	}
	status, body := w.get("/metrics")
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(body)))
	if err != nil || status != http.StatusOK {
		t.Fatalf("%d, %v", status, err)
	}
	sum := -1.0
	for _, m := range families["kafka_consumer_group_ConsumerLagMetrics_Value"].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.Label {
			labels[l.GetName()] = l.GetValue()
		}
		if labels["name"] == "SumOffsetLag" && labels["groupId"] == event.RefineGroup && labels["topic"] == event.TelemetryTopic {
			sum = m.GetGauge().GetValue()
		}
	}
	if sum != 5 {
		t.Errorf("SumOffsetLag is %v in\n%s", sum, body)
	}
}

func TestBrokersThatAreGoneAreSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.measured(window("r", "zone-0-0", minute(0), 10))
	w.run()
	w.until("the window", func(n news) bool { return len(n.Cells) == 1 })
	w.fake.Close()
	w.until("blind, and the window", func(n news) bool {
		return len(n.Cells) == 1 && len(n.Samples) > 0 && n.Samples[len(n.Samples)-1].Blind != ""
	})
}

// Whatever lies among the dead letters, its bytes come as JSON strings.
func TestDeadLettersAreOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hostile := "\x00\xff</script><script>alert(1)</script>\u2028"
	w.dead(event.TelemetryTopic, hostile, []byte(hostile), kafka.Permanent(hostile, errors.New(strings.Repeat(hostile, 50))))
	w.dead(event.TelemetryTopic, "cab-00000002", w.reading(5), kafka.Permanent("wrong-key", errors.New("it is not the cab's")))
	w.put(&kgo.Record{Topic: event.IndexDeadTopic, Value: make([]byte, 100_000)}) // no headers at all
	w.run()
	w.until("three letters", func(n news) bool { return len(n.Letters) == 3 })
	for _, test := range []struct {
		path           string
		status         int
		want, wantNone string
	}{
		{event.DeadTopic + "/0/0", 200, `"hex":"00ff3c2f7363726970743e`, "<script>"},
		{event.DeadTopic + "/0/1", 200, `"seq":5`, "undecoded"},
		{event.DeadTopic + "/0/1", 200, `"origin_offset":7`, "undecoded"},
		{event.IndexDeadTopic + "/0/0", 200, `"cut":true`, `"decoded":`},
		{event.IndexDeadTopic + "/0/0", 200, `"bytes":100000`, `"decoded":`},
		{event.DeadTopic + "/0/99", 404, "weir dlq", "hex"},
		{"x/0/%3Cscript%3E", 404, "weir dlq", "script"},
	} {
		status, body := w.get("/letters/" + test.path)
		if !json.Valid(body) || status != test.status || !strings.Contains(string(body), test.want) || strings.Contains(string(body), test.wantNone) {
			t.Errorf("%s: %d %.300s; want %d, %s", test.path, status, body, test.status, test.want)
		}
		if len(body) > 40_000 {
			t.Errorf("%s: %d bytes", test.path, len(body))
		}
	}
}

func TestAlertsComeFromTheIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	if _, err := w.look(t.Context()); err != nil { // nothing is searched for nobody
		t.Fatal(err)
	}
	w.until("a refusal is said", func(n news) bool { return n.Alerts != nil && strings.Contains(n.Alerts.Problem, "429") })
	w.found.Store("cab-health-*", `{"hits":{"hits":[{"_source":{"id":"i","run_id":"r","cab":"cab-00000001","kind":"engine","opened_seq":5,"opened_at":"2026-03-01T12:00:00.000Z","closed":false}}]},
		"aggregations":{"over":{"buckets":[{"key":1,"doc_count":4},{"key":0,"doc_count":3}]}}}`)
	w.found.Store("cab-alerts-*", `{"hits":{"hits":[{"_source":{"kind":"no-free-cab","entity":"zone-0-0","start":"2026-03-01T12:00:00.000Z","last":"2026-03-01T12:02:00.000Z","revision":3}}]}}`)
	w.until("an alert and an incident", func(n news) bool {
		return n.Alerts.Problem == "" && n.Alerts.Open == 3 && len(n.Alerts.Incidents) == 1 && n.Alerts.Incidents[0].Kind == "engine" &&
			len(n.Alerts.Alerts) == 1 && n.Alerts.Alerts[0].Last == minute(2)
	})
	w.found.Clear()
	w.until("what was known and why it is not newer", func(n news) bool {
		return n.Alerts.Problem != "" && len(n.Alerts.Incidents) == 1 && len(n.Alerts.Alerts) == 1
	})
}

// look opens the stream of news and leaves it open until the test ends.
func (w *world) look(ctx context.Context) (*bufio.Scanner, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.home+"/events", nil)
	if err != nil {
		return nil, err
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	w.t.Cleanup(func() { _ = reply.Body.Close() })
	if reply.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", reply.StatusCode)
	}
	lines := bufio.NewScanner(reply.Body)
	lines.Buffer(nil, 1<<20)
	return lines, nil
}

// next is the next news on a stream.
func next(t *testing.T, lines *bufio.Scanner) news {
	t.Helper()
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var n news
			if err := json.Unmarshal([]byte(data), &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("the stream ended: %v", lines.Err())
	return news{}
}

func TestNewsAreStreamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.ViewersMax = 2
	stop := w.run()
	w.measured(window("r", "zone-0-0", minute(0), 10))
	w.until("the window", func(n news) bool { return len(n.Cells) == 1 })
	lines, err := w.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if first := next(t, lines); !first.Whole || first.Run != "r" || len(first.Cells) != 1 {
		t.Errorf("first %+v", first)
	}
	w.measured(window("r", "zone-0-1", minute(0), 11))
	for {
		n := next(t, lines)
		if n.Whole || len(n.Samples) != 1 {
			t.Fatalf("then %+v", n)
		}
		if len(n.Cells) > 0 && n.Cells[len(n.Cells)-1][3] == 11 { // what was new before may come again
			break
		}
	}
	if _, err := w.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.look(t.Context()); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a third browser: %v", err)
	}
	stop() // ends the streams, and does not wait for them
	for lines.Scan() {
	}
}

// Batches are handed to the hub, and turned away while it is not there.
func TestBatchesReachTheHub(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hub := httptest.NewServer(http.HandlerFunc(func(reply http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		reply.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(reply, "%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Content-Encoding"), body)
	}))
	address := atomic.Pointer[string]{}
	address.Store(new(string))
	w.env.URL = func(service string) string { return map[string]string{"hub": *address.Load()}[service] }
	w.cfg.Hub = "hub"
	w.run()
	post := func() (int, string, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.home+event.TelemetryPath, strings.NewReader("lines"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Encoding", "gzip")
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close() //nolint:errcheck // only read
		body, _ := io.ReadAll(reply.Body)
		return reply.StatusCode, reply.Header.Get("Retry-After"), string(body)
	}
	if status, after, body := post(); status != http.StatusServiceUnavailable || after != "1" {
		t.Errorf("before it is known: %d %q %s", status, after, body)
	}
	address.Store(&hub.URL)
	if status, _, body := post(); status != http.StatusBadRequest || body != "POST /telemetry gzip lines" {
		t.Errorf("%d %s", status, body)
	}
	hub.Close()
	if status, after, body := post(); status != http.StatusServiceUnavailable || after != "1" {
		t.Errorf("when it has gone: %d %q %s", status, after, body)
	}
}
