package opensearch

import (
	"maps"
	"slices"
	"strings"
)

const (
	kindKeyword kind = "keyword"
	kindText    kind = "text"
	kindLong    kind = "long"
	kindDouble  kind = "double"
	kindFloat   kind = "float"
	kindBoolean kind = "boolean"
	kindDate    kind = "date"
	kindGeo     kind = "geo_point"
)

// fieldsMax is index.mapping.total_fields.limit where nobody sets it.
const fieldsMax = 1000

// mapping is what an index knows of its fields. Guarded by the index's lock.
type mapping struct {
	root   *object
	byPath map[string]*field
	size   int      // fields, objects and multi-fields
	due    []func() // changes to fields that are there, once a merge has not failed
}

// object is a part of a document that has members.
type object struct {
	path       string
	dynamic    string // "", "true", "false" or "strict"; "" inherits
	disabled   bool   // enabled: false, nothing below is looked at
	properties map[string]*property
}

// property is a member: a field or an object.
type property struct {
	field  *field
	object *object
}

func newMapping() *mapping {
	return &mapping{root: &object{properties: map[string]*property{}}, byPath: map[string]*field{}}
}

// merge adds what a request's mappings say. Nothing is changed if it fails.
func (m *mapping) merge(given map[string]any, limit int) error {
	trial := m.clone()
	if err := trial.mergeObject(trial.root, given, true); err != nil {
		return err
	}
	if trial.size > limit {
		return illegal("Limit of total fields [%d] has been exceeded", limit)
	}
	for _, change := range trial.due {
		change()
	}
	trial.due = nil
	*m = *trial
	return nil
}

// clone copies the tree; the fields themselves, with their columns, are shared.
func (m *mapping) clone() *mapping {
	return &mapping{root: m.root.clone(), byPath: maps.Clone(m.byPath), size: m.size}
}

func (o *object) clone() *object {
	out := *o
	out.properties = make(map[string]*property, len(o.properties))
	for name, p := range o.properties {
		copied := *p
		if p.object != nil {
			copied.object = p.object.clone()
		}
		out.properties[name] = &copied
	}
	return &out
}

func (m *mapping) mergeObject(o *object, given map[string]any, isRoot bool) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		switch name {
		case "properties":
			members, ok := value.(map[string]any)
			if !ok {
				return mapperParsing(nil, "Expected map for property [properties] on field [%s] but got a %T", o.path, value)
			}
			for _, member := range slices.Sorted(maps.Keys(members)) {
				if err := m.mergeMember(o, member, members[member]); err != nil {
					return err
				}
			}
		case "dynamic":
			o.dynamic = textOf(value)
			if !slices.Contains([]string{"true", "false", "strict"}, o.dynamic) {
				return gap("the value [%s] of dynamic", o.dynamic)
			}
		case "enabled":
			o.disabled = textOf(value) == "false"
		case "type":
			if value != "object" || isRoot {
				return gap("a mapping of type [%v]", value)
			}
		case "_source", "_routing", "dynamic_templates", "date_detection", "numeric_detection", "dynamic_date_formats", "_meta":
			return gap("[%s] in mappings", name)
		default:
			cause := mapperParsing(nil, "Root mapping definition has unsupported parameters:  [%s : %s]", name, textOf(value))
			return &Error{Type: cause.Type, Reason: "Failed to parse mapping [_doc]: " + cause.Reason, Status: cause.Status, Cause: cause, Root: cause}
		}
	}
	return nil
}

func (m *mapping) mergeMember(o *object, name string, value any) error {
	if head, tail, dotted := strings.Cut(name, "."); dotted {
		return m.mergeMember(o, head, map[string]any{"properties": map[string]any{tail: value}})
	}
	given, ok := value.(map[string]any)
	if !ok || name == "" {
		return mapperParsing(nil, "Expected map for property [fields] on field [%s] but got a %T", name, value)
	}
	path := joinPath(o.path, name)
	p := o.properties[name]
	declared, typed := given["type"].(string)
	if _, isObject := given["properties"]; !typed && (isObject || given["enabled"] != nil || given["dynamic"] != nil) || declared == "object" {
		if p != nil && p.object == nil {
			return illegal("can't merge a non object mapping [%s] with an object mapping", path)
		}
		if p == nil {
			p = m.addObject(o, name)
		}
		return m.mergeObject(p.object, given, false)
	}
	if !typed {
		return mapperParsing(nil, "No type specified for field [%s]", name)
	}
	f, err := newField(path, given)
	if err != nil {
		return err
	}
	if p == nil {
		return m.addField(o, name, f)
	}
	if p.field == nil {
		return illegal("can't merge a non object mapping [%s] with an object mapping", path)
	}
	if err := p.field.mergeable(f); err != nil {
		return err
	}
	m.due = append(m.due, func() { p.field.merge(f) })
	return nil
}

func (m *mapping) addObject(o *object, name string) *property {
	p := &property{object: &object{path: joinPath(o.path, name), properties: map[string]*property{}}}
	o.properties[name] = p
	m.size++
	return p
}

func (m *mapping) addField(o *object, name string, f *field) error {
	o.properties[name] = &property{field: f}
	m.byPath[f.path] = f
	m.size++
	for _, sub := range f.multi {
		m.byPath[sub.path] = sub
		m.size++
	}
	return nil
}

// render is the mapping as a request would give it.
func (m *mapping) render() map[string]any { return m.root.render() }

func (o *object) render() map[string]any {
	out := map[string]any{}
	if o.dynamic != "" {
		out["dynamic"] = o.dynamic
	}
	if o.disabled {
		out["type"], out["enabled"] = "object", false
	}
	if len(o.properties) == 0 {
		return out
	}
	members := make(map[string]any, len(o.properties))
	for name, p := range o.properties {
		if p.object == nil {
			members[name] = p.field.given
			continue
		}
		rendered := p.object.render()
		if len(p.object.properties) == 0 {
			rendered["type"] = "object"
		}
		members[name] = rendered
	}
	out["properties"] = members
	return out
}

func joinPath(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}
