package opensearch

import (
	"context"
	"maps"
	"net/http"
	"slices"
)

// creation is what a request, or a template, says of an index to be made.
type creation struct {
	settings settings
	mappings map[string]any
	aliases  map[string]alias
	implicit bool // by a write: another one may have been faster
}

// versionCreated is 2.19.3 as settings show it.
const versionCreated = "136408127"

// parseCreation reads the body of a creation, or the template in a template.
func parseCreation(given map[string]any, place string) (creation, error) {
	c := creation{aliases: map[string]alias{}}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		members, ok := given[name].(map[string]any)
		switch {
		case !slices.Contains([]string{"settings", "mappings", "aliases"}, name):
			return c, &Error{Type: "parse_exception", Reason: "unknown key [" + name + "] for " + place, Status: http.StatusBadRequest}
		case !ok:
			return c, &Error{Type: "parse_exception", Reason: "key [" + name + "] must be an object", Status: http.StatusBadRequest}
		case name == "mappings":
			c.mappings = members
		case name == "settings":
			var err error
			if c.settings, err = flatSettings(members); err != nil {
				return c, err
			}
		default:
			for aliasName, value := range members {
				a, err := parseAlias(aliasName, value)
				if err != nil {
					return c, err
				}
				c.aliases[aliasName] = a
			}
		}
	}
	return c, nil
}

// create makes an index: the matching template first, then what c says.
func (s *Service) create(name string, c creation) (*index, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ix := s.indexes[name]; ix != nil {
		if c.implicit {
			return ix, nil
		}
		return nil, &Error{
			Type: "resource_already_exists_exception", Reason: "index [" + name + "/" + ix.uuid + "] already exists",
			Status: http.StatusBadRequest, Extra: map[string]any{"index": name, "index_uuid": ix.uuid},
		}
	}
	for _, ix := range s.indexes {
		if ix.hasAlias(name) {
			return nil, invalidIndexName(name, "already exists as alias")
		}
	}
	ix := s.newIndex(name, newUUID(), s.cfg.Clock.Now())
	var all []creation
	if t := s.templateOf(name); t != nil {
		parsed, err := t.creation()
		if err != nil {
			return nil, err
		}
		all = append(all, parsed)
	}
	for _, part := range append(all, c) {
		ix.settings.change(part.settings)
		maps.Copy(ix.aliases, part.aliases)
	}
	for _, part := range append(all, c) {
		if err := ix.mapping.merge(part.mappings, ix.settings.number(settingFields, fieldsMax)); err != nil {
			return nil, err
		}
	}
	for aliasName := range ix.aliases {
		if s.indexes[aliasName] != nil || aliasName == name {
			return nil, invalidAlias(aliasName)
		}
	}
	ix.keep()
	s.indexes[name] = ix
	return ix, nil
}

func invalidIndexName(name, reason string) *Error {
	return &Error{
		Type: "invalid_index_name_exception", Reason: "Invalid index name [" + name + "], " + reason, Status: http.StatusBadRequest,
		Extra: map[string]any{"index": name, "index_uuid": "_na_"},
	}
}

func (s *Service) createIndex(_ context.Context, q *request) (any, error) {
	given, err := q.object(true)
	if err != nil {
		return nil, err
	}
	c, err := parseCreation(given, "create index")
	if err != nil {
		return nil, err
	}
	ix, err := s.create(q.vars["index"], c)
	if err != nil {
		return nil, err
	}
	return map[string]any{"acknowledged": true, "shards_acknowledged": true, "index": ix.name}, nil
}

func (s *Service) deleteIndex(_ context.Context, q *request) (any, error) {
	expression := q.vars["index"]
	found, err := s.resolve(expression, q.lookup())
	if err != nil {
		return nil, err
	}
	for _, ix := range found {
		if ix.hasAlias(expression) && !matches(expression, ix.name) {
			return nil, illegal("The provided expression [%s] matches an alias, specify the corresponding concrete indices instead.", expression)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ix := range found {
		if s.indexes[ix.name] == ix {
			delete(s.indexes, ix.name)
			ix.discard()
		}
	}
	return acknowledged(), nil
}

// discard gives up everything an index has.
func (ix *index) discard() {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.gone = true
	ix.keepIndexGone()
	ix.refresh()
	for _, d := range ix.docs {
		if !d.absent() {
			ix.sources.free(d.place)
		}
	}
	ix.docs, ix.slots, ix.live, ix.liveN, ix.spent, ix.buried = map[string]*doc{}, nil, nil, 0, nil, nil
	ix.mapping = newMapping()
}

func acknowledged() map[string]any { return map[string]any{"acknowledged": true} }

func (s *Service) indexExists(_ context.Context, q *request) (any, error) {
	if _, err := s.resolve(q.vars["index"], q.lookup()); err != nil {
		return status(http.StatusNotFound), nil
	}
	return status(http.StatusOK), nil
}
