package kinesis

import (
	"context"
	"errors"
	"slices"
)

// carrier is one record of a call: a user record as it is, or an aggregate.
type carrier struct {
	record  *Record
	entries []*entry
	shard   string // where an aggregate is meant to land
}

// errMisplaced has an aggregate put again, which readers of the shard discard.
var errMisplaced = errors.New("the stream was resharded: the aggregate landed on a shard that is not all its records'")

// place finds where in the key space the entries of a call lie, if that matters.
func (p *Producer) place(batch []*entry) {
	if p.shards == nil {
		return
	}
	for _, e := range batch {
		e.where = p.places.of(&e.record)
	}
}

// pack decides which entries travel together. Each try decides anew, so those
// of an aggregate that a reshard made invalid are spread over the new shards.
// With an error, which refuses them all, every entry has a carrier of its own.
func (p *Producer) pack(ctx context.Context, batch []*entry) ([]carrier, error) {
	if p.shards == nil {
		return singles(batch), nil
	}
	shards, err := p.shards.open(ctx)
	if err != nil || shards == nil {
		return singles(batch), err
	}
	k, reused := p.packs.Get().(*packer)
	if !reused {
		k = &packer{}
	}
	defer p.packs.Put(k)
	return k.pack(p.cfg.Aggregation, shards, batch), nil
}

func singles(batch []*entry) []carrier {
	out := make([]carrier, len(batch))
	for i, e := range batch {
		out[i] = carrier{record: &e.record, entries: batch[i : i+1]}
	}
	return out
}

// packer groups entries, which are placed, by shard; its memory is used again.
type packer struct {
	cfg     Aggregation
	shards  []openShard
	loading []*loading // by index in shards
	out     []carrier
}

// loading is an aggregate of one shard that is being filled.
type loading struct {
	aggregate *aggregate
	entries   []*entry
}

func (k *packer) pack(cfg Aggregation, shards []openShard, batch []*entry) []carrier {
	k.cfg, k.shards, k.out = cfg, shards, nil
	for len(k.loading) < len(shards) {
		k.loading = append(k.loading, &loading{aggregate: newAggregate()})
	}
	for _, e := range batch {
		at := shardAt(shards, e.where)
		l := k.loading[at]
		if len(l.entries) > 0 && (len(l.entries) >= cfg.RecordsMax || l.aggregate.sizeWith(&e.record) > cfg.BytesMax) {
			k.close(at)
		}
		l.entries = append(l.entries, e)
		l.aggregate.add(&e.record, e.where)
	}
	for at := range shards {
		if len(k.loading[at].entries) > 0 {
			k.close(at)
		}
	}
	return k.out
}

// close makes a carrier of what a shard's aggregate holds. Alone, a record
// travels as it is.
func (k *packer) close(at int) {
	l := k.loading[at]
	c := carrier{entries: slices.Clone(l.entries)}
	if len(l.entries) == 1 {
		c.record = &l.entries[0].record
	} else {
		stored := l.aggregate.stored()
		c.record, c.shard = &stored, k.shards[at].id
	}
	k.out = append(k.out, c)
	l.aggregate.reset()
	clear(l.entries)
	l.entries = l.entries[:0]
}

// landed checks that readers of the shard an aggregate landed on will take it:
// they discard one that holds a record of another shard.
func (p *Producer) landed(ctx context.Context, c *carrier, receipt Receipt) error {
	if c.shard == "" {
		return nil
	}
	if receipt.ShardID != c.shard {
		hashes, known := p.shards.hashes(ctx, receipt.ShardID)
		if !known || slices.ContainsFunc(c.entries, func(e *entry) bool { return !hashes.contains(e.where) }) {
			p.count.misplaced.Add(1)
			return errMisplaced
		}
	}
	p.count.aggregates.Add(1)
	return nil
}
