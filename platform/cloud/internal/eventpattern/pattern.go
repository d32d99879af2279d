// Package eventpattern is EventBridge's pattern language: which JSON events a
// pattern wants. Event source mappings filter records with it.
//
// A pattern is a JSON object in the shape of the events it wants. Its fields
// must all match; a field's array lists alternatives, one of which must match:
// a string, number, true, false or null that equals the value, or one of the
// operators prefix, suffix, equals-ignore-case, wildcard, anything-but,
// numeric, cidr and exists. A field "$or" lists objects, one of which must
// match. An array in an event matches if one of its elements does; for objects
// in arrays that is one element with all the fields that the pattern nests.
//
// Numbers are equal as they are written, so that 300 and 300.0 differ; numeric
// compares their values as 64-bit floats. exists looks at values, not at
// objects or empty arrays: a field that holds those does not exist.
package eventpattern

import "encoding/json"

// Pattern is a compiled pattern; it is safe for concurrent use.
type Pattern struct{ root *object }

// Compile reads a pattern. The error says what is wrong with it, for people.
func Compile(text string) (*Pattern, error) {
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	return &Pattern{root}, nil
}

// Match reports whether the pattern wants an event. What is not one JSON
// object matches no pattern.
func (p *Pattern) Match(event []byte) bool {
	if !json.Valid(event) {
		return false
	}
	start := skipSpace(event, 0)
	return event[start] == '{' && p.root.match(event[start:])
}

// MatchFields is Match for an event in parts: field returns the JSON value of
// a top-level field, or nil if there is none. It is called once for each field
// that the pattern names; what it returns must be valid JSON.
func (p *Pattern) MatchFields(field func(name string) []byte) bool {
	var few [8][]byte
	values := few[:]
	if len(p.root.names) > len(few) {
		values = make([][]byte, len(p.root.names))
	}
	for name, i := range p.root.names {
		if value := field(name); len(value) > 0 {
			values[i] = value[skipSpace(value, 0):]
		}
	}
	return p.root.holds(values)
}

// Field is a top-level field that a pattern names.
type Field struct {
	Name   string
	Nested bool // the pattern looks into it as an object, at least in one alternative
}

// Fields lists the top-level fields that a pattern names, in any order.
func (p *Pattern) Fields() []Field {
	fields := make([]Field, len(p.root.names))
	for name, i := range p.root.names {
		fields[i].Name = name
	}
	p.root.each(func(f field) {
		if f.nested != nil {
			fields[f.index].Nested = true
		}
	})
	return fields
}

// object is the pattern of one JSON object. The conditions under its $or speak
// of fields of the same object, so that one scan of an event serves them all.
type object struct {
	names map[string]int // of every field that any condition names
	condition
}

// condition holds if all its fields match and one of each group of alternatives.
type condition struct {
	fields []field
	ors    [][]condition
}

// field is either nested or a list of alternatives for a value.
type field struct {
	index  int // among the object's names
	nested *object
	leaf   *leaf
}

// match reports whether the object that raw begins with is wanted.
func (o *object) match(raw []byte) bool {
	var few [8][]byte
	values := few[:]
	if len(o.names) > len(few) {
		values = make([][]byte, len(o.names))
	}
	for m := firstMember(raw); m.ok; m = m.next(raw) {
		if i, wanted := o.names[string(m.name(raw))]; wanted {
			values[i] = m.value(raw)
		}
	}
	return o.holds(values)
}

// holds decides on the fields' values; nil is a field that is not there.
func (c *condition) holds(values [][]byte) bool {
	for i := range c.fields {
		if !c.fields[i].matches(values[c.fields[i].index]) {
			return false
		}
	}
	for _, group := range c.ors {
		if !anyHolds(group, values) {
			return false
		}
	}
	return true
}

func anyHolds(group []condition, values [][]byte) bool {
	for i := range group {
		if group[i].holds(values) {
			return true
		}
	}
	return false
}

func (f *field) matches(value []byte) bool {
	if f.leaf != nil {
		return f.leaf.matches(value)
	}
	if len(value) > 0 && value[0] == '[' {
		return f.inArray(value)
	}
	if len(value) == 0 || value[0] != '{' {
		value = []byte("{}") // a field that is not there may be what is wanted
	}
	return f.nested.match(value)
}

// inArray looks for one element with all that is wanted.
func (f *field) inArray(array []byte) bool {
	empty := true
	for e := firstElement(array); e.ok; e = e.next(array) {
		empty = false
		if f.matches(e.value(array)) {
			return true
		}
	}
	return empty && f.nested.match([]byte("{}"))
}

// each visits every field of a condition and its alternatives.
func (c *condition) each(visit func(field)) {
	for _, f := range c.fields {
		visit(f)
	}
	for _, group := range c.ors {
		for i := range group {
			group[i].each(visit)
		}
	}
}
