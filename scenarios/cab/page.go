package cab

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/app"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// newApp is the page on what the stages leave.
func newApp(env scenario.Env, metrics *prometheus.Registry) (*app.App, error) {
	cluster, registry, err := reach(env, componentApp)
	if err != nil {
		return nil, err
	}
	search, err := env.OpenSearch(componentApp)
	if err != nil {
		return nil, err
	}
	return app.New(env, app.Config{
		Cluster: cluster, Registry: registry, Search: search, Service: componentApp, Hub: componentHub, Metrics: metrics,
		Stages: []app.Stage{
			{Name: componentRefine, Group: event.RefineGroup},
			{Name: componentMeasure, Group: event.MeasureGroup},
			{Name: componentIndex, Group: event.IndexGroup},
		},
	})
}

// newMetrics are those of the process, of the parts that a meter is given and of
// others that measure themselves.
func newMetrics(env scenario.Env, parts ...prometheus.Collector) (*prometheus.Registry, *kafka.Meter, error) {
	meter, metrics := kafka.NewMeter(env.Wall), prometheus.NewRegistry()
	for _, part := range append(parts, kafka.NewCollector(meter), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})) {
		if err := metrics.Register(part); err != nil {
			return nil, nil, err
		}
	}
	return metrics, meter, nil
}

// metered counts a part while it runs: of all that Services makes, a process may
// run one.
func metered[P any](add func(P) (remove func()), part P, run func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		defer add(part)()
		return run(ctx)
	}
}
