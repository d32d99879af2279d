package index

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/opensearch"
	"github.com/weirstream/weir/platform/cloud/wire"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/scenarios/cab/event"
)

func TestDocumentsAreThereAndUndecodableRecordsAreNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(t,
		&kgo.Record{Topic: event.ActivityTopic, Key: []byte("k"), Value: []byte("no avro at all")},
		&kgo.Record{Topic: event.ActivityTopic, Key: []byte("k")}, // a mark
		&kgo.Record{Topic: event.MetricsTopic, Key: []byte("k"), Value: []byte{0, 0}},
	)
	s, _ := w.start(t, nil)
	w.drive(t, 30, 0, 12)
	w.settled(t)
	w.check(t)
	classes := map[string]string{}
	for _, d := range w.letters(t, 2) {
		classes[d.ErrorClass] = d.OriginTopic
	}
	want := map[string]string{"avro-no-magic": event.ActivityTopic, "avro-too-short": event.MetricsTopic}
	if !maps.Equal(classes, want) {
		t.Errorf("dead letters %v", classes)
	}
	counted := scraped(t, s)
	written := counted[documents("written")]
	if written == 0 || counted[documents("refused")] != 0 || counted["weir_index_requests_total"] == 0 ||
		counted["weir_index_request_bytes_total"] < 100*written || counted[deadLetters] != 2 {
		t.Errorf("counted %v", counted)
	}
}

// TestRegistryThatIsDownDoublesNoLetter has a record that cannot be read before one
// of a schema that is asked for again and again.
func TestRegistryThatIsDownDoublesNoLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var down atomic.Bool
	down.Store(true)
	var asked atomic.Int64
	registry := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if down.Load() {
			out.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		out.WriteHeader(http.StatusNotFound)
	}))
	defer registry.Close()
	w.put(t,
		&kgo.Record{Topic: event.ActivityTopic, Key: []byte("k"), Value: []byte("no avro at all")},
		&kgo.Record{Topic: event.ActivityTopic, Key: []byte("k"), Value: []byte{0, 0, 0, 0, 99, 1}},
	)
	s, _ := w.start(t, func(c *Config) {
		c.Registry = must(avro.NewRegistry(avro.RegistryConfig{URL: registry.URL}))(t)
	})
	for asked.Load() < 4 {
		w.wait(t, 10*time.Millisecond)
	}
	down.Store(false)
	w.settled(t)
	if n := scraped(t, s)[deadLetters]; n != 2 {
		t.Errorf("%v dead letters for 2 records", n)
	}
}

// TestNothingIsLostWhileOpenSearchIsAway takes the domain away until the stage has
// read as much as it may, then lets it answer 429, and then to every third item.
func TestNothingIsLostWhileOpenSearchIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, _ := w.start(t, nil)
	retried := func(more int64) {
		t.Helper()
		for before := s.bulk.stats.retried.Load(); s.bulk.stats.retried.Load() < before+more; {
			w.wait(t, 10*time.Millisecond)
		}
	}
	w.drive(t, 20, 0, 4)
	back := w.LoseOpenSearch()
	w.drive(t, 20, 4, 40)
	marks := make([]*kgo.Record, 5*4*queueRecordsMax)
	for i := range marks {
		marks[i] = &kgo.Record{Topic: event.ActivityTopic, Key: []byte{byte(i)}}
	}
	w.put(t, marks...)
	for s.Consumer().Stats().Queued < queueRecordsMax {
		w.wait(t, 10*time.Millisecond)
	}
	retried(1000) // which takes a while, for all that it would read
	if queued := s.Consumer().Stats().Queued; queued > 4*queueRecordsMax {
		t.Errorf("%d records are held in memory", queued)
	}
	w.PressOpenSearch(opensearch.Pressure{Requests: true})
	back()
	w.drive(t, 20, 40, 60)
	retried(1)
	w.PressOpenSearch(opensearch.Pressure{ItemEvery: 3})
	w.drive(t, 20, 60, 80)
	retried(1)
	w.PressOpenSearch(opensearch.Pressure{})
	w.settled(t)
	w.check(t)
	if counted := scraped(t, s); counted[deadLetters] > 0 {
		t.Errorf("counted %v", counted)
	}
}

