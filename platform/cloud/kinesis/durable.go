package kinesis

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
)

// Keys in the data directory. Numbers in them are big-endian, so that they sort.
const (
	streamPrefix = "kinesis/stream/" // birth: a keptStream
	runPrefix    = "kinesis/run/"    // birth, shard, counter of the first record: a run
	indexPrefix  = "kinesis/chunk/"  // birth, shard, counter of the first record: when a full chunk ends
	trimPrefix   = "kinesis/trim/"   // birth, shard: the lowest counter not trimmed
	birthsName   = "kinesis/births"  // the number of streams created
)

func streamKey(prefix string, birth uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(prefix), birth)
}

// keptStream is a stream as the data directory keeps it, but for its records.
type keptStream struct {
	Name      string            `json:"name"`
	Created   time.Time         `json:"created"`
	Status    string            `json:"status"`
	Opened    time.Time         `json:"opened"`
	SettleAt  time.Time         `json:"settle_at,omitzero"`
	Pending   change            `json:"pending,omitzero"`
	Settings  settings          `json:"settings"`
	Shards    []keptShard       `json:"shards"`
	NextIndex uint32            `json:"next_index"`
	Consumers []keptConsumer    `json:"consumers,omitempty"`
	Epochs    map[string]int64  `json:"epochs,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
	Peak      int               `json:"peak,omitempty"` // of an on-demand stream, in shards
	PeakAt    time.Time         `json:"peak_at,omitzero"`
	GrewAt    time.Time         `json:"grew_at,omitzero"`

	ModeChanges      []time.Time `json:"mode_changes,omitempty"`
	Scalings         []time.Time `json:"scalings,omitempty"`
	EncryptionStarts []time.Time `json:"encryption_starts,omitempty"`
	EncryptionStops  []time.Time `json:"encryption_stops,omitempty"`
}

type keptShard struct {
	Index         uint32    `json:"index"`
	CreatedSecond int64     `json:"created_second"`
	Opened        time.Time `json:"opened"`
	ClosedAt      time.Time `json:"closed_at,omitzero"`
	Start         hashKey   `json:"start"`
	End           hashKey   `json:"end"`
	Parents       []string  `json:"parents,omitempty"`
}

type keptConsumer struct {
	Name     string            `json:"name"`
	ARN      string            `json:"arn"`
	Created  time.Time         `json:"created"`
	Status   string            `json:"status"`
	SettleAt time.Time         `json:"settle_at,omitzero"`
	Tags     map[string]string `json:"tags,omitempty"`
}

// keep stages the stream, but for its records, as it is now; the caller holds mu.
func (st *stream) keep() {
	if st.data == nil {
		return
	}
	d := st.kept() // takes the shards' locks, under which others stage
	st.data.Stage(func(to *store.Changes) { to.PutJSON(streamKey(streamPrefix, st.birth), d) })
}

// keepGone stages the stream's end; its records go with it.
func (st *stream) keepGone() {
	st.data.Stage(func(to *store.Changes) {
		to.Delete(streamKey(streamPrefix, st.birth))
		for _, prefix := range []string{runPrefix, indexPrefix, trimPrefix} {
			to.DeletePrefix(streamKey(prefix, st.birth))
		}
	})
}

func (st *stream) kept() *keptStream {
	d := &keptStream{
		Name: st.name, Created: st.created, Status: st.status, Opened: st.opened,
		SettleAt: st.settleAt, Pending: st.pending, Settings: st.settings,
		NextIndex: st.nextIndex, Epochs: st.epochs, Tags: st.tags,
		Peak: st.demand.peak, PeakAt: st.demand.peakAt, GrewAt: st.demand.grewAt,
		ModeChanges: st.modeChanges.times, Scalings: st.scalings.times,
		EncryptionStarts: st.encryptionStarts.times, EncryptionStops: st.encryptionStops.times,
	}
	for _, sh := range st.shards {
		d.Shards = append(d.Shards, keptShard{
			Index: sh.index, CreatedSecond: sh.createdSecond, Opened: sh.opened, ClosedAt: sh.closed(),
			Start: sh.keys.start, End: sh.keys.end, Parents: sh.parents,
		})
	}
	for _, c := range st.consumers {
		d.Consumers = append(d.Consumers, keptConsumer{
			Name: c.name, ARN: c.arn, Created: c.created, Status: c.status, SettleAt: c.settleAt, Tags: c.tags,
		})
	}
	return d
}

// restore reads what an earlier process left.
func (s *Service) restore() error {
	births, err := s.cfg.Data.Get([]byte(birthsName))
	if err != nil {
		return err
	}
	if len(births) == 8 {
		s.births = binary.BigEndian.Uint64(births)
	}
	return store.ScanJSON(s.cfg.Data, []byte(streamPrefix), func(key []byte, d *keptStream) error {
		st := s.restoreStream(binary.BigEndian.Uint64(key[len(streamPrefix):]), d)
		for _, sh := range st.shards {
			if err := sh.disk.restore(&sh.log); err != nil {
				return fmt.Errorf("stream %s, %s: %w", st.name, sh.id, err)
			}
		}
		s.streams[st.name] = st
		return nil
	})
}

// restoreStream is the stream that was kept, but for its records.
func (s *Service) restoreStream(birth uint64, d *keptStream) *stream {
	st := &stream{
		name: d.Name, arn: s.streamARN(d.Name), birth: birth, created: d.Created, data: s.cfg.Data,
		gone: make(chan struct{}), settings: d.Settings,
		status: d.Status, opened: d.Opened, settleAt: d.SettleAt, pending: d.Pending,
		nextIndex: d.NextIndex, epochs: d.Epochs, tags: d.Tags,
		demand:           demand{peak: d.Peak, peakAt: d.PeakAt, grewAt: d.GrewAt},
		modeChanges:      rolling{d.ModeChanges},
		scalings:         rolling{d.Scalings},
		encryptionStarts: rolling{d.EncryptionStarts},
		encryptionStops:  rolling{d.EncryptionStops},
	}
	if st.epochs == nil {
		st.epochs = make(map[string]int64)
	}
	if !s.cfg.QuotasOff {
		st.listCalls = newBucket(listShardsPerSecond)
	}
	for _, doc := range d.Shards {
		sh := s.newShard(st, doc.Index, hashRange{doc.Start, doc.End})
		sh.createdSecond, sh.opened, sh.closedAt, sh.parents = doc.CreatedSecond, doc.Opened, doc.ClosedAt, doc.Parents
		st.shards = append(st.shards, sh)
		if sh.closedAt.IsZero() {
			st.open = append(st.open, sh)
		}
	}
	slices.SortFunc(st.open, func(a, b *shard) int { return a.keys.start.compare(b.keys.start) })
	for _, doc := range d.Consumers {
		st.consumers = append(st.consumers, &consumer{
			name: doc.Name, arn: doc.ARN, created: doc.Created, status: doc.Status, settleAt: doc.SettleAt,
			tags: maps.Clone(doc.Tags), subs: make(map[uint32]*subscription), calls: make(map[uint32]*bucket),
		})
	}
	st.updateDue()
	return st
}

// MarshalText is the decimal form.
func (k hashKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the decimal form.
func (k *hashKey) UnmarshalText(text []byte) error {
	key, ok := parseHashKey(string(text))
	if !ok {
		return fmt.Errorf("%q is no hash key", text)
	}
	*k = key
	return nil
}
