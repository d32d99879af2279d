package index

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// BenchmarkIndex is the stage's own work on batches of activities, and its bulk
// requests to a domain that takes everything: 2,000 cabs, each in a batch about
// once, so that next to nothing folds.
func BenchmarkIndex(b *testing.B) {
	taken := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"took":1,"errors":false,"items":[]}`)
	})
	server := httptest.NewServer(taken)
	b.Cleanup(server.Close)
	schemas := srfake.New()
	b.Cleanup(schemas.Close)
	registry := must(avro.NewRegistry(avro.RegistryConfig{URL: schemas.URL()}))(b)
	encoder := must(avro.NewEncoder[event.Activity](registry, event.ActivityTopic, event.ActivitySchema()))(b)
	s := must(New(Config{
		Cluster: kafka.Cluster{Seeds: []string{"127.0.0.1:1"}}, Registry: registry, Search: scenario.Address{URL: server.URL},
		Member: kafka.Member{Group: event.IndexGroup}, Activity: event.ActivityTopic, Metrics: event.MetricsTopic, Dead: event.IndexDeadTopic,
		Bulk: BulkConfig{ItemsMax: 1, InFlightMax: 1}, Wall: clock.Wall{}, Log: slog.New(slog.DiscardHandler),
	}))(b)
	b.Cleanup(s.release)
	records := make([]*kgo.Record, batchRecordsMax)
	for i := range records {
		a := reading(i, 3)
		records[i] = &kgo.Record{Topic: event.ActivityTopic, Value: must(encoder.Append(b.Context(), nil, &a))(b)}
	}
	go func() { _ = s.bulk.run(b.Context()) }() // nil when ctx ends
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := s.handle(b.Context(), kafka.Batch{Topic: event.ActivityTopic, Records: records}); err != nil {
			b.Fatal(err)
		}
		n += len(records)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "activities/s")
	b.ReportMetric(float64(s.bulk.stats.bytesSent.Load())/float64(n), "B/activity")
}
