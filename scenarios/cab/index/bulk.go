package index

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opensearch-project/opensearch-go/v4"

	"github.com/weirstream/weir/platform/clock"
)

// What one bulk request gathers before it is sent, and how many are on their way
// at once. One batch more than what fills it may be in it.
const (
	bulkItemsMax = 4000
	bulkBytesMax = 4 << 20
	bulkLinger   = 40 * time.Millisecond
	bulksMax     = 2

	backoffMin = 100 * time.Millisecond
	backoffMax = 5 * time.Second
)

// Bulk writes documents by _bulk, gathered from all partitions. It is given what
// has to be written and tells when all of it is settled: written, there already
// in a higher version, or refused for good. Everything else, from a full queue to
// a lost connection, it tries again for as long as it runs.
type Bulk struct {
	client *opensearch.Client
	wall   clock.Clock
	log    *slog.Logger
	jobs   chan *job

	rngs sync.Mutex
	rng  *rand.Rand

	Stats BulkStats
}

// BulkStats count since the beginning.
type BulkStats struct {
	Requests  atomic.Int64
	Written   atomic.Int64 // documents
	Outdated  atomic.Int64 // there in the same or a higher version
	Refused   atomic.Int64 // for good
	Retried   atomic.Int64 // items sent again
	BytesSent atomic.Int64
}

func newBulk(client *opensearch.Client, wall clock.Clock, log *slog.Logger) *Bulk {
	return &Bulk{
		client: client, wall: wall, log: log, jobs: make(chan *job),
		rng: rand.New(rand.NewPCG(uint64(wall.Now().UnixNano()), 1)),
	}
}

// job is what one caller waits for.
type job struct {
	items []*item
	bytes int
	done  chan struct{} // closed when all items are settled
}

// item is one document on its way.
type item struct {
	text    []byte // action and source, each with its line's end
	index   string
	refused error // for good; nil if it is written
}

// write blocks until every document is settled, or until ctx ends. What it
// returns are the documents refused for good, by their place.
func (b *Bulk) write(ctx context.Context, documents []written) (refused map[int]error, err error) {
	j := &job{items: make([]*item, len(documents)), done: make(chan struct{})}
	for i := range documents {
		text, err := appendItem(nil, &documents[i].Document)
		if err != nil {
			return nil, fmt.Errorf("document %s: %w", documents[i].ID, err)
		}
		j.items[i] = &item{text: text, index: documents[i].Index}
		j.bytes += len(text)
	}
	select {
	case b.jobs <- j:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for i, it := range j.items {
		if it.refused != nil {
			if refused == nil {
				refused = map[int]error{}
			}
			refused[i] = it.refused
		}
	}
	return refused, nil
}

// Run sends what is written until ctx ends, and gives up what is on its way then.
func (b *Bulk) Run(ctx context.Context) error {
	var sending sync.WaitGroup
	defer sending.Wait()
	slots := make(chan struct{}, bulksMax)
	for {
		jobs := b.gather(ctx)
		if jobs == nil {
			return nil
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		sending.Go(func() {
			defer func() { <-slots }()
			b.send(ctx, jobs)
		})
	}
}

// gather waits for a job and then for company; nil means that ctx ended.
func (b *Bulk) gather(ctx context.Context) []*job {
	var jobs []*job
	items, bytes := 0, 0
	var linger <-chan time.Time
	for items < bulkItemsMax && bytes < bulkBytesMax {
		select {
		case j := <-b.jobs:
			jobs = append(jobs, j)
			items, bytes = items+len(j.items), bytes+j.bytes
			if linger == nil {
				timer := b.wall.NewTimer(bulkLinger)
				defer timer.Stop()
				linger = timer.C
			}
		case <-linger:
			return jobs
		case <-ctx.Done():
			return nil
		}
	}
	return jobs
}

// pause waits before another attempt.
func (b *Bulk) pause(ctx context.Context, attempt int) error {
	ceiling := backoffMax
	if attempt < 16 {
		ceiling = min(ceiling, backoffMin<<attempt)
	}
	b.rngs.Lock()
	wait := ceiling/2 + time.Duration(b.rng.Int64N(int64(ceiling/2)))
	b.rngs.Unlock()
	return b.wall.Sleep(ctx, wait)
}
