package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

const testStream = "arn:aws:kinesis:us-east-1:000000000000:stream/s"

// fakeStreams is one stream in memory. Sequence numbers grow over all shards,
// so that a child's are above its parents'.
type fakeStreams struct {
	mu       sync.Mutex
	shards   []*fakeShard
	sequence int
	changed  chan struct{} // closed and replaced at every put, split and close
	reads    int
	readErr  error
}

type fakeShard struct {
	Shard
	records []Record
}

func newFakeStreams(shards ...string) *fakeStreams {
	f := &fakeStreams{changed: make(chan struct{})}
	for _, id := range shards {
		f.shards = append(f.shards, &fakeShard{Shard: Shard{ID: id}})
	}
	return f
}

func (f *fakeStreams) readCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads
}

func (f *fakeStreams) change() {
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fakeStreams) shard(id string) *fakeShard {
	for _, s := range f.shards {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// put appends records with this data and returns their sequence numbers.
func (f *fakeStreams) put(shard string, data ...string) (numbers []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.shard(shard)
	if s.Closed {
		panic("put to closed shard " + shard)
	}
	for _, d := range data {
		f.sequence++
		number := fmt.Sprintf("%06d", f.sequence)
		s.records = append(s.records, Record{SequenceNumber: number, PartitionKey: "k", Data: []byte(d), Arrival: clock.Wall{}.Now()})
		numbers = append(numbers, number)
	}
	f.change()
	return numbers
}

// reshard closes the parents and opens children.
func (f *fakeStreams) reshard(parents []string, children ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range parents {
		f.shard(id).Closed = true
	}
	for _, id := range children {
		f.shards = append(f.shards, &fakeShard{Shard: Shard{ID: id, Parents: parents}})
	}
	f.change()
}

func (f *fakeStreams) Shards(arn string) ([]Shard, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if arn != testStream {
		return nil, errors.New("no such stream")
	}
	list := make([]Shard, len(f.shards))
	for i, s := range f.shards {
		list[i] = s.Shard
	}
	return list, nil
}

func (f *fakeStreams) Read(_ context.Context, _, shard string, from Position, limit int) (Batch, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	if f.readErr != nil {
		return Batch{}, f.readErr
	}
	return f.read(shard, from, limit), nil
}

func (f *fakeStreams) read(shard string, from Position, limit int) Batch {
	s := f.shard(shard)
	first := len(s.records)
	for i, r := range s.records {
		var hit bool
		switch from.Type {
		case TrimHorizon:
			hit = true
		case AfterSequenceNumber:
			hit = r.SequenceNumber > from.SequenceNumber
		case AtSequenceNumber:
			hit = r.SequenceNumber >= from.SequenceNumber
		case AtTimestamp:
			hit = !r.Arrival.Before(from.Timestamp)
		}
		if hit {
			first = i
			break
		}
	}
	last := min(len(s.records), first+limit)
	b := Batch{Records: slices.Clone(s.records[first:last]), End: s.Closed && last == len(s.records)}
	if last < len(s.records) {
		b.MillisBehindLatest = 1
	}
	b.Next = Position{Type: AfterSequenceNumber, SequenceNumber: fmt.Sprintf("%06d", f.sequence)}
	if last > 0 && (last < len(s.records) || s.Closed) {
		b.Next.SequenceNumber = s.records[last-1].SequenceNumber
	}
	return b
}

// Subscribe pushes, at most three records at a time, for five minutes.
func (f *fakeStreams) Subscribe(ctx context.Context, _, shard string, from Position, deliver func(Batch) error) error {
	expiry := clock.Wall{}.NewTimer(5 * time.Minute)
	defer expiry.Stop()
	for {
		f.mu.Lock()
		b, changed := f.read(shard, from, 3), f.changed
		f.mu.Unlock()
		if len(b.Records) > 0 || b.End {
			if err := deliver(b); err != nil || b.End {
				return err
			}
			from = b.Next
			continue
		}
		select {
		case <-changed:
		case <-expiry.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// fakeDestination keeps documents; it fails as often as told first.
type fakeDestination struct {
	mu        sync.Mutex
	failures  int
	documents []failureDocument
}

// fail makes the next n sends fail.
func (d *fakeDestination) fail(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failures = n
}

// got is every document so far.
func (d *fakeDestination) got() []failureDocument {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.documents)
}

func (d *fakeDestination) Send(_ context.Context, _ string, body []byte, _ ...Attribute) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failures > 0 {
		d.failures--
		return errors.New("queue is away")
	}
	var doc failureDocument
	if err := json.Unmarshal(body, &doc); err != nil {
		return err
	}
	d.documents = append(d.documents, doc)
	return nil
}

// fakeFunction is a function whose behaviour is a Go function. It notes every
// batch and refuses overlapping batches of one shard.
type fakeFunction struct {
	behave func(batch fakeBatch) (Result, error)

	mu       sync.Mutex
	inHand   map[string]bool
	batches  []fakeBatch
	counters counters
	overlaps int
}

type fakeBatch struct {
	shard   string
	numbers []string
	data    []string
	at      time.Time
}

func (f *fakeFunction) executionRole(string) (string, error) { return testRole, nil }
func (f *fakeFunction) functionARN(name string) string       { return "arn:function:" + name }
func (f *fakeFunction) totals(string) *counters              { return &f.counters }

func (f *fakeFunction) Invoke(_ context.Context, _ string, payload []byte) (Result, error) {
	var event kinesisEvent
	if err := json.Unmarshal(payload, &event); err != nil {
		return Result{}, err
	}
	b := fakeBatch{at: clock.Wall{}.Now()}
	for _, r := range event.Records {
		b.shard, _, _ = strings.Cut(r.EventID, ":")
		b.numbers = append(b.numbers, r.Kinesis.SequenceNumber)
		b.data = append(b.data, string(r.Kinesis.Data))
	}
	f.mu.Lock()
	if f.inHand == nil {
		f.inHand = map[string]bool{}
	}
	if f.inHand[b.shard] {
		f.overlaps++
	}
	f.inHand[b.shard] = true
	f.batches = append(f.batches, b)
	behave := f.behave
	f.mu.Unlock()
	clock.Wall{}.Sleep(context.Background(), time.Millisecond)
	r, err := Result{RequestID: "r"}, error(nil)
	if behave != nil {
		r, err = behave(b)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inHand[b.shard] = false
	return r, err
}

// all is every batch so far.
func (f *fakeFunction) all() []fakeBatch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.batches)
}

// does sets how the function behaves from now on.
func (f *fakeFunction) does(behave func(fakeBatch) (Result, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behave = behave
}

// seen is the data of every batch so far, batches in brackets.
func (f *fakeFunction) seen() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, b := range f.batches {
		out = append(out, "["+strings.Join(b.data, " ")+"]")
	}
	return strings.Join(out, "")
}

func (f *fakeFunction) calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.batches)
}

