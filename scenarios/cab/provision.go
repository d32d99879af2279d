package cab

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
	"github.com/weirstream/weir/scenarios/cab/index"
)

// retention is how long records are kept at least: a stage that stands still for
// longer loses some. It is what brokers have by default.
const retention = 7 * 24 * time.Hour

// Provision creates the topics and index templates that are missing and checks
// those that exist, and admits the components to Kafka. It is idempotent.
func (Scenario) Provision(ctx context.Context, env scenario.Env) error {
	if err := event.CheckEpoch(env.Sim.Epoch); err != nil {
		return err
	}
	brokers, err := env.Kafka(scenario.Deployer)
	if err != nil {
		return err
	}
	n := partitions(env)
	topics := []kafka.Topic{
		{Name: event.RefineStateTopic, Partitions: n, Compact: true},
		{Name: event.MeasureStateTopic, Partitions: n, Compact: true},
	}
	for _, name := range []string{event.TelemetryTopic, event.DeadTopic, event.LateTopic, event.ActivityTopic, event.ActivityDeadTopic, event.MetricsTopic, event.IndexDeadTopic} {
		topics = append(topics, kafka.Topic{Name: name, Partitions: n, Retention: retention})
	}
	if err := kafka.Provision(ctx, kafka.Cluster(brokers), topics); err != nil {
		return err
	}
	if err := admit(ctx, env, kafka.Cluster(brokers)); err != nil {
		return err
	}
	search, err := env.OpenSearch(scenario.Deployer)
	if err != nil {
		return err
	}
	return index.Provision(ctx, search)
}
