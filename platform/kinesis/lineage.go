package kinesis

import "slices"

type shardState int

const (
	waiting shardState = iota // for its parents
	reading
	ended
)

// shard is a reader's view of one shard.
type shard struct {
	id      string
	parents []string // two after a merge
	closed  bool
	hashes  hashRange
	start   Position    // where to begin without a checkpoint
	saved   *Checkpoint // nil until loaded
	state   shardState
}

// lineage knows which shards may be read: those whose parents have all ended.
// A parent it does not know has left the retention, so it has ended.
type lineage struct {
	shards map[string]*shard
	order  []*shard // as added, so that runs are alike
}

func newLineage() *lineage { return &lineage{shards: map[string]*shard{}} }

// add ignores a shard already known.
func (l *lineage) add(s *shard) {
	if _, known := l.shards[s.id]; !known {
		l.shards[s.id] = s
		l.order = append(l.order, s)
	}
}

// knows is false for a shard one of whose parents was never added.
func (l *lineage) knows(parents []string) bool {
	return !slices.ContainsFunc(parents, func(p string) bool { return l.shards[p] == nil })
}

// startable marks and returns the shards that may be read now.
func (l *lineage) startable() []*shard {
	var ready []*shard
	for _, s := range l.order {
		if s.state == waiting && l.ended(s.parents) {
			s.state = reading
			ready = append(ready, s)
		}
	}
	return ready
}

func (l *lineage) ended(parents []string) bool {
	return !slices.ContainsFunc(parents, func(p string) bool {
		parent := l.shards[p]
		return parent != nil && parent.state != ended
	})
}

// allEnded is true when nothing is left to read.
func (l *lineage) allEnded() bool {
	return !slices.ContainsFunc(l.order, func(s *shard) bool { return s.state != ended })
}

// descends is true when any known ancestor of s satisfies is.
func (l *lineage) descends(s *shard, is func(*shard) bool) bool {
	return slices.ContainsFunc(s.parents, func(p string) bool {
		parent := l.shards[p]
		return parent != nil && (is(parent) || l.descends(parent, is))
	})
}
