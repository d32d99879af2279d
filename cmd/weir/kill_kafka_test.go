package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"github.com/twmb/franz-go/pkg/sr"
)

// TestNothingThatKafkaAcknowledgedIsLost kills `weir cloud --data` while
// clients write with acks=all, each time after a random number of acknowledged
// writes, and keeps its own books: of records and where they are, of
// transactions, of a group's offset, of schemas.
func TestNothingThatKafkaAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	kills := 12
	if testing.Short() {
		kills = 3
	}
	b := &kafkaBooks{t: t, records: map[string]string{}, schemas: map[int]string{}}
	dir, random := t.TempDir(), rand.New(rand.NewPCG(7, 9))
	for range kills {
		b.live(dir, 100+random.IntN(300))
	}
	b.audit(dir)
	t.Logf("%d kills: %d records, %d transactions, %d schemas acknowledged; the group was at %d", kills, len(b.records), len(b.transactions), len(b.schemas), b.committed)
	if len(b.records) < 30*kills || len(b.transactions) < kills/2 || len(b.schemas) < kills || b.committed == 0 {
		t.Error("that is too little load to show anything")
	}
}

// partitions is how many each topic has.
const partitions = 3

// kafkaBooks is what the clients were told.
type kafkaBooks struct {
	t        *testing.T
	seeds    []string
	registry *sr.Client

	mu           sync.Mutex
	left         int
	enough       chan struct{}
	number       int               // of the last thing made, whatever became of it
	records      map[string]string // place: value
	transactions []string          // what each of its records begins with
	committed    int64             // the group's offset
	schemas      map[int]string    // id: text
}

// connect starts the cloud and makes what there is to write to.
func (b *kafkaBooks) connect(dir string) *process {
	b.t.Helper()
	p := start(b.t, "cloud", "--data", dir, "--listen", "127.0.0.1:0")
	b.seeds = strings.Split(p.waitFor(`^export KAFKA_BOOTSTRAP_SERVERS=(\S+)`), ",")
	url := p.waitFor(`^export SCHEMA_REGISTRY_URL=(\S+)`)
	p.waitFor(`^ready$`)
	var err error
	if b.registry, err = sr.NewClient(sr.URLs(url), sr.BasicAuth("test", "test")); err != nil {
		b.t.Fatal(err)
	}
	admin := kadm.NewClient(b.dial())
	defer admin.Close()
	made, err := admin.CreateTopics(b.t.Context(), partitions, 3, nil, "plain", "txn")
	if err != nil {
		b.t.Fatal(err)
	}
	for _, topic := range made {
		if exists := topic.ErrMessage == "" && topic.Err == nil || len(b.records) > 0; !exists {
			b.t.Fatal(topic.Err)
		}
	}
	return p
}

func (b *kafkaBooks) dial(options ...kgo.Opt) *kgo.Client {
	b.t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(b.seeds...), kgo.ProducerLinger(0),
		kgo.SASL(scram.Auth{User: "test", Pass: "test"}.AsSha512Mechanism()))...)
	if err != nil {
		b.t.Fatal(err)
	}
	return client
}

// live runs the cloud under load until that many writes were acknowledged, and kills it.
func (b *kafkaBooks) live(dir string, acknowledged int) {
	b.t.Helper()
	p := b.connect(dir)
	b.left, b.enough = acknowledged, make(chan struct{})
	ctx, cancel := context.WithCancel(b.t.Context())
	var writers sync.WaitGroup
	for _, work := range []func(context.Context) error{b.produce, b.produce, b.transact, b.commit, b.register} {
		writers.Go(func() { _ = work(ctx) }) // ends by the kill
	}
	<-b.enough
	if err := p.Process.Kill(); err != nil {
		b.t.Fatal(err)
	}
	p.exit()
	cancel()
	writers.Wait()
}

// acknowledge books under the lock and counts down to the kill.
func (b *kafkaBooks) acknowledge(note func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	note()
	if b.left--; b.left == 0 {
		close(b.enough)
	}
}

func (b *kafkaBooks) next() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.number++
	return b.number
}

// produce keeps a few records on their way at a time.
func (b *kafkaBooks) produce(ctx context.Context) error {
	client := b.dial(kgo.DefaultProduceTopic("plain"), kgo.MaxBufferedRecords(3))
	defer client.Close()
	defer context.AfterFunc(ctx, client.Close)() // what was sent is not given up before
	for ctx.Err() == nil {
		client.Produce(ctx, kgo.StringRecord(fmt.Sprint("record ", b.next())), func(r *kgo.Record, err error) {
			if err == nil {
				b.acknowledge(func() { b.records[place(r)] = string(r.Value) })
			}
		})
	}
	return ctx.Err()
}

