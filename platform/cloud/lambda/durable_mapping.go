package lambda

import (
	"context"
	"hash/maphash"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
)

// keptMapping is an event source mapping on disk; its places, one per shard,
// are entries of their own.
type keptMapping struct {
	Stream       string        `json:"stream"`
	Consumer     string        `json:"consumer,omitempty"`
	Start        Position      `json:"start"`
	Function     string        `json:"function"`
	Enabled      bool          `json:"enabled"`
	Modified     time.Time     `json:"modified"`
	Result       string        `json:"result"`
	BatchRecords int           `json:"batch_records"`
	Window       int           `json:"window_seconds"`
	Bisect       bool          `json:"bisect"`
	RetryMax     int           `json:"retry_max"`
	RecordAgeMax time.Duration `json:"record_age_max"`
	Partial      bool          `json:"partial_results"`
	Destination  string        `json:"destination,omitempty"`
	Lanes        int           `json:"lanes"`
	Tumbling     int           `json:"tumbling_seconds"`
	Filters      []string      `json:"filters,omitempty"`
}

// keep stages a mapping that was made or changed; m.mu is held.
func (m *mapping) keep() {
	if m.deleted || m.deps.data == nil {
		return
	}
	s := m.settings
	kept := keptMapping{
		m.source.streamARN, m.source.consumerARN, m.start, m.function, m.enabled, m.modified, m.result,
		s.batchRecords, s.windowSeconds, s.bisect, s.retryMax, s.recordAgeMax, s.partialResults, s.destination,
		s.lanes, s.tumblingSeconds, nil,
	}
	for _, f := range s.filters {
		kept.Filters = append(kept.Filters, f.text)
	}
	m.deps.data.Stage(func(c *store.Changes) { c.PutJSON(keyOf(mappingPrefix, m.id), kept) })
}

// keepPlaces stages how far the mapping is in shards, where that is news; m.mu
// is held. What a settled record led to outside, as a document in a queue, was
// staged before it.
func (m *mapping) keepPlaces(shards ...string) {
	if m.deleted || m.deps.data == nil {
		return
	}
	changed := make(map[string][]byte)
	for _, shard := range shards {
		value := store.Encode(m.shards[shard])
		if sum := maphash.Bytes(m.seed, value); m.kept[shard] != sum {
			m.kept[shard], changed[shard] = sum, value
		}
	}
	if len(changed) == 0 {
		return
	}
	m.deps.data.Stage(func(c *store.Changes) {
		for shard, value := range changed {
			c.Put(keyOf(placePrefix, m.id, shard), value)
		}
	})
}

// keepGone stages that the mapping is deleted; m.mu is held.
func (m *mapping) keepGone() {
	m.deps.data.Stage(func(c *store.Changes) {
		c.Delete(keyOf(mappingPrefix, m.id))
		c.DeletePrefix(keyOf(placePrefix, m.id, ""))
	})
}

func (s *Service) restoreMappings() error {
	return store.ScanJSON(s.cfg.Data, []byte(mappingPrefix), func(key []byte, k *keptMapping) error {
		criteria := &filterCriteria{}
		for i := range k.Filters {
			criteria.Filters = append(criteria.Filters, filterMember{&k.Filters[i]})
		}
		filters, err := criteria.compile()
		if err != nil {
			return err
		}
		m := s.newMapping(strings.TrimPrefix(string(key), mappingPrefix), source{k.Stream, k.Consumer}, k.Start)
		m.function, m.enabled, m.modified, m.result = k.Function, k.Enabled, k.Modified, k.Result
		m.settings = mappingSettings{
			k.BatchRecords, k.Window, k.Bisect, k.RetryMax, k.RecordAgeMax, k.Partial, k.Destination,
			k.Lanes, k.Tumbling, filters,
		}
		err = store.ScanJSON(s.cfg.Data, keyOf(placePrefix, m.id, ""), func(key []byte, p *place) error {
			m.shards[strings.TrimPrefix(string(key), placePrefix+m.id+"/")] = p
			return nil
		})
		if err != nil {
			return err
		}
		switch {
		case !m.enabled:
			m.state = stateDisabled
		case m.anchored():
			m.state = stateEnabled
		}
		s.mappings[m.id] = m
		s.sup.spawn(func(ctx context.Context) { s.own(ctx, m) }) // Run has not begun: it takes all
		return nil
	})
}

// anchored reports whether it is settled where the mapping begins.
func (m *mapping) anchored() bool {
	for _, p := range m.shards {
		if p.From.Type == Latest && !p.Done {
			return false
		}
	}
	return len(m.shards) > 0
}
