package measure

import (
	"log/slog"
	"testing"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/kafka"
	registered "github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// A letter of the index is put back on the topic that both read: what measure has
// counted counts once. One of its own has not been counted.
func TestReplayedLettersCountOnce(t *testing.T) {
	t.Parallel()
	schemas := srfake.New()
	t.Cleanup(schemas.Close)
	registry, err := registered.NewRegistry(registered.RegistryConfig{URL: schemas.URL()})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{
		Cluster: kafka.Cluster{Seeds: []string{"127.0.0.1:1"}}, Registry: registry, Member: kafka.Member{Group: "g"},
		Input: "in", Output: "out", State: "state", Wall: clock.Wall{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	encoder, err := registered.NewEncoder[event.Activity](registry, "in", event.ActivitySchema())
	if err != nil {
		t.Fatal(err)
	}
	record := func(seq int64, watermark event.Millis, letter string) *kgo.Record {
		r := &kgo.Record{Topic: "in", Headers: []kgo.RecordHeader{{Key: event.MarkHeader, Value: event.Mark{Run: "r", Watermark: watermark}.Append(nil)}}}
		if seq >= 0 {
			a := &event.Activity{RunID: "r", Cab: "c", Seq: seq, Zone: "zone-0-0", EventTime: minuteZero() + event.Millis(seq)}
			if r.Value, err = encoder.Append(t.Context(), nil, a); err != nil {
				t.Fatal(err)
			}
		}
		if letter != "" {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: kafka.HeaderReplayOf, Value: []byte(letter)})
		}
		return r
	}
	p, err := NewPartition()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.handle(t.Context(), kafka.Batch{Topic: "in", Records: []*kgo.Record{
		record(1, minuteZero(), ""), record(1, minuteZero(), "others.dlq/0/7"), record(2, minuteZero(), "in.dlq/0/3"),
		record(-1, minuteZero()+minute, ""),
	}}, p)
	if err != nil || len(out) != 1 {
		t.Fatalf("%d windows, %v", len(out), err)
	}
	var m event.Metrics
	if err := avro.Unmarshal(avro.MustParse(event.MetricsSchema()), out[0].Value[5:], &m); err != nil || m.Events != 2 {
		t.Errorf("%d events, want 2, %v", m.Events, err)
	}
}
