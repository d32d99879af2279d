package offers

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/weirstream/weir/platform/kinesis"
	"github.com/weirstream/weir/scenarios/location/event"
)

func finder(t testing.TB) *Finder {
	f, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestOffer(t *testing.T) {
	t.Parallel()
	f := finder(t)
	for _, c := range []struct {
		name     string
		lat, lon float64
		want     string
		km       float64
		currency string
	}{
		{"at a PoP", 38.7223, -9.1393, "PT lis Metro 10G,Fibre 1G,Cable 300,Air 100,Orbit 50", 0, "EUR"},
		{"Porto, beyond metro", 41.1579, -8.6291, "PT lis Fibre 1G,Cable 300,Air 100,Orbit 50", 274.3, "EUR"},
		{"Tokyo, its own market", 35.6762, 139.6503, "JP nrt Hikari 20G,Hikari 2G,Air 200,Orbit 100", 0, "JPY"},
		{"Taveuni, over the antimeridian", -16.85, -179.97, "FJ akl Air 100,Orbit 50", 2283.4, "AUD"},
		{"South Pole", -90, 0, "AQ akl Ice Link 20,Ice Link 5", 5909.9, "USD"},
		{"Atlantic", 0, -30, "sea gru Sea Orbit 50,Sea Orbit 10", 3175.3, "USD"},
	} {
		o := f.Offer(event.Signup{ID: "d000001-000000", Location: event.Location{Latitude: c.lat, Longitude: c.lon}})
		if o.Canonical() != c.want || o.Options[0].Currency != c.currency || o.ID != "d000001-000000" {
			t.Errorf("%s: got %s in %s", c.name, o.Canonical(), o.Options[0].Currency)
		}
		if d := o.DistanceKm - c.km; d > 0.05 || d < -0.05 {
			t.Errorf("%s: distance %v km, want %v", c.name, o.DistanceKm, c.km)
		}
	}
}

func TestLoadSaysEveryProblem(t *testing.T) {
	t.Parallel()
	var book event.Book
	if err := json.Unmarshal(Embedded(), &book); err != nil {
		t.Fatal(err)
	}
	book.PoPs[1].ID = book.PoPs[0].ID
	book.PoPs[2].Latitude = 91
	book.Countries[0].Region = "Atlantis"
	book.Countries[1].Code = "usa"
	book.Countries = slices.DeleteFunc(book.Countries, func(c event.Country) bool { return c.Code == "XK" || c.Code == "FR" })
	book.Maritime.Options = book.Maritime.Options[:0]
	data, err := json.Marshal(book)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Load(data)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"pop lis is listed twice", "pop fra: 91", `region "Atlantis"`, "country usa",
		`map_name "Kosovo"`, `map_id "250"`, "maritime: every option",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	misspelt := strings.Replace(string(Embedded()), "max_distance_km", "max_distance", 1)
	if _, err := Load([]byte(misspelt)); err == nil || !strings.Contains(err.Error(), "max_distance") {
		t.Errorf("a misspelt field: %v", err)
	}
}

func record(sequence int, data string) events.KinesisEventRecord {
	return events.KinesisEventRecord{Kinesis: events.KinesisRecord{
		SequenceNumber: fmt.Sprint(sequence), PartitionKey: "k", Data: []byte(data),
	}}
}

func signup(n int) string {
	return fmt.Sprintf(`{"id":"d000001-%06d","run_id":"r","event_time":"2026-01-02T03:04:05.678Z","schema_version":1,`+
		`"subscriber":{"name":"A","email":"a@example.com"},"location":{"latitude":48.85,"longitude":2.35}}`, n)
}

func TestHandlePublishesAroundPoison(t *testing.T) {
	t.Parallel()
	var published []kinesis.Record
	f := &Function{finder: finder(t), put: func(_ context.Context, records []kinesis.Record) error {
		published = append(published, records...)
		return nil
	}}
	reply, err := f.Handle(t.Context(), events.KinesisEvent{Records: []events.KinesisEventRecord{
		record(100, signup(0)), record(101, "poison"), record(102, signup(1)), record(103, `{"subscriber":1}`), record(104, signup(2)),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(reply.BatchItemFailures) != 1 || reply.BatchItemFailures[0].ItemIdentifier != "101" {
		t.Errorf("reported %+v, want the lowest poison, 101", reply.BatchItemFailures)
	}
	if len(published) != 3 {
		t.Fatalf("published %d offers, want 3", len(published))
	}
	for i, r := range published {
		var o event.Offer
		if err := json.Unmarshal(r.Data, &o); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("d000001-%06d", i); r.PartitionKey != want || o.ID != want || o.RunID != "r" || o.Country != "FR" {
			t.Errorf("offer %d: key %s, %+v", i, r.PartitionKey, o)
		}
	}
}

// aggregate packs data into one stored record, as a producer does.
func aggregate(t *testing.T, data ...string) string {
	t.Helper()
	stored := &oneShard{}
	p, err := kinesis.NewProducer(stored, kinesis.ProducerConfig{Stream: "s", Aggregation: kinesis.Aggregation{On: true}})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range data {
		if err := p.PutAsync(t.Context(), kinesis.Record{PartitionKey: "k", Data: []byte(d)}, func(kinesis.Receipt, error) {}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // send what is buffered, and end
	if err := p.Run(ctx); err != nil || len(stored.records) != 1 {
		t.Fatalf("%d records stored, %v", len(stored.records), err)
	}
	return string(stored.records[0])
}

// oneShard is a stream that takes everything.
type oneShard struct{ records [][]byte }

func (o *oneShard) PutRecords(_ context.Context, in *awskinesis.PutRecordsInput, _ ...func(*awskinesis.Options)) (*awskinesis.PutRecordsOutput, error) {
	out := &awskinesis.PutRecordsOutput{}
	for _, r := range in.Records {
		o.records = append(o.records, r.Data)
		out.Records = append(out.Records, types.PutRecordsResultEntry{ShardId: aws.String("shardId-000000000000"), SequenceNumber: aws.String("1")})
	}
	return out, nil
}

func (o *oneShard) ListShards(context.Context, *awskinesis.ListShardsInput, ...func(*awskinesis.Options)) (*awskinesis.ListShardsOutput, error) {
	everything := &types.HashKeyRange{StartingHashKey: aws.String("0"), EndingHashKey: aws.String("340282366920938463463374607431768211455")}
	return &awskinesis.ListShardsOutput{Shards: []types.Shard{{ShardId: aws.String("shardId-000000000000"), HashKeyRange: everything}}}, nil
}

func TestHandleTakesAggregatesApart(t *testing.T) {
	t.Parallel()
	var published []string
	f := &Function{finder: finder(t), put: func(_ context.Context, records []kinesis.Record) error {
		for _, r := range records {
			published = append(published, r.PartitionKey)
		}
		return nil
	}}
	reply, err := f.Handle(t.Context(), events.KinesisEvent{Records: []events.KinesisEventRecord{
		record(100, signup(0)),
		record(101, aggregate(t, signup(1), signup(2))),
		record(102, aggregate(t, signup(3), "poison", signup(4))),
		record(103, aggregate(t, signup(5), signup(6))),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for n := range 7 {
		want = append(want, fmt.Sprintf("d000001-%06d", n))
	}
	if !slices.Equal(published, want) {
		t.Errorf("published %q, want %q: good signups around poison too", published, want)
	}
	if len(reply.BatchItemFailures) != 1 || reply.BatchItemFailures[0].ItemIdentifier != "102" {
		t.Errorf("reported %+v, want the aggregate with the poison, 102", reply.BatchItemFailures)
	}
}

// An aggregate whose records name keys that it does not hold is poison.
func TestHandleReportsABrokenAggregate(t *testing.T) {
	t.Parallel()
	f := &Function{finder: finder(t)}
	message := "\x1a\x05\x08\x00\x1a\x01x" // a record of the first key, and no keys
	digest := md5.Sum([]byte(message))
	reply, err := f.Handle(t.Context(), events.KinesisEvent{Records: []events.KinesisEventRecord{
		record(9, "\xf3\x89\x9a\xc2"+message+string(digest[:])),
	}})
	if err != nil || len(reply.BatchItemFailures) != 1 || reply.BatchItemFailures[0].ItemIdentifier != "9" {
		t.Errorf("got %+v, %v", reply, err)
	}
}

func TestHandleFailsOnlyIfPublishingDoes(t *testing.T) {
	t.Parallel()
	broken := errors.New("no stream")
	f := &Function{finder: finder(t), put: func(context.Context, []kinesis.Record) error { return broken }}
	if _, err := f.Handle(t.Context(), events.KinesisEvent{Records: []events.KinesisEventRecord{record(1, signup(0))}}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	reply, err := f.Handle(t.Context(), events.KinesisEvent{Records: []events.KinesisEventRecord{record(7, "x")}})
	if err != nil || len(reply.BatchItemFailures) != 1 {
		t.Errorf("a batch of poison: %+v, %v", reply, err)
	}
}

func TestNewHandlerNeedsItsStream(t *testing.T) {
	t.Setenv(StreamVar, "")
	if _, err := NewHandler(t.Context()); err == nil || !strings.Contains(err.Error(), StreamVar) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkOffer(b *testing.B) {
	f := finder(b)
	s := event.Signup{Location: event.Location{Latitude: 48.85, Longitude: 2.35}}
	for b.Loop() {
		f.Offer(s)
	}
}
