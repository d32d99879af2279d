package opensearch

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// parseAlias reads what a request says of one alias.
func parseAlias(name string, value any) (alias, error) {
	a := alias{}
	members, ok := value.(map[string]any)
	if !ok && value != nil {
		return a, parsing("alias [%s] must be an object", name)
	}
	for _, member := range slices.Sorted(maps.Keys(members)) {
		switch member {
		case "is_write_index":
			mark, ok := members[member].(bool)
			if !ok {
				return a, parsing("[is_write_index] of alias [%s] must be true or false", name)
			}
			a.WriteIndex = &mark
		case "filter", "routing", "index_routing", "search_routing", "is_hidden":
			return a, gap("[%s] of aliases", member)
		default:
			return a, parsing("unknown field [%s] of alias [%s]", member, name)
		}
	}
	return a, nil
}

func invalidAlias(name string) *Error {
	return &Error{
		Type: "invalid_alias_name_exception", Status: http.StatusBadRequest,
		Reason: "Invalid alias name [" + name + "], an index exists with the same name as the alias",
		Extra:  map[string]any{"index": name, "index_uuid": "_na_"},
	}
}

func aliasesMissing(names []string) *Error {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	var id any = names
	if len(names) == 1 {
		id = names[0]
	}
	return &Error{
		Type: "aliases_not_found_exception", Reason: "aliases [" + strings.Join(names, ", ") + "] missing", Status: http.StatusNotFound,
		Extra: map[string]any{"resource.id": id, "resource.type": "aliases"},
	}
}

// missing lists the aliases that changes would remove, if that is all they do
// and none of them is there.
func missing(changes []aliasChange) (names []string) {
	for _, c := range changes {
		if len(c.lacks) == 0 {
			return nil
		}
		names = append(names, c.lacks...)
	}
	return names
}

// aliasChange is one action on one index.
type aliasChange struct {
	index *index
	names []string
	alias *alias   // nil removes
	lacks []string // names to remove that are not there, unless they may be missing
}

// updateAliases performs a list of actions, all or none.
func (s *Service) updateAliases(_ context.Context, q *request) (any, error) {
	given, err := q.object(false)
	if err != nil {
		return nil, err
	}
	actions, ok := given["actions"].([]any)
	if !ok || len(actions) == 0 {
		return nil, validation("Must specify at least one alias action")
	}
	var changes []aliasChange
	for _, action := range actions {
		members, ok := action.(map[string]any)
		if !ok || len(members) != 1 {
			return nil, parsing("an alias action must be an object with one member")
		}
		for kind, body := range members {
			more, err := s.aliasAction(kind, body)
			if err != nil {
				return nil, err
			}
			changes = append(changes, more...)
		}
	}
	return s.applyAliases(changes)
}

func (s *Service) aliasAction(kind string, body any) ([]aliasChange, error) {
	members, ok := body.(map[string]any)
	switch {
	case kind == "remove_index":
		return nil, gap("the alias action [remove_index]")
	case kind != "add" && kind != "remove" || !ok:
		return nil, parsing("[aliases] unknown field [%s]", kind)
	}
	names, err := namesOf(members, "alias", "aliases")
	if err != nil {
		return nil, err
	}
	expressions, err := namesOf(members, "index", "indices")
	if err != nil {
		return nil, err
	}
	rest := maps.Clone(members)
	for _, known := range []string{"alias", "aliases", "index", "indices", "must_exist"} {
		delete(rest, known)
	}
	found, err := s.resolve(strings.Join(expressions, ","), lookup{needSome: true})
	if err != nil {
		return nil, err
	}
	var change *alias
	if kind == "add" {
		a, err := parseAlias(names[0], rest)
		if err != nil {
			return nil, err
		}
		change = &a
	} else if len(rest) > 0 {
		return nil, parsing("[remove] unknown fields")
	}
	mustExist := textOf(members["must_exist"])
	out := make([]aliasChange, 0, len(found))
	any := false
	for _, ix := range found {
		c := aliasChange{index: ix, names: names, alias: change}
		if change == nil { // what is removed is what is there before any action is done
			if c.names = ix.aliasesLike(names); len(c.names) == 0 && mustExist != "false" {
				c.lacks = names
			}
		}
		any = any || len(c.names) > 0
		out = append(out, c)
	}
	if !any && mustExist == "true" {
		return nil, aliasesMissing(names)
	}
	return out, nil
}

// namesOf reads a name, or a list of names, under either of two members.
func namesOf(members map[string]any, one, many string) ([]string, error) {
	if name, ok := members[one].(string); ok && name != "" {
		return strings.Split(name, ","), nil
	}
	list, _ := members[many].([]any)
	out := make([]string, 0, len(list))
	for _, element := range list {
		if name, ok := element.(string); ok && name != "" {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return nil, validation("One of [%s] or [%s] is required", one, many)
	}
	return out, nil
}

func (s *Service) applyAliases(changes []aliasChange) (any, error) {
	if names := missing(changes); len(names) > 0 {
		return nil, aliasesMissing(names)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		for _, name := range c.names {
			if c.alias == nil {
				continue
			}
			if s.indexes[name] != nil {
				return nil, invalidAlias(name)
			}
			if err := checkName(name); err != nil {
				return nil, &Error{Type: "invalid_alias_name_exception", Reason: strings.Replace(err.(*Error).Reason, "index name", "alias name", 1), Status: http.StatusBadRequest}
			}
		}
	}
	if err := s.oneWriter(changes); err != nil {
		return nil, err
	}
	for _, c := range changes {
		c.index.mu.Lock()
		for _, name := range c.names {
			if c.alias != nil {
				c.index.aliases[name] = *c.alias
			} else {
				delete(c.index.aliases, name)
			}
		}
		c.index.keep()
		c.index.mu.Unlock()
	}
	return acknowledged(), nil
}

// oneWriter refuses changes after which an alias had two write indexes.
func (s *Service) oneWriter(changes []aliasChange) error {
	writers := map[string]map[string]bool{}
	note := func(aliasName, index string, writes bool) {
		if writers[aliasName] == nil {
			writers[aliasName] = map[string]bool{}
		}
		writers[aliasName][index] = writes
	}
	for _, ix := range s.indexes {
		ix.mu.RLock()
		for name, a := range ix.aliases {
			note(name, ix.name, a.WriteIndex != nil && *a.WriteIndex)
		}
		ix.mu.RUnlock()
	}
	for _, c := range changes {
		for _, name := range c.names {
			note(name, c.index.name, c.alias != nil && c.alias.WriteIndex != nil && *c.alias.WriteIndex)
		}
	}
	for name, indexes := range writers {
		var names []string
		for index, writes := range indexes {
			if writes {
				names = append(names, index)
			}
		}
		if slices.Sort(names); len(names) > 1 {
			return &Error{
				Type: "illegal_state_exception", Status: http.StatusInternalServerError,
				Reason: "alias [" + name + "] has more than one write index [" + strings.Join(names, ",") + "]",
			}
		}
	}
	return nil
}
