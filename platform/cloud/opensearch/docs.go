package opensearch

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
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

// awaitRefresh returns once everything written so far is searchable.
func (ix *index) awaitRefresh(ctx context.Context) error {
	ix.mu.RLock()
	due := ix.due
	ix.mu.RUnlock()
	if due.IsZero() {
		return nil
	}
	if due.Equal(never) { // somebody else refreshes, or nobody ever does
		due = ix.clock.Now().Add(time.Minute)
	}
	if err := ix.clock.Sleep(ctx, due.Sub(ix.clock.Now())); err != nil {
		return err
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

func (s *Service) updateDoc(ctx context.Context, q *request) (any, error) {
	c, err := q.conditions()
	if err != nil {
		return nil, err
	}
	if q.query.Has("_source") || q.query.Has("_source_includes") || q.query.Has("_source_excludes") {
		return nil, gap("the source in replies to updates")
	}
	u, err := parseUpdate(q.body)
	if err != nil {
		return nil, err
	}
	find := func() (*index, error) { return s.writable(q.vars["index"], q.query.Get("require_alias") == "true") }
	return s.write(ctx, q, find, func(ix *index) (*outcome, error) {
		w, err := ix.update(q.vars["id"], u, c)
		if err != nil {
			return nil, err
		}
		out := ix.outcome(q.vars["id"], w)
		if w.result == "noop" {
			out.Shards = map[string]int{"total": 0, "successful": 0, "failed": 0}
		}
		return out, nil
	})
}

// update is the body of an update.
type update struct {
	Doc         map[string]any  `json:"doc"`
	Upsert      json.RawMessage `json:"upsert"`
	DocAsUpsert bool            `json:"doc_as_upsert"`
	DetectNoop  *bool           `json:"detect_noop"`
}

func parseUpdate(body []byte) (*update, error) {
	given, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	for name := range given {
		switch name {
		case "doc", "upsert", "doc_as_upsert", "detect_noop":
		case "script", "scripted_upsert", "_source":
			return nil, gap("[%s] in updates", name)
		default:
			return nil, &Error{Type: "x_content_parse_exception", Reason: "[UpdateRequest] unknown field [" + name + "]", Status: http.StatusBadRequest}
		}
	}
	u := &update{}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(u); err != nil {
		return nil, &Error{Type: "x_content_parse_exception", Reason: "[UpdateRequest] failed to parse: " + err.Error(), Status: http.StatusBadRequest}
	}
	if u.Doc == nil {
		return nil, validation("script or doc is missing")
	}
	return u, nil
}

// update merges a part into a document. The caller holds the lock.
func (ix *index) update(id string, u *update, c conditions) (written, error) {
	old := ix.docs[id]
	if old.absent() {
		source := []byte(u.Upsert)
		if u.DocAsUpsert {
			source = encode(u.Doc)
		}
		if source == nil || string(source) == "null" {
			return written{}, ix.missing(id)
		}
		return ix.put(id, source, c)
	}
	if c.ifSeq >= 0 {
		if _, err := c.check(ix, id, old); err != nil {
			return written{}, err
		}
	}
	raw, err := ix.source(old)
	if err != nil {
		return written{}, err
	}
	merged, err := parseObject(raw)
	if err != nil {
		return written{}, err
	}
	before := maps.Clone(merged)
	mergeInto(merged, u.Doc)
	if (u.DetectNoop == nil || *u.DetectNoop) && reflect.DeepEqual(before, merged) {
		return written{doc: old, result: "noop"}, nil
	}
	return ix.put(id, encode(merged), c)
}

// mergeInto puts the members of part into whole, objects member by member; what
// whole had is left as it was.
func mergeInto(whole, part map[string]any) {
	for name, value := range part {
		inner, ok := value.(map[string]any)
		have, both := whole[name].(map[string]any)
		if ok && both {
			have = maps.Clone(have)
			mergeInto(have, inner)
			value = have
		}
		whole[name] = value
	}
}

// source is a document as it was sent. The caller holds the lock.
func (ix *index) source(d *doc) ([]byte, error) { return ix.sources.get(d, ix.docKey(d.seq)) }
