package kinesis

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
)

// Statuses of streams and consumers.
const (
	statusCreating = "CREATING"
	statusActive   = "ACTIVE"
	statusUpdating = "UPDATING"
	statusDeleting = "DELETING"
)

const (
	retentionDefault = 24 * time.Hour
	retentionMax     = 8760 * time.Hour
	// recordKiBDefault is the largest record of a stream that asked for nothing else.
	recordKiBDefault = 1024
	recordKiBMax     = 10240
)

// stream is one data stream. Puts hold mu for reading, so a reshard, which
// holds it for writing, falls between whole puts and no record goes to a shard
// that is already closed.
type stream struct {
	name, arn string
	birth     uint64 // tells streams of one name apart
	created   time.Time
	data      *store.Data // where it is kept; nil without a data directory

	due  atomic.Int64  // Unix ns at which the nearest transition ends; 0 means none
	gone chan struct{} // closed when the stream no longer exists

	mu sync.RWMutex
	settings
	status    string
	opened    time.Time // when its first shards did
	settleAt  time.Time // of the stream's own transition
	pending   change    // what completes it
	shards    []*shard  // all listed ones, by index
	open      []*shard  // by hash range
	nextIndex uint32
	consumers []*consumer // by creation
	epochs    map[string]int64
	tags      map[string]string
	listCalls bucket
	demand    demand
	rotation  atomic.Uint64 // turns AUTO's records from shard to shard

	modeChanges, scalings             rolling
	encryptionStarts, encryptionStops rolling
}

// update makes an ACTIVE stream UPDATING and applies a change after the status
// delay; the caller holds st.mu.
func (s *Service) update(st *stream, now time.Time, c change) {
	s.begin(st, statusUpdating, now, c)
}

// begin starts a transition that a change completes after the status delay;
// the caller holds st.mu.
func (s *Service) begin(st *stream, status string, now time.Time, c change) {
	st.status, st.settleAt, st.pending = status, now.Add(s.cfg.StatusDelay), c
	st.updateDue()
	st.keep()
	s.wakeRun()
}

// updateDue recomputes due; the caller holds mu.
func (st *stream) updateDue() {
	nearest := st.settleAt
	for _, c := range st.consumers {
		if !c.settleAt.IsZero() && (nearest.IsZero() || c.settleAt.Before(nearest)) {
			nearest = c.settleAt
		}
	}
	if nearest.IsZero() {
		st.due.Store(0)
		return
	}
	st.due.Store(nearest.UnixNano())
}

// settle completes st's transitions that are due; gone means that st was deleted by now.
func (s *Service) settle(st *stream, now time.Time) (gone bool) {
	if due := st.due.Load(); due == 0 || now.UnixNano() < due {
		return st.isGone()
	}
	st.mu.Lock()
	for !st.settleAt.IsZero() && !now.Before(st.settleAt) { // a change may consist of several
		deleted := st.status == statusDeleting
		pending := st.pending
		st.status, st.settleAt, st.pending = statusActive, time.Time{}, change{}
		s.apply(st, now, pending)
		if deleted {
			st.status, st.open = statusDeleting, nil // a put that waits for mu finds no shard
			for _, c := range st.consumers {
				c.end(errStreamNotFound(st.name, s.cfg.Account))
			}
			close(st.gone)
		}
	}
	st.settleConsumers(now)
	st.updateDue()
	if st.status != statusDeleting {
		st.keep()
	}
	st.mu.Unlock()
	if !st.isGone() {
		return false
	}
	s.forget(st)
	return true
}

func (st *stream) isGone() bool {
	select {
	case <-st.gone:
		return true
	default:
		return false
	}
}

// forget takes a stream that is gone, but no successor of its name, off the list.
func (s *Service) forget(st *stream) {
	s.mu.Lock()
	if s.streams[st.name] == st {
		delete(s.streams, st.name)
		st.keepGone()
	}
	s.mu.Unlock()
	st.release()
}

