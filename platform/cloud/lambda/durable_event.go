package lambda

import (
	"cmp"
	"slices"

	"github.com/weirstream/weir/platform/cloud/store"
)

// keepNew stages an event that was accepted, with its payload, which is written
// once; q.mu is held.
func (q *asyncQueue) keepNew(e asyncEvent) {
	q.data.Stage(func(c *store.Changes) {
		c.Put(keyOf(payloadPrefix, q.function, e.ID), e.Payload)
		c.PutJSON(keyOf(eventPrefix, q.function, e.ID), e)
	})
}

// keep stages what became of an event; q.mu is held.
func (q *asyncQueue) keep(e asyncEvent) {
	q.data.Stage(func(c *store.Changes) { c.PutJSON(keyOf(eventPrefix, q.function, e.ID), e) })
}

// keepGone stages that an event has ended; q.mu is held.
func (q *asyncQueue) keepGone(id string) {
	q.data.Stage(func(c *store.Changes) {
		c.Delete(keyOf(eventPrefix, q.function, id))
		c.Delete(keyOf(payloadPrefix, q.function, id))
	})
}

// restoreEvents takes up the events that were accepted and have not ended.
func (s *Service) restoreEvents(f *function) error {
	var events []asyncEvent
	err := store.ScanJSON(s.cfg.Data, keyOf(eventPrefix, f.name, ""), func(_ []byte, e *asyncEvent) error {
		payload, err := s.cfg.Data.Get(keyOf(payloadPrefix, f.name, e.ID))
		e.Payload = payload
		events = append(events, *e)
		return err
	})
	if err != nil || len(events) == 0 {
		return err
	}
	slices.SortStableFunc(events, func(a, b asyncEvent) int { return cmp.Or(a.Accepted.Compare(b.Accepted), a.Due.Compare(b.Due)) })
	if err := s.queueEvents(f); err != nil {
		return err
	}
	for _, e := range events {
		f.events.resume(e)
	}
	return nil
}
