package cab

import (
	"context"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/scenario"
)

// Provision creates the topics that are missing and checks those that exist.
// It is idempotent.
func (Scenario) Provision(ctx context.Context, env scenario.Env) error {
	brokers, err := env.Kafka(scenario.Deployer)
	if err != nil {
		return err
	}
	n := partitions(env)
	topics := []kafka.Topic{
		{Name: RefineStateTopic, Partitions: n, Compact: true},
		{Name: MeasureStateTopic, Partitions: n, Compact: true},
	}
	for _, name := range []string{TelemetryTopic, DeadTopic, LateTopic, ActivityTopic, ActivityDeadTopic, MetricsTopic} {
		topics = append(topics, kafka.Topic{Name: name, Partitions: n})
	}
	return kafka.Provision(ctx, kafka.Cluster(brokers), topics)
}
