package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
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
	from    float64 // share of the hash keys it owns, up to to; for puts by key
	to      float64
}

func newFakeStreams(shards ...string) *fakeStreams {
	f := &fakeStreams{changed: make(chan struct{})}
	for _, id := range shards {
		f.shards = append(f.shards, &fakeShard{Shard: Shard{ID: id}, to: 1})
	}
	return f
}

// owner is the open shard that a place among the hash keys, from 0 to 1, is in.
func (f *fakeStreams) owner(place float64) *fakeShard {
	for _, s := range f.shards {
		if !s.Closed && s.from <= place && place < s.to {
			return s
		}
	}
	return nil
}

// putKeyed appends one record by its key.
func (f *fakeStreams) putKeyed(key string, place float64, data string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.append(f.owner(place), key, data)
	f.change()
}

// split halves the shard that owns a place.
func (f *fakeStreams) split(place float64, one, two string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.owner(place)
	s.Closed = true
	middle := (s.from + s.to) / 2
	f.shards = append(f.shards,
		&fakeShard{Shard: Shard{ID: one, Parents: []string{s.ID}}, from: s.from, to: middle},
		&fakeShard{Shard: Shard{ID: two, Parents: []string{s.ID}}, from: middle, to: s.to})
	f.change()
}

// merge joins the shard that owns a place with its neighbour above, if there is one.
func (f *fakeStreams) merge(place float64, child string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	low := f.owner(place)
	if low.to == 1 {
		return
	}
	high := f.owner(low.to)
	low.Closed, high.Closed = true, true
	f.shards = append(f.shards, &fakeShard{Shard: Shard{ID: child, Parents: []string{low.ID, high.ID}}, from: low.from, to: high.to})
	f.change()
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
		numbers = append(numbers, f.append(s, "k", d))
	}
	f.change()
	return numbers
}

func (f *fakeStreams) append(s *fakeShard, key, data string) (number string) {
	f.sequence++
	number = fmt.Sprintf("%06d", f.sequence)
	s.records = append(s.records, Record{SequenceNumber: number, PartitionKey: key, Data: []byte(data), Arrival: clock.Wall{}.Now()})
	return number
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

// Subscribe pushes, at most three records at a time and nothing every five
// seconds without any, for five minutes.
func (f *fakeStreams) Subscribe(ctx context.Context, _, shard string, from Position, deliver func(Batch) error) error {
	expiry := clock.Wall{}.NewTimer(5 * time.Minute)
	defer expiry.Stop()
	quiet := clock.Wall{}.NewTicker(5 * time.Second)
	defer quiet.Stop()
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
		case <-quiet.C:
			if err := deliver(b); err != nil {
				return err
			}
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
