package kinesis

import "time"

// change is what happens to a stream at the end of a status transition. It is
// data, not code, so that one which was acknowledged survives a restart.
type change struct {
	Open     int       `json:"open,omitempty"` // shards of a new stream
	Settings *settings `json:"settings,omitempty"`
	Splits   []splitAt `json:"splits,omitempty"`
	Merge    []uint32  `json:"merge,omitempty"` // the two shards, the lower range first
	Scale    *scaling  `json:"scale,omitempty"`
}

// settings are what operations change about a stream.
type settings struct {
	Mode      string        `json:"mode"`     // of capacity
	Strategy  string        `json:"strategy"` // by which records find their shard
	Retention time.Duration `json:"retention"`
	RecordKiB int           `json:"record_kib"`
	Metrics   []string      `json:"metrics,omitempty"` // shard-level metrics switched on
	KeyID     string        `json:"key_id,omitempty"`  // of the KMS key for new records; "" means none
}

// splitAt divides a shard: At begins the second half.
type splitAt struct {
	Shard uint32  `json:"shard"`
	At    hashKey `json:"at"`
}

// scaling goes, in rounds, from the ranges there are to Target even ones, of
// which Done are made.
type scaling struct {
	Target int `json:"target"`
	Done   int `json:"done"`
}

// with is a change of the settings by set; the caller holds st.mu.
func (st *stream) with(set func(*settings)) change {
	next := st.settings
	set(&next)
	return change{Settings: &next}
}

// apply brings a change about; the caller holds st.mu.
func (s *Service) apply(st *stream, now time.Time, c change) {
	if c.Open > 0 {
		st.opened = now
		for _, keys := range evenRanges(c.Open) {
			s.addShard(st, now, keys)
		}
	}
	if c.Settings != nil {
		st.adopt(now, *c.Settings)
	}
	for _, split := range c.Splits {
		if parent := st.shard(split.Shard); parent != nil {
			s.split(st, now, parent, split.At)
		}
	}
	if len(c.Merge) == 2 {
		if first, second := st.shard(c.Merge[0]), st.shard(c.Merge[1]); first != nil && second != nil {
			s.merge(st, now, first, second)
		}
	}
	if c.Scale != nil {
		s.scaleRound(st, now, *c.Scale)
	}
}

// adopt puts new settings in force.
func (st *stream) adopt(now time.Time, next settings) {
	if next.Retention != st.Retention {
		st.trimLocked(now) // by the old period: an increase revives nothing
	}
	if next.Mode != st.Mode {
		st.demand = demand{since: now}
		for _, sh := range st.shards {
			sh.takeLoad()
		}
	}
	st.settings = next
	st.trimLocked(now)
}
