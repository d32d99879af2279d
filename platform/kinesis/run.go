package kinesis

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"
)

// Run reads until ctx ends, and returns nil then; with Shards also when they
// have all ended. It returns an error when the service refuses for good, as
// when the stream is deleted or access is denied. When it returns, no handler
// is running. A batch in hand at the end is checkpointed if its handler
// returned nil, else delivered again next time. A Consumer runs once.
func (c *Consumer) Run(ctx context.Context) error {
	err := c.run(ctx)
	if err == nil || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("consume stream %s: %w", c.cfg.Stream, err)
}

func (c *Consumer) run(ctx context.Context) error {
	read, err := c.method(ctx)
	if err != nil {
		return err
	}
	line, err := c.firstShards(ctx)
	if err != nil {
		return err
	}
	type ending struct {
		shard    *shard
		children []*shard
	}
	endings := make(chan ending)
	readers, ctx := errgroup.WithContext(ctx)
	launch := func(shards []*shard, reading func()) {
		for _, s := range shards {
			readers.Go(func() error {
				children, err := c.readShard(ctx, s, read, reading)
				if err != nil {
					return fmt.Errorf("shard %s: %w", s.id, err)
				}
				select {
				case endings <- ending{s, children}:
				case <-ctx.Done():
				}
				return nil
			})
		}
	}
	first := line.startable()
	launch(first, c.countdown(len(first)))
	for !c.done(line) {
		select {
		case <-ctx.Done():
			return readers.Wait()
		case e := <-endings:
			e.shard.state = ended
			if err := c.adopt(ctx, line, e.children); err != nil {
				readers.Go(func() error { return err }) // which stops the others
				return readers.Wait()
			}
			launch(line.startable(), func() {})
		}
	}
	return readers.Wait()
}

// done is only ever true with Shards: a stream has no end.
func (c *Consumer) done(line *lineage) bool { return c.cfg.Shards != nil && line.allEnded() }

// countdown closes ready at the nth call.
func (c *Consumer) countdown(n int) func() {
	if n == 0 {
		close(c.ready)
	}
	var left atomic.Int64
	left.Store(int64(n))
	return func() {
		if left.Add(-1) == 0 {
			close(c.ready)
		}
	}
}

// adopt adds an ended shard's children. A child of a merge may have a parent
// never heard of, because the reader lags on a branch that was split meanwhile:
// the list of all shards then fills the gap, or the child would start early.
func (c *Consumer) adopt(ctx context.Context, line *lineage, children []*shard) error {
	for _, child := range children {
		if line.knows(child.parents) {
			continue
		}
		all, err := c.listShards(ctx)
		if err != nil {
			return err
		}
		children = append(children, all...)
		break
	}
	for _, s := range children {
		line.add(s)
	}
	return nil
}

// firstShards lists the shards and decides where each begins: at its
// checkpoint; at its oldest record if an ancestor has a checkpoint, since then
// it was born while the stream was being followed; else at Start.
func (c *Consumer) firstShards(ctx context.Context) (*lineage, error) {
	all, err := c.listShards(ctx)
	if err != nil {
		return nil, err
	}
	line := newLineage()
	for _, s := range all {
		if c.cfg.Shards != nil {
			if !slices.Contains(c.cfg.Shards, s.id) {
				continue
			}
			s.parents = nil
		}
		line.add(s)
		if err := c.load(ctx, s); err != nil {
			return nil, err
		}
	}
	followed := func(s *shard) bool { return *s.saved != Checkpoint{} }
	for _, s := range line.order {
		switch {
		case s.saved.SequenceNumber == ShardEnd:
			s.state = ended
		case followed(s) || line.descends(s, followed):
			s.start = Position{Type: TrimHorizon}
		case c.cfg.Start.Type == Latest && s.closed && c.cfg.Shards == nil:
			s.state = ended
		default:
			s.start = c.cfg.Start
		}
	}
	for _, id := range c.cfg.Shards {
		if line.shards[id] == nil {
			return nil, fmt.Errorf("stream has no shard %q", id)
		}
	}
	return line, nil
}

func fromChildShard(c types.ChildShard) *shard {
	return &shard{id: *c.ShardId, parents: c.ParentShards, start: Position{Type: TrimHorizon}, hashes: hashesOf(c.HashKeyRange)}
}
