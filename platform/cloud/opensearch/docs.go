package opensearch

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"time"
)

// refreshing is what a write does about being seen.
type refreshing string

const (
	refreshNow  refreshing = "true"
	refreshWait refreshing = "wait_for"
)

func (q *request) refreshing() (refreshing, error) {
	if !q.query.Has("refresh") {
		return "false", nil
	}
	switch v := q.query.Get("refresh"); v {
	case "", "true":
		return refreshNow, nil
	case "false", "wait_for":
		return refreshing(v), nil
	default:
		return "", illegal("Unknown value for refresh: [%s].", v)
	}
}

// conditions reads those of a write from the query.
func (q *request) conditions() (conditions, error) {
	c := unconditional()
	for _, p := range []struct {
		name string
		into *int64
	}{{"version", &c.version}, {"if_seq_no", &c.ifSeq}, {"if_primary_term", &c.ifTerm}} {
		if text := q.query.Get(p.name); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return c, illegal("Failed to parse long parameter [%s] with value [%s]", p.name, text)
			}
			*p.into = n
		}
	}
	switch op := q.query.Get("op_type"); op {
	case "", "index":
	case "create":
		c.create = true
	default:
		return c, illegal("opType must be 'create' or 'index', found: [%s]", op)
	}
	var err error
	c.versions, err = versionType(q.query.Get("version_type"))
	if err != nil {
		return c, err
	}
	return c, c.validate()
}

func versionType(name string) (string, error) {
	switch name {
	case "", "internal":
		return "", nil
	case "external", "external_gte":
		return name, nil
	}
	return "", illegal("No version type match [%s]", name)
}

// outcome is the reply to a write of one document.
type outcome struct {
	Index   string         `json:"_index"`
	ID      string         `json:"_id"`
	Version int64          `json:"_version"`
	Result  string         `json:"result"`
	Forced  bool           `json:"forced_refresh,omitempty"`
	Shards  map[string]int `json:"_shards"`
	Seq     int64          `json:"_seq_no"`
	Term    int            `json:"_primary_term"`
	Status  int            `json:"status,omitempty"` // in bulk requests
	status  int
}

func (ix *index) outcome(id string, w written) *outcome {
	o := &outcome{
		Index: ix.name, ID: id, Version: w.doc.version, Result: w.result, Seq: w.doc.seq, Term: primaryTerm,
		Shards: map[string]int{"total": 1 + ix.settings.number(settingReplicas, 1), "successful": 1, "failed": 0},
		status: http.StatusOK,
	}
	switch {
	case w.created:
		o.status = http.StatusCreated
	case w.result == "not_found":
		o.status = http.StatusNotFound
	}
	return o
}

// within does something to an index under its lock, and again to its successor
// if it was deleted meanwhile.
func within(find func() (*index, error), do func(ix *index) error) (*index, error) {
	for {
		ix, err := find()
		if err != nil {
			return nil, err
		}
		ix.mu.Lock()
		if ix.gone {
			ix.mu.Unlock()
			continue
		}
		ix.refreshIfDue()
		err = do(ix)
		ix.mu.Unlock()
		return ix, err
	}
}

// write performs one write and what it wants of refreshes.
func (s *Service) write(ctx context.Context, q *request, find func() (*index, error), do func(ix *index) (*outcome, error)) (any, error) {
	mode, err := q.refreshing()
	if err != nil {
		return nil, err
	}
	var out *outcome
	ix, err := within(find, func(ix *index) (err error) {
		out, err = do(ix)
		if err == nil && mode == refreshNow {
			ix.refresh()
			out.Forced = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if mode == refreshWait {
		if err := ix.awaitRefresh(ctx); err != nil {
			return nil, err
		}
	}
	return answer{out.status, out}, nil
}

// awaitRefresh returns once everything written so far is searchable, by when it
// is due or because somebody else refreshes.
func (ix *index) awaitRefresh(ctx context.Context) error {
	ix.mu.Lock()
	due := ix.due
	if due.IsZero() {
		ix.mu.Unlock()
		return nil
	}
	if ix.shown == nil {
		ix.shown = make(chan struct{})
	}
	shown := ix.shown
	ix.mu.Unlock()
	var late <-chan time.Time
	if !due.Equal(never) {
		timer := ix.clock.NewTimer(due.Sub(ix.clock.Now()))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-shown:
		return nil
	case <-late:
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.refreshIfDue()
	return nil
}

func (s *Service) createDoc(ctx context.Context, q *request) (any, error) {
	q.query.Set("op_type", "create")
	return s.indexDoc(ctx, q)
}

func (s *Service) indexDoc(ctx context.Context, q *request) (any, error) {
	if len(bytes.TrimSpace(q.body)) == 0 {
		return nil, &Error{Type: "parse_exception", Reason: "request body is required", Status: http.StatusBadRequest}
	}
	c, err := q.conditions()
	if err != nil {
		return nil, err
	}
	id, given := q.vars["id"]
	if !given {
		id, c.create = newID(), true
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	if err := checkID(id); err != nil {
		return nil, err
	}
	find := func() (*index, error) { return s.writable(q.vars["index"], q.query.Get("require_alias") == "true") }
	return s.write(ctx, q, find, func(ix *index) (*outcome, error) {
		w, err := ix.put(id, bytes.TrimSpace(q.body), c)
		if err != nil {
			return nil, err
		}
		return ix.outcome(id, w), nil
	})
}

func (s *Service) deleteDoc(ctx context.Context, q *request) (any, error) {
	c, err := q.conditions()
	if err != nil {
		return nil, err
	}
	find := func() (*index, error) {
		if c.versions != "" { // a deletion with an external version leaves its version behind
			return s.writable(q.vars["index"], false)
		}
		return s.one(q.vars["index"])
	}
	return s.write(ctx, q, find, func(ix *index) (*outcome, error) {
		w, err := ix.remove(q.vars["id"], c)
		if err != nil {
			return nil, err
		}
		return ix.outcome(q.vars["id"], w), nil
	})
}

// newID is an id as documents without one get.
func newID() string { return newUUID()[:20] }

func checkID(id string) error {
	if len(id) > 512 {
		return validation("id [%s] is too long, must be no longer than 512 bytes but was: %d", id, len(id))
	}
	return nil
}

// source is a document as it was sent. The caller holds the lock.
func (ix *index) source(d *doc) ([]byte, error) { return ix.sources.get(d, ix.docKey(d.seq)) }