func (w *world) wait(t *testing.T, d time.Duration) {
	t.Helper()
	if err := (clock.Wall{}).Sleep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

// TestKilledInMidBulkNothingChanges has the domain take bulks and say that it did
// not, so that the stage is in the midst of one when another takes its place.
func TestKilledInMidBulkNothingChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var taken atomic.Int64
	remove := w.AddHook(func(ctx context.Context, call *wire.Call, in any, next wire.Next) (any, error) {
		out, err := next(ctx, in)
		if call.Operation == "Bulk" && err == nil {
			taken.Add(1)
			return nil, &wire.Error{Code: "ServiceUnavailable", Message: "the answer is lost", Status: http.StatusServiceUnavailable}
		}
		return out, err
	})
	quick := func(c *Config) { c.HandOverMax = 50 * time.Millisecond }
	_, stop := w.start(t, quick)
	w.drive(t, 25, 0, 30)
	for taken.Load() < 6 {
		w.wait(t, 10*time.Millisecond)
	}
	before := w.partly(t)
	if len(before) == 0 {
		t.Fatal("nothing was written before the kill")
	}
	second, _ := w.start(t, quick) // of the same identity: the first one is fenced
	if err := stop(); err != nil && !errors.Is(err, kafka.ErrFenced) {
		t.Fatal(err)
	}
	remove()
	w.settled(t)
	after := w.check(t)
	if scraped(t, second)[documents("outdated")] == 0 {
		t.Error("nothing was delivered again")
	}
	for key, write := range before {
		// A cab's document may have got a newer state since; incidents and windows
		// that were there may only be closed.
		if strings.HasPrefix(key, event.ZonesIndex) && after[key] != write {
			t.Errorf("%s was written again", key)
		}
	}
}

// partly is what is there, whatever it is.
func (w *world) partly(t *testing.T) map[string]float64 {
	t.Helper()
	_, writes := w.found(t)
	return writes
}

// TestADocumentThatIsRefusedIsADeadLetter has an index in the way that takes no
// list of open incidents.
func TestADocumentThatIsRefusedIsADeadLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	index := event.IndexOf(event.CabsIndex, noon)
	w.ask(t, "DELETE", "/_index_template/"+event.CabsIndex, "")
	w.ask(t, "PUT", "/"+index, `{"mappings":{"properties":{"open":{"type":"long"}}}}`)
	bad := reading(1, 7) // has one open
	if len(bad.Open) == 0 {
		t.Fatal("it has none")
	}
	w.put(t, &kgo.Record{Topic: event.ActivityTopic, Key: []byte("k"), Value: must(w.activity.Append(t.Context(), nil, &bad))(t)})
	s, _ := w.start(t, nil)
	letters := w.letters(t, 1)
	w.drive(t, 30, 0, 3)
	w.settled(t)
	w.check(t)
	if d := letters[0]; len(letters) != 1 || d.ErrorClass != "document-refused" || d.OriginTopic != event.ActivityTopic ||
		!strings.Contains(d.Reason, index) || !strings.Contains(d.Reason, "open") {
		t.Errorf("dead letters %+v", letters)
	}
	if counted := scraped(t, s); counted[deadLetters] != 1 {
		t.Errorf("counted %v", counted)
	}
}

// TestADocumentThatNoRequestMayHoldIsADeadLetter has records that somebody else put
// there, of which OpenSearch refuses the whole request that they are in.
func TestADocumentThatNoRequestMayHoldIsADeadLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, _ := w.start(t, nil)
	w.drive(t, 30, 0, 2)
	bad := reading(1, 1)
	bad.Seq = -7
	m := event.Metrics{RunID: "r", Zone: event.ZoneName(0, 0), WindowStart: noon, Revision: -1}
	w.put(t,
		&kgo.Record{Topic: event.ActivityTopic, Key: []byte("k"), Value: must(w.activity.Append(t.Context(), nil, &bad))(t)},
		&kgo.Record{Topic: event.MetricsTopic, Key: []byte("k"), Value: must(w.metrics.Append(t.Context(), nil, &m))(t)},
	)
	w.drive(t, 30, 2, 5)
	w.settled(t)
	w.check(t)
	topics := map[string]int{}
	for _, d := range w.letters(t, 2) {
		if topics[d.OriginTopic]++; d.ErrorClass != "document-refused" || !strings.Contains(d.Reason, "illegal version value") {
			t.Errorf("dead letter %+v", d)
		}
	}
	if want := map[string]int{event.ActivityTopic: 1, event.MetricsTopic: 1}; !maps.Equal(topics, want) || scraped(t, s)[deadLetters] != 2 {
		t.Errorf("dead letters from %v, counted %v", topics, scraped(t, s))
	}
}