// route is the index, in open, of the shard that owns key; the caller holds mu.
func (st *stream) route(key hashKey) int {
	return sort.Search(len(st.open), func(i int) bool { return st.open[i].keys.end.compare(key) >= 0 })
}

// place is the index, in open, of the shard for a record: its key's or, with
// AUTO, the next in turn. The caller holds mu, and open is not empty.
func (st *stream) place(key hashKey) int {
	if st.Strategy == strategyAuto {
		return int(st.rotation.Add(1) % uint64(len(st.open)))
	}
	return st.route(key)
}

// shard finds a listed shard by index; the caller holds mu.
func (st *stream) shard(index uint32) *shard {
	i, found := slices.BinarySearchFunc(st.shards, index, func(sh *shard, index uint32) int {
		return int(int64(sh.index) - int64(index))
	})
	if !found {
		return nil
	}
	return st.shards[i]
}

// addShard opens a shard; the caller holds mu. Its creation second is above its
// parents', so a key's sequence numbers keep rising.
func (s *Service) addShard(st *stream, now time.Time, keys hashRange, parents ...*shard) {
	second := now.Unix()
	ids := make([]string, len(parents))
	for i, p := range parents {
		second = max(second, p.createdSecond+1)
		ids[i] = p.id
	}
	sh := s.newShard(st, st.nextIndex, keys)
	sh.createdSecond, sh.opened, sh.parents = second, now, ids
	st.nextIndex++
	st.shards = append(st.shards, sh)
	at, _ := slices.BinarySearchFunc(st.open, sh, func(a, b *shard) int { return a.keys.start.compare(b.keys.start) })
	st.open = slices.Insert(st.open, at, sh)
}

// closeShards closes parents of a reshard; the caller holds mu.
func (st *stream) closeShards(now time.Time, parents ...*shard) {
	for _, p := range parents {
		p.close(now)
	}
	st.open = slices.DeleteFunc(st.open, func(sh *shard) bool { return slices.Contains(parents, sh) })
}

// split divides an open shard at a key; the caller holds mu.
func (s *Service) split(st *stream, now time.Time, parent *shard, at hashKey) {
	st.closeShards(now, parent)
	s.addShard(st, now, hashRange{start: parent.keys.start, end: at.sub(1)}, parent)
	s.addShard(st, now, hashRange{start: at, end: parent.keys.end}, parent)
}

// merge joins two adjacent open shards; the caller holds mu.
func (s *Service) merge(st *stream, now time.Time, first, second *shard) {
	keys, _ := join(first.keys, second.keys)
	st.closeShards(now, first, second)
	s.addShard(st, now, keys, first, second)
}

// children are the shards that continue parent; the caller holds mu.
func (st *stream) children(parent *shard) []ChildShard {
	var list []ChildShard
	for _, sh := range st.shards {
		if slices.Contains(sh.parents, parent.id) {
			list = append(list, ChildShard{ShardID: sh.id, ParentShards: sh.parents, HashKeyRange: sh.keys.wire()})
		}
	}
	return list
}

// trim frees what retention has passed: records, and closed shards whose last
// record could no longer be read.
func (st *stream) trim(now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.trimLocked(now)
}

func (st *stream) trimLocked(now time.Time) {
	horizon := now.Add(-st.Retention)
	var expired []*shard
	st.shards = slices.DeleteFunc(st.shards, func(sh *shard) bool {
		old := sh.expire(horizon)
		if old {
			expired = append(expired, sh)
		}
		return old
	})
	if len(expired) == 0 {
		return
	}
	st.keep()
	for _, sh := range expired {
		sh.keepGone()
	}
}

// release frees the records of a stream that is gone.
func (st *stream) release() {
	st.mu.RLock()
	defer st.mu.RUnlock()
	for _, sh := range st.shards {
		sh.release()
	}
}

// horizon is the oldest instant still in retention; the caller holds mu.
func (st *stream) horizon(now time.Time) time.Time { return now.Add(-st.Retention) }
