package opensearch

import (
	"bytes"
	"context"
)

// failure is an item that failed.
type failure struct {
	Index  string `json:"_index"`
	ID     string `json:"_id"`
	Status int    `json:"status"`
	Error  *Error `json:"error"`
}

// bulk performs many writes, in order; each fails for itself.
func (s *Service) bulk(ctx context.Context, q *request) (any, error) {
	started := s.cfg.Clock.Now()
	mode, err := q.refreshing()
	if err != nil {
		return nil, err
	}
	actions, err := parseBulk(q.body, q.vars["index"])
	if err != nil {
		return nil, err
	}
	items := make([]map[string]any, len(actions))
	errs := false
	touched := map[*index]bool{}
	every := s.pressed().ItemEvery
	for i := range actions {
		a := &actions[i]
		a.alias = a.alias || q.query.Get("require_alias") == "true"
		var out *outcome
		ix, err := (*index)(nil), error(nil)
		if every > 0 && (i+1)%every == 0 {
			err = rejected("rejected execution of primary operation: the write queue is full")
		} else {
			ix, out, err = s.item(a)
		}
		if err != nil {
			known := asError(err)
			if ix != nil { // where an alias leads
				a.index = ix.name
			}
			items[i] = map[string]any{a.kind: &failure{a.index, a.id, known.Status, known}}
			errs = true
			continue
		}
		out.Status, out.Forced = out.status, mode == refreshNow
		touched[ix] = true
		items[i] = map[string]any{a.kind: out}
	}
	for ix := range touched {
		if err := ix.settle(ctx, mode); err != nil {
			return nil, err
		}
	}
	return map[string]any{"took": s.cfg.Clock.Now().Sub(started).Milliseconds(), "errors": errs, "items": items}, nil
}

// settle does what a write wants of refreshes.
func (ix *index) settle(ctx context.Context, mode refreshing) error {
	switch mode {
	case refreshNow:
		ix.mu.Lock()
		defer ix.mu.Unlock()
		ix.refresh()
	case refreshWait:
		return ix.awaitRefresh(ctx)
	}
	return nil
}

// item performs one action.
func (s *Service) item(a *action) (*index, *outcome, error) {
	find := func() (*index, error) {
		if a.kind == "delete" && a.c.versions == "" {
			return s.one(a.index)
		}
		return s.writable(a.index, a.alias)
	}
	if a.id == "" {
		a.id, a.c.create = newID(), true
	}
	if err := checkID(a.id); err != nil {
		return nil, nil, err
	}
	if a.gap != nil {
		return nil, nil, a.gap
	}
	var out *outcome
	ix, err := within(find, func(ix *index) error {
		var w written
		var err error
		switch a.kind {
		case "delete":
			w, err = ix.remove(a.id, a.c)
		case "update":
			w, err = ix.update(a.id, a.update, a.c)
		default:
			w, err = ix.put(a.id, bytes.TrimSpace(a.source), a.c)
		}
		if err == nil {
			out = ix.outcome(a.id, w)
		}
		return err
	})
	return ix, out, err
}
