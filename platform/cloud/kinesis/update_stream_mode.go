package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// UpdateStreamMode switches a stream between PROVISIONED and ON_DEMAND. It
// keeps its shards and is UPDATING for the status delay.
// WarmThroughputMiBps needs On-demand Advantage, which no account here has.
// Ignored: StreamId, which AWS reserves.
// Limits: twice per stream and rolling 24 hours; the quotas of on-demand
// streams and of shards.

// UpdateStreamModeInput is what UpdateStreamMode takes.
type UpdateStreamModeInput struct {
	StreamARN           *string
	StreamID            *string `json:"StreamId"`
	StreamModeDetails   *StreamModeDetails
	WarmThroughputMiBps *int
}

func (in *UpdateStreamModeInput) ref() StreamRef {
	return StreamRef{StreamARN: in.StreamARN, StreamID: in.StreamID}
}

const modeChangesMax = 2

// Validate reports every violated constraint.
func (in *UpdateStreamModeInput) Validate() error {
	var v wire.Violations
	required(&v, "streamARN", in.StreamARN)
	in.ref().checkGiven(&v)
	if required(&v, "streamModeDetails", in.StreamModeDetails) {
		checkEnum(&v, "streamModeDetails.streamMode", &in.StreamModeDetails.StreamMode, modeProvisioned, modeOnDemand)
	}
	checkLeast(&v, "warmThroughputMiBps", in.WarmThroughputMiBps, 0)
	return v.Err()
}

func (s *Service) updateStreamMode(_ context.Context, _ *wire.Call, in *UpdateStreamModeInput) (any, error) {
	st, err := s.stream(in.ref())
	if err != nil {
		return nil, err
	}
	mode, now := in.StreamModeDetails.StreamMode, s.now()
	if in.WarmThroughputMiBps != nil {
		return nil, s.errWarmThroughput(mode == modeOnDemand)
	}
	others := s.provisionedShards(now, st)
	quotaOnDemand := s.checkOnDemandQuota(now)
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case st.status != statusActive:
		return nil, s.errNotActive(st)
	case st.Mode == mode:
		return nil, wire.Errorf(codeInvalidArgument, "Stream %s under account %s is in mode %s already.", st.name, s.cfg.Account, mode)
	case !s.cfg.QuotasOff && st.modeChanges.full(now, modeChangesMax):
		return nil, wire.Errorf(codeLimit, "The mode of stream %s under account %s was changed %d times within 24 hours, which is the limit.",
			st.name, s.cfg.Account, modeChangesMax)
	case mode == modeOnDemand && quotaOnDemand != nil:
		return nil, quotaOnDemand
	case mode == modeProvisioned:
		if err := s.checkQuota(others, len(st.open)); err != nil {
			return nil, err
		}
	}
	st.modeChanges.add(now)
	s.update(st, now, st.with(func(next *settings) { next.Mode, next.Strategy = mode, strategyKey }))
	return nil, nil
}
