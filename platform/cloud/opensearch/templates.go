package opensearch

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/weirstream/weir/platform/cloud/store"
)

// template is an index template: what indexes with certain names begin with.
// Its JSON is what a request shows and the data directory keeps.
type template struct {
	Patterns   []string       `json:"index_patterns"`
	Template   map[string]any `json:"template,omitempty"`
	ComposedOf []string       `json:"composed_of,omitzero"` // shown as nothing, where there is a template, and as given
	Priority   *int64         `json:"priority,omitempty"`
	Version    *int64         `json:"version,omitempty"`
	Meta       map[string]any `json:"_meta,omitempty"`
}

func (t *template) priority() int64 {
	if t.Priority == nil {
		return 0
	}
	return *t.Priority
}

// creation is the template as a request for an index would say it.
func (t *template) creation() (creation, error) {
	return parseCreation(numbered(t.Template), "template")
}

// templateOf finds the template for a new index; the caller holds the lock.
func (s *Service) templateOf(name string) *template {
	var best *template
	for _, t := range s.templates {
		if slices.ContainsFunc(t.Patterns, func(p string) bool { return matches(p, name) }) && (best == nil || t.priority() > best.priority()) {
			best = t
		}
	}
	return best
}

func (s *Service) putTemplate(_ context.Context, q *request) (any, error) {
	given, err := q.object(false)
	if err != nil {
		return nil, err
	}
	t, err := parseTemplate(given)
	if err != nil {
		return nil, err
	}
	name := q.vars["name"]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.templates[name] != nil && q.flag("create", false) {
		return nil, illegal("index template [%s] already exists", name)
	}
	for _, other := range slices.Sorted(maps.Keys(s.templates)) {
		have := s.templates[other]
		if other == name || have.priority() != t.priority() || !overlap(have.Patterns, t.Patterns) {
			continue
		}
		return nil, illegal("index template [%s] has index patterns [%s] matching patterns from existing templates [%s] with patterns (%s => [%s]) "+
			"that have the same priority [%d], multiple index templates may not match during index creation, please use a different priority",
			name, strings.Join(t.Patterns, ", "), other, other, strings.Join(have.Patterns, ", "), t.priority())
	}
	s.templates[name] = t
	value := store.Encode(t)
	s.cfg.Data.Stage(func(c *store.Changes) { c.Put([]byte(templatePrefix+name), value) })
	return acknowledged(), nil
}

func parseTemplate(given map[string]any) (*template, error) {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch name {
		case "index_patterns", "template", "priority", "version", "_meta":
		case "composed_of":
			if list, ok := given[name].([]any); !ok || len(list) > 0 {
				return nil, gap("component templates ([composed_of] of index templates)")
			}
		case "data_stream":
			return nil, gap("data streams")
		default:
			return nil, &Error{Type: "x_content_parse_exception", Reason: "[index_template] unknown field [" + name + "]", Status: http.StatusBadRequest}
		}
	}
	t := &template{}
	if one, ok := given["index_patterns"].(string); ok {
		given["index_patterns"] = []any{one}
	}
	raw, _ := json.Marshal(given) // came out of JSON
	if err := json.Unmarshal(raw, t); err != nil {
		return nil, &Error{Type: "x_content_parse_exception", Reason: fmt.Sprintf("[index_template] failed to parse: %v", err), Status: http.StatusBadRequest}
	}
	if t.Template != nil && t.ComposedOf == nil {
		t.ComposedOf = []string{}
	}
	if len(t.Patterns) == 0 {
		return nil, illegal("Required [index_patterns]")
	}
	c, err := t.creation()
	if err != nil {
		return nil, err
	}
	if err := newMapping().merge(c.mappings, fieldsMax); err != nil {
		return nil, err
	}
	if c.settings != nil { // shown with their full names
		t.Template = maps.Clone(t.Template)
		t.Template["settings"] = c.settings.nested()
	}
	return t, nil
}

// overlap tells whether some name could match patterns of both.
func overlap(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if mayMeet(x, y) {
				return true
			}
		}
	}
	return false
}

// mayMeet tells whether some name matches both patterns.
func mayMeet(a, b string) bool {
	switch {
	case a == "" && b == "":
		return true
	case strings.HasPrefix(a, "*"):
		return mayMeet(a[1:], b) || b != "" && mayMeet(a, b[1:])
	case strings.HasPrefix(b, "*"):
		return mayMeet(a, b[1:]) || a != "" && mayMeet(a[1:], b)
	}
	return a != "" && b != "" && a[0] == b[0] && mayMeet(a[1:], b[1:])
}

func (s *Service) getTemplate(_ context.Context, q *request) (any, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	pattern, named := q.vars["name"]
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(s.templates)) {
		if !named || matches(pattern, name) {
			list = append(list, map[string]any{"name": name, "index_template": s.templates[name]})
		}
	}
	missing := named && len(list) == 0 && pattern != "*"
	switch {
	case missing && strings.Contains(pattern, "*") && q.http.Method == http.MethodGet:
		return answer{http.StatusNotFound, map[string]any{"index_templates": list}}, nil
	case q.http.Method == http.MethodHead && missing:
		return status(http.StatusNotFound), nil
	case missing:
		return nil, &Error{
			Type: "resource_not_found_exception", Reason: "index template matching [" + pattern + "] not found", Status: http.StatusNotFound,
		}
	}
	return map[string]any{"index_templates": list}, nil
}

func (s *Service) deleteTemplate(_ context.Context, q *request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pattern := q.vars["name"]
	any := pattern == "*"
	for _, name := range slices.Sorted(maps.Keys(s.templates)) {
		if matches(pattern, name) {
			any = true
			delete(s.templates, name)
			s.cfg.Data.Stage(func(c *store.Changes) { c.Delete([]byte(templatePrefix + name)) })
		}
	}
	if !any {
		return nil, &Error{Type: "index_template_missing_exception", Reason: "index_template [" + pattern + "] missing", Status: http.StatusNotFound}
	}
	return acknowledged(), nil
}
