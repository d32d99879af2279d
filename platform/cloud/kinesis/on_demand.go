package kinesis

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// Modes of capacity and strategies of record distribution.
const (
	modeProvisioned = "PROVISIONED"
	modeOnDemand    = "ON_DEMAND"
	strategyAuto    = "AUTO"
	strategyKey     = "USER_PARTITION_KEY"
)

const (
	onDemandShards     = 4 // of a new stream: 4 MB/s and 4,000 records/s written, 8 MB/s read
	onDemandStreamsMax = 50
	demandWindow       = time.Minute
	demandMemory       = 30 * 24 * time.Hour
	growthPause        = 15 * time.Minute
)

// demand is what an on-demand stream needs. Its rule: room for twice the peak
// of the last 30 days, that is a shard for each 512 KiB/s or 500 records/s
// that came in over a minute. Growth follows at the end of that minute by
// splitting the busiest shards, at most doubling their number within 15
// minutes; until then what exceeds the shards is throttled. Shards that are not
// needed any more stay (when AWS merges them is not published).
type demand struct {
	since  time.Time // when the minute now measured began
	peak   int       // shards for twice the highest minute
	peakAt time.Time
	grewAt time.Time
}

// load is what a shard took in since it was last asked.
type load struct{ bytes, records uint64 }

func (l load) shards(elapsed time.Duration) float64 {
	return 2 * max(float64(l.bytes)/shardWriteBytesPerSecond, float64(l.records)/shardWriteRecordsPerSecond) / elapsed.Seconds()
}

func (sh *shard) takeLoad() load {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	l := sh.load
	sh.load = load{}
	return l
}

// adapt measures an on-demand stream and lets it grow. Run calls it.
func (s *Service) adapt(st *stream, now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	d := &st.demand
	if st.Mode != modeOnDemand || len(st.open) == 0 {
		return
	}
	elapsed := now.Sub(d.since)
	if elapsed < demandWindow {
		return
	}
	var total load
	loads := make(map[*shard]load, len(st.open))
	for _, sh := range st.shards { // closed ones too: what they took in this minute counts
		l := sh.takeLoad()
		loads[sh] = l
		total.bytes += l.bytes
		total.records += l.records
	}
	first := d.since.IsZero()
	d.since = now
	if first {
		return
	}
	if needed := int(math.Ceil(total.shards(elapsed))); needed >= d.peak || now.Sub(d.peakAt) > demandMemory {
		d.peak, d.peakAt = needed, now
		st.keep()
	}
	if st.status != statusActive || !d.grewAt.IsZero() && now.Sub(d.grewAt) < growthPause {
		return
	}
	if more := min(d.peak, 2*len(st.open), s.onDemandCeiling()) - len(st.open); more > 0 {
		d.grewAt = now
		s.grow(st, now, loads, more)
	}
}

// grow splits the busiest shards in half; the caller holds st.mu.
func (s *Service) grow(st *stream, now time.Time, loads map[*shard]load, more int) {
	busiest := slices.Clone(st.open)
	slices.SortStableFunc(busiest, func(a, b *shard) int {
		return cmp.Compare(loads[b].shards(time.Second), loads[a].shards(time.Second))
	})
	var splits []splitAt
	for _, sh := range busiest[:more] {
		if at := sh.keys.middle(); at.compare(sh.keys.start) > 0 {
			splits = append(splits, splitAt{sh.index, at})
		}
	}
	s.update(st, now, change{Splits: splits})
}

// onDemandCeiling is the account's default of 10 GB/s or 200 MB/s, in shards.
func (s *Service) onDemandCeiling() int {
	switch s.cfg.Region {
	case "us-east-1", "us-west-2", "eu-west-1":
		return 10_000
	}
	return 200
}

// onDemandStreams counts the account's on-demand streams.
func (s *Service) onDemandStreams(now time.Time) int {
	count := 0
	for _, st := range s.allStreams(now) {
		st.mu.RLock()
		if st.Mode == modeOnDemand {
			count++
		}
		st.mu.RUnlock()
	}
	return count
}

func (s *Service) checkOnDemandQuota(now time.Time) error {
	if s.cfg.QuotasOff || s.onDemandStreams(now) < onDemandStreamsMax {
		return nil
	}
	return wire.Errorf(codeLimit, "Account %s already has %d streams in On-Demand mode in %s.", s.cfg.Account, onDemandStreamsMax, s.cfg.Region)
}

// The texts below are unverified; the codes are AWS's.

func (s *Service) errOnDemand(st *stream) error {
	return wire.Errorf(codeValidation, "Request is invalid. Stream %s under account %s is in On-Demand mode.", st.name, s.cfg.Account)
}

// errWarmThroughput refuses what only accounts with On-demand Advantage have.
func (s *Service) errWarmThroughput(onDemand bool) error {
	if !onDemand {
		return wire.Errorf(codeValidation, "Warm throughput is only supported for streams in On-Demand mode.")
	}
	return wire.Errorf(codeValidation, "Warm throughput requires MinimumThroughputBillingCommitment, which is not enabled for account %s.", s.cfg.Account)
}

func errStrategyMode() error {
	return wire.Errorf(codeInvalidArgument, "RecordDistributionStrategy is only supported for streams in On-Demand mode.")
}
