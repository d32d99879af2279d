package kinesis

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// UpdateShardCount reshards a provisioned stream to shards of equal size, from
// the lowest hash key to the highest, by real splits and merges: parents close,
// short-lived shards come and go, all of them stay listed for the retention
// period. The stream is UPDATING, with reads and writes going on, for up to
// four status delays, with a quarter of the target done after each. A boundary
// off the even one by rounding alone is left where it is, so doubling only
// splits and halving only merges.
// Ignored: StreamId, which AWS reserves.
// Limits: 10 calls/s, 10 changes per stream and rolling 24 hours, at most
// double and at least half the open shards, 10,000 shards, the account's quota.

// UpdateShardCountInput is what UpdateShardCount takes.
type UpdateShardCountInput struct {
	StreamRef
	TargetShardCount *int
	ScalingType      *string
}

// UpdateShardCountOutput says from how many shards to how many.
type UpdateShardCountOutput struct {
	StreamName        string
	CurrentShardCount int
	TargetShardCount  int
	StreamARN         string
}

const (
	scalingsMax     = 10
	streamShardsMax = 10_000
	scalingRounds   = 4
)

// Validate reports every violated constraint.
func (in *UpdateShardCountInput) Validate() error {
	var v wire.Violations
	if required(&v, "scalingType", in.ScalingType) {
		checkEnum(&v, "scalingType", in.ScalingType, "UNIFORM_SCALING")
	}
	if required(&v, "targetShardCount", in.TargetShardCount) {
		checkLeast(&v, "targetShardCount", in.TargetShardCount, 1)
	}
	in.check(&v)
	return v.Err()
}

func (s *Service) updateShardCount(_ context.Context, _ *wire.Call, in *UpdateShardCountInput) (*UpdateShardCountOutput, error) {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, err
	}
	now, target := s.now(), *in.TargetShardCount
	others := s.provisionedShards(now, st)
	st.mu.Lock()
	defer st.mu.Unlock()
	current := len(st.open)
	if err := s.checkScaling(st, now, target, others); err != nil {
		return nil, err
	}
	st.scalings.add(now)
	s.update(st, now, change{Scale: &scaling{Target: target}})
	return &UpdateShardCountOutput{
		StreamName: st.name, StreamARN: st.arn,
		CurrentShardCount: current, TargetShardCount: target,
	}, nil
}

// checkScaling says why a stream cannot be scaled; the caller holds st.mu.
// Which of the two codes AWS uses for double and half is unverified.
func (s *Service) checkScaling(st *stream, now time.Time, target, others int) error {
	current := len(st.open)
	switch {
	case st.Mode == modeOnDemand:
		return s.errOnDemand(st)
	case st.status != statusActive:
		return s.errNotActive(st)
	case target == current:
		return wire.Errorf(codeInvalidArgument, "Target shard count %d of stream %s under account %s equals its current open shard count.",
			target, st.name, s.cfg.Account)
	case s.cfg.QuotasOff:
		return nil
	case target > streamShardsMax:
		return wire.Errorf(codeLimit, "Target shard count or number of open shards cannot be greater than %d. Current open shard count: %d, Target shard count: %d",
			streamShardsMax, current, target)
	case target > 2*current:
		return wire.Errorf(codeInvalidArgument, "UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: %d Target shard count: %d",
			current, target)
	case 2*target < current:
		return wire.Errorf(codeInvalidArgument, "UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: %d Target shard count: %d",
			current, target)
	case st.scalings.full(now, scalingsMax):
		return wire.Errorf(codeLimit, "Stream %s under account %s was scaled %d times within 24 hours, which is the limit.",
			st.name, s.cfg.Account, scalingsMax)
	}
	return s.checkQuota(others+current, target-current)
}

// scaleRound makes the next ranges and, if some are left, goes on after
// another status delay; the caller holds st.mu.
func (s *Service) scaleRound(st *stream, now time.Time, c scaling) {
	ranges := evenRanges(c.Target)
	round := max(1, (len(ranges)+scalingRounds-1)/scalingRounds)
	until := min(len(ranges), c.Done+round)
	for i := c.Done; i < until; i++ {
		s.makeRange(st, now, i, ranges[i].end)
	}
	if until < len(ranges) {
		s.update(st, now, change{Scale: &scaling{Target: c.Target, Done: until}})
	}
}

// makeRange makes the open shard at index i end at end, by splitting the shard
// that reaches beyond it and merging what lies before; the caller holds st.mu
// and has made those left of it.
func (s *Service) makeRange(st *stream, now time.Time, i int, end hashKey) {
	there := func(k hashKey) bool { return k == end || end != maxHashKey() && k.near(end) }
	for {
		sh := st.open[i]
		switch {
		case there(sh.keys.end):
			return
		case sh.keys.end.compare(end) > 0:
			s.split(st, now, sh, end.add(1))
		default:
			next := st.open[i+1]
			if !there(next.keys.end) && next.keys.end.compare(end) > 0 {
				s.split(st, now, next, end.add(1))
				next = st.open[i+1]
			}
			s.merge(st, now, sh, next)
		}
	}
}

// near tells boundaries apart from those that only rounding keeps apart. It is
// far below the width of the smallest shard that UpdateShardCount makes.
func (k hashKey) near(other hashKey) bool {
	const rounding = 1 << 16
	return max(k.hi, other.hi)-min(k.hi, other.hi) < rounding
}
