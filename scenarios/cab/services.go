package cab

import (
	"context"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
	"github.com/weirstream/weir/scenarios/cab/hub"
	"github.com/weirstream/weir/scenarios/cab/measure"
	"github.com/weirstream/weir/scenarios/cab/refine"
)

// Services are the stages and, once they are ready, the hub before them.
func (Scenario) Services(env scenario.Env) ([]scenario.Service, error) {
	measures, err := newMeasure(env)
	if err != nil {
		return nil, err
	}
	refines, err := newRefine(env)
	if err != nil {
		return nil, err
	}
	hubs, err := newHub(env)
	if err != nil {
		return nil, err
	}
	return []scenario.Service{
		{Name: componentMeasure, Run: measures.Run, Ready: closing(measures.Ready())},
		{Name: componentRefine, Run: refines.Run, Ready: closing(refines.Ready())},
		{Name: componentHub, Run: hubs.Run, Ready: closing(hubs.Ready())},
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

func newHub(env scenario.Env) (*hub.Hub, error) {
	cluster, registry, err := reach(env, componentHub)
	if err != nil {
		return nil, err
	}
	return hub.New(env, hub.Config{Cluster: cluster, Registry: registry, Topic: TelemetryTopic, Service: componentHub})
}

func newRefine(env scenario.Env) (*refine.Stage, error) {
	cluster, registry, err := reach(env, componentRefine)
	if err != nil {
		return nil, err
	}
	return refine.New(refine.Config{
		Cluster: cluster, Registry: registry, Group: refineGroup,
		Input: TelemetryTopic, Output: ActivityTopic, Late: LateTopic, State: RefineStateTopic,
		Partitions: partitions(env), Lateness: event.Lateness, Wall: env.Wall, Log: env.Log,
	})
}

func newMeasure(env scenario.Env) (*measure.Stage, error) {
	cluster, registry, err := reach(env, componentMeasure)
	if err != nil {
		return nil, err
	}
	return measure.New(measure.Config{
		Cluster: cluster, Registry: registry, Group: measureGroup,
		Input: ActivityTopic, Output: MetricsTopic, State: MeasureStateTopic, Wall: env.Wall, Log: env.Log,
	})
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
