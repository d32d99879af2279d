package opensearch

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
)

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
	if err := u.validate(c); err != nil {
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
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, validation("script or doc is missing")
	}
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

// validate refuses conditions on the version of a document that the update may make.
func (u *update) validate(c conditions) error {
	switch {
	case c.ifSeq >= 0 && u.DocAsUpsert:
		return validation("compare and write operations can not be used with upsert")
	case c.ifSeq >= 0 && len(u.Upsert) > 0:
		return validation("upsert requests don't support `if_seq_no` and `if_primary_term`")
	}
	return nil
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