func place(r *kgo.Record) string { return fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset) }

// transact commits a record on each partition at a time.
func (b *kafkaBooks) transact(ctx context.Context) error {
	client := b.dial(kgo.DefaultProduceTopic("txn"), kgo.TransactionalID("writer"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer client.Close()
	defer context.AfterFunc(ctx, client.Close)() // as above
	for {
		name := fmt.Sprintf("transaction %d ", b.next())
		if err := client.BeginTransaction(); err != nil {
			return err
		}
		for i := range int32(partitions) {
			if err := client.ProduceSync(ctx, &kgo.Record{Partition: i, Value: fmt.Append([]byte(name), i)}).FirstErr(); err != nil {
				return err
			}
		}
		if err := client.EndTransaction(ctx, kgo.TryCommit); err != nil {
			return err
		}
		b.acknowledge(func() { b.transactions = append(b.transactions, name) })
	}
}

func (b *kafkaBooks) commit(ctx context.Context) error {
	admin := kadm.NewClient(b.dial())
	defer admin.Close()
	for {
		at := int64(b.next())
		offsets := make(kadm.Offsets)
		offsets.AddOffset("plain", 0, at, -1)
		if err := admin.CommitAllOffsets(ctx, "group", offsets); err != nil {
			return err
		}
		b.acknowledge(func() { b.committed = at })
	}
}

func (b *kafkaBooks) register(ctx context.Context) error {
	for {
		text := fmt.Sprintf(`{"type":"enum","name":"E%d","symbols":["A"]}`, b.next())
		made, err := b.registry.CreateSchema(ctx, fmt.Sprint("subject-", b.next()), sr.Schema{Schema: text})
		if err != nil {
			return err
		}
		b.acknowledge(func() { b.schemas[made.ID] = text })
	}
}

// audit compares what the last life finds with the books.
func (b *kafkaBooks) audit(dir string) {
	b.t.Helper()
	p := b.connect(dir)
	there := b.read("plain", kgo.ReadUncommitted())
	for at, value := range b.records {
		if there[at] != value {
			b.t.Errorf("%q was acknowledged at %s, where there is %q", value, at, there[at])
		}
	}
	times := map[string]int{}
	for _, value := range b.read("txn", kgo.ReadCommitted()) {
		times[value]++
	}
	for _, name := range b.transactions {
		for i := range partitions {
			if value := fmt.Sprint(name, i); times[value] != 1 {
				b.t.Errorf("%q was committed and is there %d times", value, times[value])
			}
		}
	}
	admin := kadm.NewClient(b.dial())
	defer admin.Close()
	offsets, err := admin.FetchOffsets(b.t.Context(), "group")
	if at, _ := offsets.Lookup("plain", 0); err != nil || at.At < b.committed {
		b.t.Errorf("the group is at %d, %v, and %d was acknowledged", at.At, err, b.committed)
	}
	for id, text := range b.schemas {
		if kept, err := b.registry.SchemaByID(b.t.Context(), id); err != nil || kept.Schema != text {
			b.t.Errorf("schema %d is %q, %v, and %q was acknowledged", id, kept.Schema, err, text)
		}
	}
	p.interrupt()
	if code := p.exit(); code != exitPass {
		b.t.Errorf("the cloud ended with %d", code)
	}
}

// read is a topic as it is now, by place. It ends each partition with a record, for
// nothing shows how far a reader of committed ones is behind an aborted transaction.
func (b *kafkaBooks) read(topic string, isolation kgo.IsolationLevel) map[string]string {
	b.t.Helper()
	client := b.dial(kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(isolation), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer client.Close()
	ends := map[string]bool{}
	for i := range int32(partitions) {
		end := &kgo.Record{Topic: topic, Partition: i}
		if err := client.ProduceSync(b.t.Context(), end).FirstErr(); err != nil {
			b.t.Fatal(err)
		}
		ends[place(end)] = true
	}
	there := map[string]string{}
	for len(ends) > 0 {
		fetches := client.PollFetches(b.t.Context())
		if err := fetches.Err(); err != nil {
			b.t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			there[place(r)] = string(r.Value)
			delete(ends, place(r))
		})
	}
	return there
}
