package opensearch

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

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
				"settings": map[string]any{"index": ix.allSettings()},
			}
			ix.mu.RUnlock()
			maps.DeleteFunc(all, func(name string, _ any) bool { return !slices.Contains(parts, name) })
			out[ix.name] = all
		}
		return out, nil
	}
}

// allSettings is the settings, with those that nobody set.
func (ix *index) allSettings() any {
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
	if len(changed) == 0 {
		return nil, validation("no settings to update")
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
		ix.settings.change(changed)
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
