package subscribers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/event"
)

// browser is one signup on its device: it asks until it has an answer or the
// longest wait has passed.
type browser struct {
	*crowd
	planned  scenario.Planned
	id       string
	due      time.Time
	body     []byte
	accepted bool
	rng      *rand.Rand // for the waits between attempts; nil until the first
}

// verdict is what one attempt came to.
type verdict int

const (
	again    verdict = iota // no answer: try again
	answered                // an offer, a refusal or a time-out: done
)

// play runs one signup to its end. It is called with a connection's slot and
// gives it back.
func (c *crowd) play(ctx context.Context, p scenario.Planned) {
	defer c.waiting.Add(-1)
	b := &browser{crowd: c, planned: p, id: p.ID.String(), due: c.env.Due(p)}
	now := c.env.Wall.Now()
	ctx, cancel := context.WithTimeout(ctx, b.due.Add(c.cfg.LongestWait).Sub(now))
	defer cancel()
	var err error
	if b.body, err = encode(p.Event, c.env.RunID); err != nil {
		<-c.conns
		c.env.Log.Error("a planned signup cannot be sent", "id", b.id, "error", err)
		return
	}
	c.ledger.Latency(connWait, b.sinceDue())
	for attempt := 0; ; attempt++ {
		v, retryAfter := b.attempt(ctx)
		<-c.conns
		if v == answered {
			return
		}
		if b.pause(ctx, attempt, retryAfter) != nil {
			break
		}
		c.retries.Add(1)
	}
	if b.accepted {
		c.ledger.Arrived(event.AbandonedPoint, p.ID)
	}
}

// encode is the request body of a planned event, marked with the run.
func encode(planned any, runID string) ([]byte, error) {
	switch e := planned.(type) {
	case event.Signup:
		e.RunID = runID
		return json.Marshal(e)
	case []byte:
		const large = 64 << 10
		if len(e) > large {
			return e, nil // shared between events; its run id is its own
		}
		return bytes.Replace(e, []byte(`"run_id":""`), []byte(`"run_id":"`+runID+`"`), 1), nil
	}
	return nil, errors.New("neither a signup nor raw bytes")
}

// pause waits for the next attempt and its connection: exponential back-off with full jitter,
// on top of what the app asked for. The jitter is the device's own and outside
// the plan.
func (b *browser) pause(ctx context.Context, attempt int, retryAfter time.Duration) error {
	if b.rng == nil {
		run := fnv.New64a()
		run.Write([]byte(b.env.RunID))
		b.rng = rand.New(rand.NewPCG(run.Sum64(), uint64(b.planned.ID.Device)<<32|uint64(b.planned.ID.Seq)))
	}
	if err := b.env.Wall.Sleep(ctx, retryAfter+clock.FullJitter(b.rng, attempt, b.cfg.BackoffBase, b.cfg.BackoffMax)); err != nil {
		return err
	}
	select {
	case b.conns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// offered records one offer event. An offer that is not this signup's own is
// an outcome too, and a wrong one.
func (b *browser) offered(data []byte) {
	l, id := b.ledger, b.planned.ID
	l.Arrived(event.BrowserPoint, id)
	var offer event.Offer
	switch err := json.Unmarshal(data, &offer); {
	case err != nil:
		l.Outcome(id, "an unreadable offer")
	case offer.ID != b.id:
		l.Outcome(id, "another signup's offer")
	case offer.RunID != b.env.RunID:
		l.Outcome(id, "another run's offer")
	case b.elsewhere(offer.Location):
		l.Outcome(id, "an offer for another place")
	default:
		l.Outcome(id, offer.Answer())
	}
	l.Latency(event.SignupToOffer, b.sinceDue())
}

// elsewhere tells whether at is not where the signup came from.
func (b *browser) elsewhere(at event.Location) bool {
	signup, ok := b.planned.Event.(event.Signup)
	return ok && signup.Location != at
}

func (b *browser) sinceDue() time.Duration { return b.env.Wall.Now().Sub(b.due) }
