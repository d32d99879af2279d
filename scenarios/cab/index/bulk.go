package index

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opensearch-project/opensearch-go/v4"

	"github.com/weirstream/weir/platform/clock"
)

// BulkConfig sets what one bulk request gathers before it is sent; zero fields take
// defaults. One batch more than what fills a request may be in it.
type BulkConfig struct {
	ItemsMax    int           // 0 means 4,000
	BytesMax    int           // 0 means 4 MiB
	LingerMax   time.Duration // for company, from the first batch on; 0 means 40ms
	InFlightMax int           // requests on their way at once; 0 means 2
	BackoffMin  time.Duration // first wait before what is not taken is sent again; 0 means 100ms
	BackoffMax  time.Duration // longest one; 0 means 5s
}

// Validate says every problem of the config in one error.
func (c *BulkConfig) Validate() error {
	if c.ItemsMax < 0 || c.BytesMax < 0 || c.InFlightMax < 0 || c.LingerMax < 0 || c.BackoffMin < 0 || c.BackoffMax < 0 {
		return errors.New("bulk: limits must not be negative")
	}
	return nil
}

func (c BulkConfig) withDefaults() BulkConfig {
	c.ItemsMax = cmp.Or(c.ItemsMax, 4000)
	c.BytesMax = cmp.Or(c.BytesMax, 4<<20)
	c.LingerMax = cmp.Or(c.LingerMax, 40*time.Millisecond)
	c.InFlightMax = cmp.Or(c.InFlightMax, 2)
	c.BackoffMin = cmp.Or(c.BackoffMin, 100*time.Millisecond)
	c.BackoffMax = cmp.Or(c.BackoffMax, 5*time.Second)
	return c
}

// bulk writes documents by _bulk, gathered from all partitions. It is given what
// has to be written and tells when all of it is settled: written, there already
// in a higher version, or refused for good. Everything else, from a full queue to
// a lost connection, it tries again for as long as it runs.
type bulk struct {
	client *opensearch.Client
	cfg    BulkConfig
	wall   clock.Clock
	log    *slog.Logger
	jobs   chan *job

	jitter *clock.Jitter

	stats bulkStats
}

// bulkStats count since the beginning.
type bulkStats struct {
	requests  atomic.Int64
	written   atomic.Int64 // documents
	outdated  atomic.Int64 // there in the same or a higher version
	refused   atomic.Int64 // for good
	retried   atomic.Int64 // items sent again
	bytesSent atomic.Int64
}

func newBulk(client *opensearch.Client, cfg BulkConfig, wall clock.Clock, log *slog.Logger) *bulk {
	return &bulk{
		client: client, cfg: cfg.withDefaults(), wall: wall, log: log, jobs: make(chan *job),
		jitter: clock.NewJitter(0, wall),
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
func (b *bulk) write(ctx context.Context, documents []written) (refused map[int]error, err error) {
	j := &job{items: make([]*item, len(documents)), done: make(chan struct{})}
	for i := range documents {
		text, err := appendItem(nil, &documents[i].Document)
		j.items[i] = &item{text: text, index: documents[i].Index}
		j.bytes += len(text)
		if err != nil {
			b.refuse(j.items[i], err) // no try writes it, such as a number that JSON has not
		}
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

// run sends what is written until ctx ends, and gives up what is on its way then.
func (b *bulk) run(ctx context.Context) error {
	var sending sync.WaitGroup
	defer sending.Wait()
	slots := make(chan struct{}, b.cfg.InFlightMax)
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
func (b *bulk) gather(ctx context.Context) []*job {
	var jobs []*job
	items, bytes := 0, 0
	var linger <-chan time.Time
	for items < b.cfg.ItemsMax && bytes < b.cfg.BytesMax {
		select {
		case j := <-b.jobs:
			jobs = append(jobs, j)
			items, bytes = items+len(j.items), bytes+j.bytes
			if linger == nil {
				timer := b.wall.NewTimer(b.cfg.LingerMax)
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
func (b *bulk) pause(ctx context.Context, attempt int) error {
	return b.wall.Sleep(ctx, b.jitter.Half(attempt, b.cfg.BackoffMin, b.cfg.BackoffMax))
}
