package cab

import (
	"context"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// access is what each component may do on Kafka, and no more: to Kafka what the
// files in iam are to the other services. The deployer makes the topics and
// these users; the auditor and chaos see and spoil what is the scenario's own.
func access() map[string]kafka.Account {
	const own, groups = "cab-*", "cab-*"
	return map[string]kafka.Account{
		componentHub: {Writes: []string{event.TelemetryTopic}},
		componentRefine: {
			Reads:  []string{event.TelemetryTopic, event.RefineStateTopic},
			Writes: []string{event.ActivityTopic, event.LateTopic, event.DeadTopic, event.RefineStateTopic},
			Joins:  []string{event.RefineGroup}, Commits: []string{event.RefineGroup + "-*"},
		},
		componentMeasure: {
			Reads:  []string{event.ActivityTopic, event.MeasureStateTopic},
			Writes: []string{event.MetricsTopic, event.ActivityDeadTopic, event.MeasureStateTopic},
			Joins:  []string{event.MeasureGroup}, Commits: []string{event.MeasureGroup + "-*"},
		},
		componentIndex: {
			Reads:  []string{event.ActivityTopic, event.MetricsTopic},
			Writes: []string{event.IndexDeadTopic}, Joins: []string{event.IndexGroup},
		},
		componentApp:     {Reads: []string{own}, Watches: []string{groups}},
		scenario.Auditor: {Reads: []string{own}, Watches: []string{groups}},
		scenario.Chaos:   {Reads: []string{own}, Writes: []string{own}, Joins: []string{groups}},
	}
}

// admit makes the components' users, where they have such.
func admit(ctx context.Context, env scenario.Env, cluster kafka.Cluster) error {
	var accounts []kafka.Account
	for component, account := range access() {
		brokers, err := env.Kafka(component)
		if err != nil {
			return err
		}
		if brokers.User == cluster.User {
			continue // the target's one user
		}
		account.User, account.Password = brokers.User, brokers.Password
		accounts = append(accounts, account)
	}
	if len(accounts) == 0 {
		return nil
	}
	return kafka.Admit(ctx, cluster, accounts)
}
