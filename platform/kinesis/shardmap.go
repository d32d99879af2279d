package kinesis

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/weirstream/weir/platform/clock"
)

const (
	listShardsMax     = 2 * time.Second // all pages
	listShardsBackoff = time.Second     // records go alone meanwhile
)

// shardMap predicts where a record will land. It lists the shards when it is
// first asked, and again after a put landed elsewhere.
type shardMap struct {
	api    ProducerAPI
	stream string
	clock  clock.Clock

	mu      sync.Mutex // held while listing, so that others wait for the list
	current []openShard
	byID    map[string]hashRange // closed shards too
	retryAt time.Time            // after a list that was of no use
}

type openShard struct {
	id     string
	hashes hashRange
}

// shardAt is the index of the shard that a place belongs to.
func shardAt(shards []openShard, where hashKey) int {
	return sort.Search(len(shards)-1, func(i int) bool { return where.compare(shards[i].hashes.to) <= 0 })
}

// open gives the open shards in the order of the key space, without gaps; nil
// while they are not known for a passing reason.
func (m *shardMap) open(ctx context.Context) ([]openShard, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.current != nil || m.clock.Now().Before(m.retryAt) {
		return m.current, nil
	}
	return m.current, m.list(ctx)
}

// hashes is the range of a shard a record landed on; the list is made again if
// it lacks that shard. One that still does is behind, so it is not used for a while.
func (m *shardMap) hashes(ctx context.Context, shardID string) (hashRange, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, known := m.byID[shardID]
	if !known && !m.clock.Now().Before(m.retryAt) && m.list(ctx) == nil {
		if r, known = m.byID[shardID]; !known {
			m.current, m.retryAt = nil, m.clock.Now().Add(listShardsBackoff)
		}
	}
	return r, known
}

// list asks the service; it fails only for a reason that will not pass. A list
// that does not cover the key space, because it was made while shards changed,
// is as good as none. The caller holds mu.
func (m *shardMap) list(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, listShardsMax)
	defer cancel()
	m.current, m.retryAt = nil, m.clock.Now().Add(listShardsBackoff)
	byID := map[string]hashRange{}
	var open []openShard
	in := &kinesis.ListShardsInput{}
	in.StreamName, in.StreamARN = streamRef(m.stream)
	for in != nil {
		out, err := m.api.ListShards(ctx, in, oneTry)
		if err != nil {
			if transient(err) || skewed(err) {
				return nil
			}
			return fmt.Errorf("list shards, which aggregation needs: %w", err)
		}
		for i := range out.Shards {
			s := fromListed(&out.Shards[i])
			byID[s.id] = s.hashes
			if !s.closed {
				open = append(open, openShard{s.id, s.hashes})
			}
		}
		in = nil
		if out.NextToken != nil {
			in = &kinesis.ListShardsInput{NextToken: out.NextToken}
		}
	}
	slices.SortFunc(open, func(a, b openShard) int { return a.hashes.from.compare(b.hashes.from) })
	m.byID = byID
	if covers(open) {
		m.current, m.retryAt = open, time.Time{}
	}
	return nil
}

// covers is true for shards that divide the whole key space among them.
func covers(shards []openShard) bool {
	next := hashKey{}
	for _, s := range shards {
		if s.hashes.from != next || s.hashes.to.compare(s.hashes.from) < 0 {
			return false
		}
		next = s.hashes.to.next()
	}
	return len(shards) > 0 && next == hashKey{}
}
