package cab

import (
	"context"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
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
		{Name: event.RefineStateTopic, Partitions: n, Compact: true},
		{Name: event.MeasureStateTopic, Partitions: n, Compact: true},
	}
	for _, name := range []string{event.TelemetryTopic, event.DeadTopic, event.LateTopic, event.ActivityTopic, event.ActivityDeadTopic, event.MetricsTopic} {
		topics = append(topics, kafka.Topic{Name: name, Partitions: n})
	}
	return kafka.Provision(ctx, kafka.Cluster(brokers), topics)
}
