package opensearch

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
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
		maps.Copy(ix.settings, part.settings)
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
	l := q.lookup()
	l.needSome = true
	if _, err := s.resolve(q.vars["index"], l); err != nil {
		return status(http.StatusNotFound), nil
	}
	return status(http.StatusOK), nil
}

// showIndex is GET of an index, its mapping or its settings: parts says what.
func (s *Service) showIndex(parts ...string) handler {
	return func(_ context.Context, q *request) (any, error) {
		found, err := s.resolve(q.vars["index"], q.lookup())
		if err != nil {
			return nil, err
		}
		out := map[string]any{}
		for _, ix := range found {
			ix.mu.RLock()
			all := map[string]any{
				"aliases": maps.Clone(ix.aliases), "mappings": ix.mapping.render(),
				"settings": map[string]any{"index": ix.shown()},
			}
			ix.mu.RUnlock()
			maps.DeleteFunc(all, func(name string, _ any) bool { return !slices.Contains(parts, name) })
			out[ix.name] = all
		}
		return out, nil
	}
}

// shown is the settings, with those that nobody set.
func (ix *index) shown() any {
	all := maps.Clone(ix.settings)
	all["index.uuid"] = ix.uuid
	all["index.provided_name"] = ix.name
	all["index.creation_date"] = strconv.FormatInt(ix.created.UnixMilli(), 10)
	all["index.version.created"] = versionCreated
	all["index.replication.type"] = "DOCUMENT"
	for name, value := range map[string]string{settingShards: "1", settingReplicas: "1"} {
		if all[name] == "" {
			all[name] = value
		}
	}
	return all.nested()["index"]
}

func (s *Service) putMapping(_ context.Context, q *request) (any, error) {
	given, err := q.object(false)
	if err != nil {
		return nil, err
	}
	found, err := s.resolve(q.vars["index"], q.lookup())
	if err != nil {
		return nil, err
	}
	for _, ix := range found {
		if err := ix.mergeMapping(given); err != nil {
			return nil, err
		}
	}
	return acknowledged(), nil
}

func (ix *index) mergeMapping(given map[string]any) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if err := ix.mapping.merge(given, ix.settings.number(settingFields, fieldsMax)); err != nil {
		return err
	}
	ix.keep()
	return nil
}

func (s *Service) putSettings(_ context.Context, q *request) (any, error) {
	given, err := q.object(false)
	if err != nil {
		return nil, err
	}
	if inner, ok := given["settings"].(map[string]any); ok && len(given) == 1 {
		given = inner
	}
	changed, err := flatSettings(given)
	if err != nil {
		return nil, err
	}
	found, err := s.resolve(q.vars["index"], q.lookup())
	if err != nil {
		return nil, err
	}
	for _, ix := range found {
		if _, fixed := changed[settingShards]; fixed {
			return nil, illegal("Can't update non dynamic settings [[%s]] for open indices [[%s/%s]]", settingShards, ix.name, ix.uuid)
		}
	}
	for _, ix := range found {
		ix.mu.Lock()
		maps.Copy(ix.settings, changed)
		if !ix.due.IsZero() { // what is unseen follows the new interval
			ix.refresh()
		}
		ix.keep()
		ix.mu.Unlock()
	}
	return acknowledged(), nil
}

// numbered is a mapping from disk with its numbers as requests have them.
func numbered(value map[string]any) map[string]any {
	for name, member := range value {
		switch v := member.(type) {
		case float64:
			value[name] = json.Number(strconv.FormatFloat(v, 'f', -1, 64))
		case map[string]any:
			numbered(v)
		}
	}
	return value
}
