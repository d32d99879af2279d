package cab

import (
	"cmp"
	"context"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
	"github.com/weirstream/weir/scenarios/cab/hub"
	"github.com/weirstream/weir/scenarios/cab/index"
	"github.com/weirstream/weir/scenarios/cab/measure"
	"github.com/weirstream/weir/scenarios/cab/refine"
)

// Services are the page, the stages and, once they are ready, the hub before them.
func (Scenario) Services(env scenario.Env) ([]scenario.Service, error) {
	indexes, err := newIndex(env)
	if err != nil {
		return nil, err
	}
	measures, err := newMeasure(env)
	if err != nil {
		return nil, err
	}
	refines, err := newRefine(env)
	if err != nil {
		return nil, err
	}
	metrics, meter, err := newMetrics(env, refines, measures, indexes)
	if err != nil {
		return nil, err
	}
	hubs, err := newHub(env, metrics)
	if err != nil {
		return nil, err
	}
	apps, err := newApp(env, metrics)
	if err != nil {
		return nil, err
	}
	return []scenario.Service{
		{Name: componentApp, Run: apps.Run, Ready: closing(apps.Ready())},
		{Name: componentIndex, Run: metered(meter.Consumer, indexes.Consumer(), indexes.Run), Ready: closing(indexes.Ready())},
		{Name: componentMeasure, Run: metered(meter.Transformer, measures.Transformer, measures.Run), Ready: closing(measures.Ready())},
		{Name: componentRefine, Run: metered(meter.Transformer, refines.Transformer, refines.Run), Ready: closing(refines.Ready())},
		{Name: componentHub, Run: metered(meter.Producer, hubs.Producer(), hubs.Run), Ready: closing(hubs.Ready())},
	}, nil
}

// reach is what a component needs of the target.
func reach(env scenario.Env, component string) (kafka.Cluster, *avro.Registry, error) {
	brokers, err := env.Kafka(component)
	if err != nil {
		return kafka.Cluster{}, nil, err
	}
	address, err := env.Registry(component)
	if err != nil {
		return kafka.Cluster{}, nil, err
	}
	registry, err := avro.NewRegistry(avro.RegistryConfig{URL: address.URL, User: address.User, Password: address.Password, Clock: env.Wall})
	return kafka.Cluster(brokers), registry, err
}

func newHub(env scenario.Env, metrics prometheus.Gatherer) (*hub.Hub, error) {
	cluster, registry, err := reach(env, componentHub)
	if err != nil {
		return nil, err
	}
	return hub.New(env, hub.Config{Cluster: cluster, Registry: registry, Topic: event.TelemetryTopic, Service: componentHub, Metrics: metrics})
}

func newRefine(env scenario.Env) (*refine.Stage, error) {
	cluster, registry, err := reach(env, componentRefine)
	if err != nil {
		return nil, err
	}
	return refine.New(refine.Config{
		Cluster: cluster, Registry: registry, Member: member(env, event.RefineGroup, componentRefine),
		Input: event.TelemetryTopic, Output: event.ActivityTopic, Late: event.LateTopic, State: event.RefineStateTopic,
		Partitions: partitions(env), Lateness: event.Lateness, Wall: env.Wall, Log: env.Log,
	})
}

func newMeasure(env scenario.Env) (*measure.Stage, error) {
	cluster, registry, err := reach(env, componentMeasure)
	if err != nil {
		return nil, err
	}
	return measure.New(measure.Config{
		Cluster: cluster, Registry: registry, Member: member(env, event.MeasureGroup, componentMeasure),
		Input: event.ActivityTopic, Output: event.MetricsTopic, State: event.MeasureStateTopic, Wall: env.Wall, Log: env.Log,
	})
}

func newIndex(env scenario.Env) (*index.Stage, error) {
	cluster, registry, err := reach(env, componentIndex)
	if err != nil {
		return nil, err
	}
	search, err := env.OpenSearch(componentIndex)
	if err != nil {
		return nil, err
	}
	return index.New(index.Config{
		Cluster: cluster, Registry: registry, Search: search, Member: member(env, event.IndexGroup, componentIndex),
		Activity: event.ActivityTopic, Metrics: event.MetricsTopic, Dead: event.IndexDeadTopic, Wall: env.Wall, Log: env.Log,
	})
}

// member makes a static member of a stage: one that is started again within
// the session's time-out has its partitions at once, and the end of its killed
// predecessor's transaction. Several on one host need GROUP_INSTANCE_ID.
func member(env scenario.Env, group, component string) kafka.Member {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return kafka.Member{
		Group: group, InstanceID: cmp.Or(os.Getenv(kafka.EnvInstanceID), component+"@"+host),
		ServerAssigned: env.Settings[settingProtocol] == protocolConsumer,
	}
}

// closing waits for a channel to close.
func closing(ready <-chan struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-ready:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
