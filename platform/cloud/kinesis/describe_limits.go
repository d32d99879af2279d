package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// DescribeLimits shows the account's quotas and what is used of them. Shards of
// on-demand streams count against neither (unverified on AWS).
// Limits: 1 call/s.

// DescribeLimitsInput is what DescribeLimits takes: nothing.
type DescribeLimitsInput struct{}

// DescribeLimitsOutput carries quotas and use.
type DescribeLimitsOutput struct {
	ShardLimit               int
	OpenShardCount           int
	OnDemandStreamCount      int
	OnDemandStreamCountLimit int
}

func (s *Service) describeLimits(_ context.Context, _ *wire.Call, _ *DescribeLimitsInput) (*DescribeLimitsOutput, error) {
	now := s.now()
	return &DescribeLimitsOutput{
		ShardLimit:               s.shardQuota(),
		OpenShardCount:           s.provisionedShards(now, nil),
		OnDemandStreamCount:      s.onDemandStreams(now),
		OnDemandStreamCountLimit: onDemandStreamsMax,
	}, nil
}

func anyResource[I any](action string) func(*wire.Call, *I) []wire.Access {
	return func(*wire.Call, *I) []wire.Access {
		return []wire.Access{{Action: "kinesis:" + action, Resource: "*"}}
	}
}