// bench is a mapping under test, in fake time.
type bench struct {
	*mapping
	streams  *fakeStreams
	function *fakeFunction
	queue    *fakeDestination
	roles    *fakeRoles
	stop     func() // ends run and waits
}

// newBench starts a mapping; call it in a synctest bubble.
func newBench(t *testing.T, streams *fakeStreams, settings mappingSettings, change ...func(*mapping)) *bench {
	t.Helper()
	b := &bench{streams: streams, function: &fakeFunction{}, queue: &fakeDestination{}, roles: &fakeRoles{}}
	now := clock.Wall{}.Now()
	b.mapping = &mapping{
		id: "id", source: source{streamARN: testStream}, start: Position{Type: TrimHorizon},
		function: "f", settings: settings, enabled: true, state: stateCreating, result: resultNone,
		shards: map[string]*place{},
		deps: mappingDeps{
			wall: clock.Wall{}, sim: clock.Simulated{Epoch: now, Origin: now, Speed: 1},
			streams: streams, destinations: b.queue, roles: b.roles, functions: b.function,
			log: slog.New(slog.DiscardHandler),
		},
	}
	for _, c := range change {
		c(b.mapping)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); b.run(ctx) }()
	b.stop = func() { cancel(); <-done }
	return b
}

func pushed(m *mapping) { m.source.consumerARN = testStream + "/consumer/c:1" }

func fails(kind string) (Result, error) {
	return Result{RequestID: "r", FunctionError: kind, Payload: []byte(`{}`)}, nil
}
