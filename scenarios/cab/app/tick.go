package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// tick takes a sample now and then and tells the browsers what is new.
func (a *App) tick(ctx context.Context) error {
	ticker := a.env.Wall.NewTicker(a.cfg.Interval)
	defer ticker.Stop()
	var latest, before kafka.GroupLook
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		look := a.watch.Look()
		if look.At.After(latest.At) { // else there was no new look since the last tick
			before, latest = latest, look
		}
		n := a.store.tick(a.sample(look, before))
		if a.viewers.any() {
			a.viewers.tell(a.encode(n))
		}
	}
}

// encode adds the clock.
func (a *App) encode(n news) []byte {
	n.Simulated, n.Speed = event.MillisOf(a.env.Sim.Now()), a.env.Sim.Speed
	data, err := json.Marshal(n)
	if err != nil {
		a.log.Error("news that cannot be written", "error", err) // it is numbers and valid text
		return []byte("{}")
	}
	return data
}

// sample is how the stages stood at a look, with rates since the one before.
func (a *App) sample(look, before kafka.GroupLook) sample {
	s := sample{At: a.env.Wall.Now().UnixMilli(), Stages: make([]stageSample, 0, len(a.cfg.Stages))}
	if look.Err != nil {
		s.Blind = brief(look.Err.Error())
	}
	since := look.At.Sub(before.At)
	if before.At.IsZero() {
		since = 0
	}
	s.Hub = perSecond(look.Ends[event.TelemetryTopic]-before.Ends[event.TelemetryTopic], since)
	for _, stage := range a.cfg.Stages {
		now := statusOf(look, stage.Group)
		part := stageSample{Name: stage.Name, Group: stage.Group, State: now.State, Members: now.Members}
		for _, l := range now.Lags {
			part.Records += l.Records
			part.Seconds = max(part.Seconds, l.Time.Seconds())
		}
		earlier := statusOf(before, stage.Group)
		for topic, done := range now.Done {
			part.Rate += perSecond(done-earlier.Done[topic], since)
		}
		s.Stages = append(s.Stages, part)
	}
	return s
}

func statusOf(look kafka.GroupLook, group string) kafka.GroupStatus {
	for _, g := range look.Groups {
		if g.Group == group {
			return g
		}
	}
	return kafka.GroupStatus{}
}

func perSecond(n int64, since time.Duration) float64 {
	if since <= 0 || n < 0 {
		return 0
	}
	return float64(n) / since.Seconds()
}
