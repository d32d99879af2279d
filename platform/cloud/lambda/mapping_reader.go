package lambda

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// discoverEvery is how often a mapping looks for new shards, in wall time.
const discoverEvery = time.Second

// reader is one generation of a mapping: it finds shards and keeps one
// follower at work on each that is ready, parents before children. Its
// settings and function are the mapping's when the generation began.
type reader struct {
	*mapping
	settings mappingSettings
	function string
}

// run reads until ctx ends; then every follower finishes or abandons the batch
// in hand, and run returns.
func (r *reader) run(ctx context.Context) {
	var followers sync.WaitGroup
	defer followers.Wait()
	following := map[string]bool{}
	ended := make(chan struct{}, 1) // a shard came to its end: its children may start
	ticker := r.deps.wall.NewTicker(discoverEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		ready := r.discover(ctx)
		r.settle()
		for _, id := range ready {
			if following[id] {
				continue
			}
			following[id] = true
			followers.Go(func() {
				r.follow(ctx, id)
				select {
				case ended <- struct{}{}:
				default:
				}
			})
		}
		select {
		case <-ticker.C:
		case <-ended:
		case <-ctx.Done():
		}
	}
}

// discover lists the stream's shards and returns those that may be read.
func (r *reader) discover(ctx context.Context) (ready []string) {
	role, err := r.deps.functions.executionRole(r.function)
	if err != nil {
		r.problem("Function not found.")
		return nil
	}
	if action := r.deps.missing(role, r.source); action != "" {
		r.problem(r.source.lacks(action))
		return nil
	}
	list, err := r.deps.streams.Shards(r.source.streamARN)
	if err != nil {
		r.problem("Cannot list the shards of " + r.source.streamARN + ": " + err.Error())
		return nil
	}
	r.note(list)
	if err := r.anchor(ctx, list); err != nil {
		if ctx.Err() == nil {
			r.problem("Cannot find the end of a shard: " + err.Error())
		}
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, shard := range list {
		if !r.shards[shard.ID].Done && r.parentsDone(shard) {
			ready = append(ready, shard.ID)
		}
	}
	return ready
}

// note makes a place for every shard not seen before. Shards there at the
// start begin where the mapping does; later ones are children of shards in
// reading, or new ones, and begin at their first record. A shard that is no
// longer listed has left retention with all its records.
func (r *reader) note(list []Shard) {
	known := r.begin(list)
	for id := range known {
		if !r.handled(id) && !slices.ContainsFunc(list, func(s Shard) bool { return s.ID == id }) {
			r.finish(id)
		}
	}
}

// begin gives a place to every shard not seen before, to all of them or, if a
// crash comes between, to none: those there at the start are known by it.
func (m *mapping) begin(list []Shard) (known map[string]*place) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known = maps.Clone(m.shards)
	var fresh []string
	for _, shard := range list {
		if known[shard.ID] != nil {
			continue
		}
		first := &place{From: Position{Type: TrimHorizon}}
		if len(known) == 0 {
			first = &place{From: m.start, Done: shard.Closed && m.start.Type == Latest}
		}
		m.shards[shard.ID] = first
		fresh = append(fresh, shard.ID)
	}
	m.keepPlaces(fresh...)
	return known
}

// anchor turns LATEST into a fixed place in every shard before anything is
// read, so that no record put after the mapping is Enabled is missed.
func (r *reader) anchor(ctx context.Context, list []Shard) error {
	for _, shard := range list {
		from := r.at(shard.ID)
		if from.Done || from.From.Type != Latest {
			continue
		}
		batch, err := r.deps.streams.Read(ctx, r.source.streamARN, shard.ID, from.From, 1)
		if err != nil {
			return err
		}
		to := batch.Next
		if len(batch.Records) > 0 {
			to = Position{Type: AtSequenceNumber, SequenceNumber: batch.Records[0].SequenceNumber}
		} else if batch.End {
			r.finish(shard.ID)
			continue
		}
		r.advance(shard.ID, func(p *place) { p.From = to })
	}
	return nil
}

// parentsDone reports whether a shard's parents are handled or were never
// seen; r.mu is held.
func (r *reader) parentsDone(shard Shard) bool {
	for _, id := range shard.Parents {
		if parent := r.shards[id]; parent != nil && !parent.Done {
			return false
		}
	}
	return true
}
