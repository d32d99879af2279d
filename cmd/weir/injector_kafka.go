package main

import (
	"errors"
	"fmt"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/cloud/kafka"
	"github.com/weirstream/weir/platform/cloud/opensearch"
)

// disturbKafka has the cluster do what a fault of a topic, a group or a broker says.
func (j *injector) disturbKafka(f chaos.Planned) (undo func(), err error) {
	faults, span := j.cloud.KafkaFaults(), kafka.Span{For: f.For}
	var active *kafka.Active
	switch topic := (kafka.Partitions{Topic: f.On.Name}); {
	case f.Kind == chaos.Error:
		active, err = faults.NotEnoughReplicas(topic, span)
	case f.Kind == chaos.DropReply:
		active, err = faults.TimeOutAfterWrite(topic, span)
	case f.Kind == chaos.Move && f.On.Kind == chaos.Topic:
		active, err = faults.MoveLeaders(topic, span)
	case f.Kind == chaos.Move:
		active, err = faults.MoveCoordinators(span)
	case f.Kind == chaos.Rebalance:
		active, err = faults.Rebalance(f.On.Name, span)
	case f.Kind == chaos.Delay:
		active, err = faults.SlowFetches(f.Delay, span)
	case f.Kind == chaos.Lose:
		active, err = loseBroker(faults, f)
	default:
		return nil, fmt.Errorf("%s of a %s: %w", f.Kind, f.On.Kind, chaos.ErrUnsupported)
	}
	switch {
	case errors.Is(err, kafka.ErrNothing) && (f.Kind == chaos.Rebalance || f.Kind == chaos.Lose):
		return nil, fmt.Errorf("%w: %w", chaos.ErrNotNow, err)
	case err != nil:
		return nil, err
	case f.For == 0:
		return func() {}, nil // what an instant began ends by itself
	}
	return active.Undo, nil
}

// loseBroker takes one away that can go and is there, beginning with the one
// that the seed picks.
func loseBroker(faults kafka.Faults, f chaos.Planned) (active *kafka.Active, err error) {
	const brokers = 3
	for i := range uint64(brokers) {
		active, err = faults.LoseBroker(int32((f.Seed+i)%brokers), 0)
		if !errors.Is(err, kafka.ErrNothing) && !errors.Is(err, kafka.ErrController) {
			return active, err
		}
	}
	return nil, kafka.ErrNothing
}

// disturbNeighbour makes the schema registry or OpenSearch unreachable, or
// presses the latter.
func (j *injector) disturbNeighbour(f chaos.Planned) (undo func(), err error) {
	switch {
	case f.Kind == chaos.Lose && f.On.Kind == chaos.Registry:
		return j.cloud.LoseSchemaRegistry(), nil
	case f.Kind == chaos.Lose:
		return j.cloud.LoseOpenSearch(), nil
	case f.Kind == chaos.Throttle:
		return j.press(f.Rate), nil
	}
	return nil, fmt.Errorf("%s of a %s: %w", f.Kind, f.On.Kind, chaos.ErrUnsupported)
}

// press has a share of the items of bulk requests meet full queues, or whole
// requests. Of faults at once the last to begin counts, until all have ended.
func (j *injector) press(rate float64) (undo func()) {
	p := opensearch.Pressure{Requests: true}
	if rate < 1 {
		p = opensearch.Pressure{ItemEvery: max(1, int(1/rate+0.5))}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pressing++
	j.cloud.PressOpenSearch(p)
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.pressing--; j.pressing == 0 {
			j.cloud.PressOpenSearch(opensearch.Pressure{})
		}
	}
}
