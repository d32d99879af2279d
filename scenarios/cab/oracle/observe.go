package oracle

import (
	"context"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// ends is what a run left at the ends of the pipeline: in topics and, as
// documents, in the search index.
type ends struct {
	*topics
	*search
	*lags
}

// Observe finds what the run left, once every consumer group has done all that
// there is, or had the time for it.
func Observe(ctx context.Context, env scenario.Env) (Observed, error) {
	topics, err := newTopics(env)
	if err != nil {
		return nil, err
	}
	search, err := newSearch(env)
	if err != nil {
		return nil, err
	}
	lags := &lags{topics: topics}
	if err := lags.await(ctx, env.Wall); err != nil {
		return nil, err
	}
	return ends{topics, search, lags}, search.refresh(ctx)
}

// reads are the topics of the consumer groups, upstream first.
func reads() []Lag {
	return []Lag{
		{Group: event.RefineGroup, Topic: event.TelemetryTopic},
		{Group: event.MeasureGroup, Topic: event.ActivityTopic},
		{Group: event.IndexGroup, Topic: event.ActivityTopic},
		{Group: event.IndexGroup, Topic: event.MetricsTopic},
	}
}
