package kinesis

import (
	"fmt"
	"slices"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// MonitoringInput is what EnableEnhancedMonitoring and
// DisableEnhancedMonitoring take.
type MonitoringInput struct {
	StreamRef
	ShardLevelMetrics []string
}

// MonitoringOutput says which metrics were on and which are to be.
type MonitoringOutput struct {
	StreamName               string
	CurrentShardLevelMetrics []string
	DesiredShardLevelMetrics []string
	StreamARN                string
}

const allMetrics = "ALL"

// shardMetrics are the metrics of a shard, which ALL stands for.
func shardMetrics() []string {
	return []string{
		"IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords",
		"WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds",
	}
}

// Validate reports every violated constraint.
func (in *MonitoringInput) Validate() error {
	var v wire.Violations
	known := append(shardMetrics(), allMetrics)
	switch n := len(in.ShardLevelMetrics); {
	case in.ShardLevelMetrics == nil:
		v.Null("shardLevelMetrics")
	case n == 0:
		v.Add("shardLevelMetrics", "[]", "Member must have length greater than or equal to 1")
	case n > len(shardMetrics()):
		v.Add("shardLevelMetrics", listText(in.ShardLevelMetrics), fmt.Sprintf("Member must have length less than or equal to %d", len(shardMetrics())))
	}
	for i := range in.ShardLevelMetrics {
		checkEnum(&v, fmt.Sprintf("shardLevelMetrics.%d.member", i+1), &in.ShardLevelMetrics[i], known...)
	}
	in.check(&v)
	return v.Err()
}

// setMonitoring switches the named metrics on or off after the status delay.
func (s *Service) setMonitoring(in *MonitoringInput, on bool) (*MonitoringOutput, error) {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.status != statusActive {
		return nil, s.errNotActive(st)
	}
	current, desired := slices.Clone(st.Metrics), []string{}
	for _, name := range shardMetrics() {
		named := slices.Contains(in.ShardLevelMetrics, name) || slices.Contains(in.ShardLevelMetrics, allMetrics)
		if named && on || !named && slices.Contains(current, name) {
			desired = append(desired, name)
		}
	}
	s.update(st, s.now(), st.with(func(next *settings) { next.Metrics = desired }))
	return &MonitoringOutput{
		StreamName: st.name, StreamARN: st.arn,
		CurrentShardLevelMetrics: append([]string{}, current...),
		DesiredShardLevelMetrics: desired,
	}, nil
}

// monitoring is what descriptions show; the caller holds mu.
func (st *stream) monitoring() []EnhancedMetrics {
	return []EnhancedMetrics{{ShardLevelMetrics: append([]string{}, st.Metrics...)}}
}
