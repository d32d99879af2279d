package opensearch

import (
	"context"
	"net/http"
	"strings"
)

// getAlias is GET and HEAD of aliases, of some indexes or of all.
func (s *Service) getAlias(_ context.Context, q *request) (any, error) {
	found, err := s.resolve(q.vars["index"], q.lookup())
	if err != nil {
		return nil, err
	}
	wanted, named := q.vars["alias"]
	out := map[string]any{}
	hit := map[string]bool{}
	for _, ix := range found {
		ix.mu.RLock()
		shown := map[string]alias{}
		for name, a := range ix.aliases {
			for pattern := range strings.SplitSeq(wanted, ",") {
				if !named || pattern == "_all" || matches(pattern, name) {
					shown[name], hit[pattern] = a, true
				}
			}
		}
		ix.mu.RUnlock()
		if len(shown) > 0 || !named {
			out[ix.name] = map[string]any{"aliases": shown}
		}
	}
	for pattern := range strings.SplitSeq(wanted, ",") {
		if named && !hit[pattern] && !strings.Contains(pattern, "*") && pattern != "_all" {
			if q.http.Method == http.MethodHead {
				return status(http.StatusNotFound), nil
			}
			out["error"], out["status"] = "alias ["+pattern+"] missing", http.StatusNotFound
			return answer{http.StatusNotFound, out}, nil
		}
	}
	return out, nil
}

func (s *Service) putAlias(_ context.Context, q *request) (any, error) {
	given, err := q.object(true)
	if err != nil {
		return nil, err
	}
	a, err := parseAlias(q.vars["alias"], given)
	if err != nil {
		return nil, err
	}
	found, err := s.resolve(q.vars["index"], lookup{needSome: true})
	if err != nil {
		return nil, err
	}
	var changes []aliasChange
	for _, ix := range found {
		changes = append(changes, aliasChange{index: ix, names: []string{q.vars["alias"]}, alias: &a})
	}
	return s.applyAliases(changes)
}

func (s *Service) deleteAlias(_ context.Context, q *request) (any, error) {
	changes, err := s.aliasAction("remove", map[string]any{"index": q.vars["index"], "alias": q.vars["alias"]})
	if err != nil {
		return nil, err
	}
	return s.applyAliases(changes)
}

// aliasesLike lists the aliases of an index that names and patterns mean.
func (ix *index) aliasesLike(patterns []string) (out []string) {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	for name := range ix.aliases {
		if anyMatches(patterns, name) {
			out = append(out, name)
		}
	}
	return out
}
