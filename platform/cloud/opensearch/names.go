package opensearch

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// lookup is how an index expression is to be understood.
type lookup struct {
	ignoreMissing bool // ignore_unavailable
	needSome      bool // allow_no_indices=false
}

// checkName refuses names that no index may have.
func checkName(name string) error {
	reason := ""
	switch {
	case name == "" || name == "." || name == "..":
		reason = "must not be '.' or '..'"
	case strings.ContainsAny(name, "\\/*?\"<>| ,"):
		reason = `must not contain the following characters [ , ", *, \, <, |, ,, >, /, ?]`
	case strings.Contains(name, "#"):
		reason = "must not contain '#'"
	case strings.Contains(name, ":"):
		reason = "must not contain ':'"
	case strings.ContainsAny(name[:1], "_-+"):
		reason = "must not start with '_', '-', or '+'"
	case strings.ToLower(name) != name:
		reason = "must be lowercase"
	case len(name) > 255:
		reason = "index name is too long, (" + textOf(jsonInt(len(name))) + " > 255)"
	default:
		return nil
	}
	return &Error{
		Type: "invalid_index_name_exception", Reason: "Invalid index name [" + name + "], " + reason, Status: http.StatusBadRequest,
		Extra: map[string]any{"index": name, "index_uuid": "_na_"},
	}
}

// matches compares a name with a pattern in which * stands for anything.
func matches(pattern, name string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, head)
	for ok {
		var part string
		if part, rest, wild = strings.Cut(rest, "*"); !wild {
			return strings.HasSuffix(name, part)
		}
		_, name, ok = strings.Cut(name, part)
	}
	return false
}

// resolve finds the indexes that an expression names, by name: indexes,
// aliases, patterns, -exclusions; "" and _all are all of them.
func (s *Service) resolve(expression string, l lookup) ([]*index, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if expression == "" {
		expression = "_all"
	}
	found := map[string]*index{}
	for i, part := range strings.Split(expression, ",") {
		if part == "_all" {
			part = "*"
		}
		if exclude, ok := strings.CutPrefix(part, "-"); ok && i > 0 {
			maps.DeleteFunc(found, func(name string, _ *index) bool { return matches(exclude, name) })
			continue
		}
		if len(part) > 0 && strings.ContainsAny(part[:1], "_-+") {
			return nil, checkName(part)
		}
		any := false
		for name, ix := range s.indexes {
			if matches(part, name) || ix.hasAlias(part) {
				found[name], any = ix, true
			}
		}
		if any || l.ignoreMissing {
			continue
		}
		if !strings.Contains(part, "*") || l.needSome {
			return nil, indexNotFound(part)
		}
	}
	if len(found) == 0 && l.needSome {
		return nil, indexNotFound(expression)
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *index) int { return strings.Compare(a.name, b.name) }), nil
}

func (ix *index) hasAlias(pattern string) bool {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	for name := range ix.aliases {
		if matches(pattern, name) {
			return true
		}
	}
	return false
}

// one finds the index of a request for a single document.
func (s *Service) one(name string) (*index, error) {
	s.mu.RLock()
	ix := s.indexes[name]
	s.mu.RUnlock()
	if ix != nil {
		return ix, nil
	}
	missing := indexNotFound(name)
	missing.Extra["resource.type"] = "index_expression"
	if strings.ContainsAny(name, "*,") {
		return nil, missing
	}
	named, err := s.resolve(name, lookup{})
	if err != nil {
		return nil, missing
	}
	if len(named) > 1 {
		names := make([]string, len(named))
		for i, ix := range named {
			names[i] = ix.name
		}
		return nil, illegal("alias [%s] has more than one index associated with it [%s], can't execute a single index op", name, strings.Join(names, ", "))
	}
	return named[0], nil
}

// writable finds the index that a write goes to, and makes it if there is none.
func (s *Service) writable(name string, requireAlias bool) (*index, error) {
	s.mu.RLock()
	ix := s.indexes[name]
	s.mu.RUnlock()
	if ix != nil && !requireAlias {
		return ix, nil
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	named, err := s.resolve(name, lookup{})
	if err != nil || requireAlias && ix != nil {
		if requireAlias {
			return nil, &Error{
				Type: "index_not_found_exception", Status: http.StatusNotFound,
				Reason: "no such index [" + name + "] and [require_alias] request flag is [true] and [" + name + "] is not an alias",
				Extra:  map[string]any{"index": name, "index_uuid": "_na_"},
			}
		}
		return s.create(name, creation{implicit: true})
	}
	for _, ix := range named {
		ix.mu.RLock()
		mark := ix.aliases[name].WriteIndex
		ix.mu.RUnlock()
		if mark != nil && *mark || mark == nil && len(named) == 1 {
			return ix, nil
		}
	}
	return nil, illegal("no write index is defined for alias [%s]. The write index may be explicitly disabled using is_write_index=false "+
		"or the alias points to multiple indices without one being designated as a write index", name)
}
