package opensearch

import (
	"bytes"
	"context"
	"strings"
)

// multiSearch performs several searches; one that fails says so in its place.
func (s *Service) multiSearch(_ context.Context, q *request) (any, error) {
	started := s.cfg.Clock.Now()
	lines := bytes.Split(q.body, []byte("\n"))
	if len(bytes.TrimSpace(q.body)) == 0 {
		return nil, validation("no requests added")
	}
	if len(lines[len(lines)-1]) > 0 {
		return nil, illegal("The msearch request must be terminated by a newline [\\n]")
	}
	lines = lines[:len(lines)-1]
	var responses []any
	for i := 0; i < len(lines); i += 2 {
		if i+1 == len(lines) {
			return nil, illegal("a header of msearch has no body")
		}
		out, err := s.oneSearch(q, lines[i], lines[i+1])
		if err != nil {
			known := asError(err)
			responses = append(responses, known.reply())
			continue
		}
		members := out.(map[string]any)
		members["status"] = 200
		responses = append(responses, members)
	}
	return map[string]any{"took": s.cfg.Clock.Now().Sub(started).Milliseconds(), "responses": responses}, nil
}

func (s *Service) oneSearch(q *request, header, body []byte) (any, error) {
	expression := q.vars["index"]
	l := lookup{}
	if len(bytes.TrimSpace(header)) > 0 {
		given, err := parseObject(header)
		if err != nil {
			return nil, err
		}
		for _, name := range sortedNames(given) {
			switch name {
			case "index", "indices":
				names, err := namesOf(given, "index", name)
				if err != nil {
					return nil, err
				}
				expression = strings.Join(names, ",")
			case "ignore_unavailable":
				l.ignoreMissing = textOf(given[name]) == "true"
			case "allow_no_indices":
				l.needSome = textOf(given[name]) == "false"
			case "preference", "search_type", "request_cache", "expand_wildcards":
			default:
				return nil, illegal("key [%s] is not supported in the metadata section", name)
			}
		}
	}
	given, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	parsed, err := (&request{http: q.http, body: body}).parseSearch(given)
	if err != nil {
		return nil, err
	}
	found, err := s.resolve(expression, l)
	if err != nil {
		return nil, err
	}
	return s.run(parsed, found)
}

// deleteByQuery deletes what a search finds now; what was written after the
// last refresh is not found, and what changed since then is a conflict.
func (s *Service) deleteByQuery(_ context.Context, q *request) (any, error) {
	started := s.cfg.Clock.Now()
	given, err := q.object(false)
	if err != nil {
		return nil, err
	}
	for _, name := range sortedNames(given) {
		if name != "query" {
			return nil, gap("[%s] in _delete_by_query", name)
		}
	}
	if given["query"] == nil {
		return nil, validation("query is missing")
	}
	if !q.flag("wait_for_completion", true) {
		return nil, gap("_delete_by_query that is not waited for")
	}
	query, err := parseQuery(given["query"])
	if err != nil {
		return nil, err
	}
	found, err := s.resolve(q.vars["index"], q.lookup())
	if err != nil {
		return nil, err
	}
	deleted, conflicts := 0, 0
	for _, ix := range found {
		d, c, err := ix.deleteFound(query, q.flag("refresh", false))
		if err != nil {
			return nil, onShards(ix.name, asError(err))
		}
		deleted, conflicts = deleted+d, conflicts+c
	}
	if conflicts > 0 && q.query.Get("conflicts") != "proceed" {
		return nil, &Error{Type: "version_conflict_engine_exception", Reason: "documents changed since the last refresh; the others were deleted", Status: 409}
	}
	return map[string]any{
		"took": s.cfg.Clock.Now().Sub(started).Milliseconds(), "timed_out": false, "total": deleted + conflicts, "deleted": deleted,
		"batches": (deleted + conflicts + 999) / 1000, "version_conflicts": conflicts, "noops": 0,
		"retries":          map[string]int{"bulk": 0, "search": 0},
		"throttled_millis": 0, "requests_per_second": double(-1), "throttled_until_millis": 0, "failures": []any{},
	}, nil
}

func (ix *index) deleteFound(query clause, refresh bool) (deleted, conflicts int, err error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.refreshIfDue()
	m, err := query.eval(&view{ix: ix, now: ix.clock.Now()})
	if err != nil {
		return 0, 0, err
	}
	m.bits.and(ix.live)
	for _, slot := range m.bits.slots() {
		d := ix.slots[slot]
		if ix.docs[d.id] != d {
			conflicts++
			continue
		}
		if _, err := ix.remove(d.id, unconditional()); err != nil {
			return deleted, conflicts, err
		}
		deleted++
	}
	if refresh {
		ix.refresh()
	}
	return deleted, conflicts, nil
}
