package opensearch

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// reading takes one document apart: every value it has, by field, and the
// fields that it brings along. Nothing reaches the index before all of it is
// read; undo takes back the new fields of a document that is refused.
type reading struct {
	m      *mapping
	id     string
	limit  int // of fields
	scan   scanner
	values []value
	added  []func()
}

// value is one value of one field.
type value struct {
	field *field
	bits  int64
	term  []byte // keywords and texts; may lie in the source
}

// read takes src apart. The values are valid until the next call.
func (r *reading) read(m *mapping, id string, src []byte, limit int) error {
	*r = reading{m: m, id: id, limit: limit, scan: scanner{src: src}, values: r.values[:0], added: r.added[:0]}
	var err error
	if r.scan.next() != '{' {
		err = mapperParsing(&Error{
			Type:   "not_x_content_exception",
			Reason: "Compressor detection can only be called on some xcontent bytes or compressed xcontent bytes",
		}, "failed to parse")
	} else {
		err = r.object(m.root, dynamicOf(m.root, "true"))
	}
	if err == nil {
		err = r.scan.end()
	}
	if err == nil {
		return nil
	}
	r.undo()
	if _, known := err.(*Error); known {
		return err
	}
	return mapperParsing(&Error{Type: "json_parse_exception", Reason: err.Error()}, "failed to parse")
}

// undo forgets the fields that the document brought along.
func (r *reading) undo() {
	for i := len(r.added) - 1; i >= 0; i-- {
		r.added[i]()
	}
	r.added = r.added[:0]
}

func dynamicOf(o *object, inherited string) string {
	if o.dynamic != "" {
		return o.dynamic
	}
	return inherited
}

func (r *reading) object(o *object, dynamic string) error {
	if o.disabled {
		return r.scan.skip()
	}
	return r.scan.object(func(name []byte) error { return r.member(o, dynamic, name) })
}

// member reads one member; a name with dots stands for objects.
func (r *reading) member(o *object, dynamic string, name []byte) error {
	if i := bytes.IndexByte(name, '.'); i >= 0 && o.properties[string(name)] == nil {
		head, tail := name[:i], name[i+1:]
		if len(head) == 0 || len(tail) == 0 {
			return mapperParsing(illegal("field name cannot contain only whitespace or empty parts: [%s]", name), "failed to parse")
		}
		p := o.properties[string(head)]
		if p == nil {
			if dynamic != "true" {
				return r.unmapped(o, dynamic, head)
			}
			p = r.newObject(o, string(head))
		}
		if p.object == nil {
			return mapperParsing(nil, "Could not dynamically add mapping for field [%s]. Existing mapping for [%s] must be of type object but found [%s].",
				name, p.field.path, p.field.kind)
		}
		if p.object.disabled {
			return r.scan.skip()
		}
		return r.member(p.object, dynamicOf(p.object, dynamic), tail)
	}
	p := o.properties[string(name)]
	if p == nil {
		return r.unknown(o, dynamic, name)
	}
	if p.object != nil {
		return r.objects(p.object, dynamicOf(p.object, dynamic))
	}
	return r.field(p.field)
}

// objects reads an object, null, or an array of those.
func (r *reading) objects(o *object, dynamic string) error {
	switch r.scan.next() {
	case '{':
		return r.object(o, dynamic)
	case '[':
		return r.scan.array(func() error { return r.objects(o, dynamic) })
	case 'n':
		_, err := r.scan.word()
		return err
	}
	if o.disabled {
		return r.scan.skip()
	}
	return mapperParsing(nil, "object mapping for [%s] tried to parse field [%s] as object, but found a concrete value", o.path, o.path)
}

func (r *reading) unmapped(o *object, dynamic string, name []byte) error {
	if dynamic == "strict" {
		return &Error{
			Type: "strict_dynamic_mapping_exception", Status: 400,
			Reason: fmt.Sprintf("mapping set to strict, dynamic introduction of [%s] within [%s] is not allowed", name, orRoot(o.path)),
		}
	}
	return r.scan.skip()
}

func orRoot(path string) string {
	if path == "" {
		return "_doc"
	}
	return path
}

// unknown is a member that the mapping does not know: its first value decides
// what it becomes.
func (r *reading) unknown(o *object, dynamic string, name []byte) error {
	c := r.scan.next()
	if dynamic != "true" && c != 'n' {
		return r.unmapped(o, dynamic, name)
	}
	switch c {
	case 'n':
		_, err := r.scan.word()
		return err
	case '{':
		p := r.newObject(o, string(name))
		if err := r.checkSize(); err != nil {
			return err
		}
		return r.object(p.object, dynamic)
	case '[':
		return r.scan.array(func() error {
			if p := o.properties[string(name)]; p != nil {
				if p.object != nil {
					return r.objects(p.object, dynamicOf(p.object, dynamic))
				}
				return r.field(p.field)
			}
			return r.unknown(o, dynamic, name)
		})
	}
	given, err := r.guess()
	if err != nil {
		return err
	}
	f, err := newField(joinPath(o.path, string(name)), given)
	if err != nil {
		return err
	}
	if err := r.m.addField(o, string(name), f); err != nil {
		return err
	}
	r.added = append(r.added, func() { r.m.removeField(o, string(name), f) })
	if err := r.checkSize(); err != nil {
		return err
	}
	return r.field(f)
}

// guess looks at the value to come and says what field holds its kind.
func (r *reading) guess() (map[string]any, error) {
	ahead := r.scan
	switch ahead.next() {
	case '"':
		text, err := ahead.text()
		if err != nil {
			return nil, err
		}
		if _, isDate := parseISO(string(text), false); isDate {
			return map[string]any{"type": "date"}, nil
		}
		return map[string]any{"type": "text", "fields": map[string]any{
			"keyword": map[string]any{"type": "keyword", "ignore_above": jsonInt(256)},
		}}, nil
	case 't', 'f':
		return map[string]any{"type": "boolean"}, nil
	}
	_, integer, err := ahead.number()
	if integer {
		return map[string]any{"type": "long"}, err
	}
	return map[string]any{"type": "float"}, err
}

func (r *reading) newObject(o *object, name string) *property {
	p := r.m.addObject(o, name)
	r.added = append(r.added, func() {
		delete(o.properties, name)
		r.m.size--
	})
	return p
}

func (m *mapping) removeField(o *object, name string, f *field) {
	delete(o.properties, name)
	delete(m.byPath, f.path)
	m.size -= 1 + len(f.multi)
	for _, sub := range f.multi {
		delete(m.byPath, sub.path)
	}
}

func (r *reading) checkSize() error {
	if r.m.size > r.limit {
		return illegal("Limit of total fields [%d] has been exceeded", r.limit)
	}
	return nil
}

// field reads the values of a field: one, null, or an array.
func (r *reading) field(f *field) error {
	start := r.scan.pos
	c := r.scan.next()
	if f.kind == kindGeo {
		if c != 'n' {
			r.values = append(r.values, value{field: f})
		}
		return r.scan.skip()
	}
	switch c {
	case '[':
		return r.scan.array(func() error { return r.field(f) })
	case '{':
		err := r.scan.skip()
		if err != nil {
			return err
		}
		return r.refuse(f, bytes.TrimSpace(r.scan.src[start:r.scan.pos]), &Error{
			Type: "illegal_state_exception", Reason: fmt.Sprintf("Can't get text on a START_OBJECT at 1:%d", start+1),
		})
	case '"':
		text, err := r.scan.text()
		if err != nil {
			return err
		}
		return r.scalar(f, text, '"')
	case 't', 'f', 'n':
		word, err := r.scan.word()
		if err != nil || word == "null" {
			return err
		}
		return r.scalar(f, []byte(word), 't')
	}
	literal, _, err := r.scan.number()
	if err != nil {
		return err
	}
	return r.scalar(f, literal, '0')
}

// scalar is one value, written as a string ("), a number (0) or a boolean (t).
func (r *reading) scalar(f *field, text []byte, form byte) error {
	for _, sub := range f.multi {
		if err := r.scalar(sub, text, form); err != nil {
			return err
		}
	}
	if f.kind == kindKeyword || f.kind == kindText {
		if f.ignoreAbove == 0 || len(text) <= f.ignoreAbove || len([]rune(string(text))) <= f.ignoreAbove {
			r.values = append(r.values, value{field: f, term: text})
		}
		return nil
	}
	if len(text) == 0 && form == '"' && f.kind.isNumber() {
		return r.refuse(f, text, illegal("For input string: \"\""))
	}
	bits, cause := f.bitsOf(text, form)
	if cause != nil {
		return r.refuse(f, text, cause)
	}
	r.values = append(r.values, value{field: f, bits: bits})
	return nil
}

func (r *reading) refuse(f *field, text []byte, cause *Error) error {
	return mapperParsing(cause, "failed to parse field [%s] of type [%s] in document with id '%s'. Preview of field's value: '%s'",
		f.path, f.kind, r.id, text)
}

// bitsOf is a scalar as the field's column holds it.
func (f *field) bitsOf(text []byte, form byte) (int64, *Error) {
	switch {
	case f.kind == kindBoolean:
		switch string(text) {
		case "true":
			return 1, nil
		case "false", "":
			return 0, nil
		}
		return 0, illegal("Failed to parse value [%s] as only [true] or [false] are allowed.", text)
	case f.kind == kindDate:
		if ms, ok := f.format.parse(string(text), false); ok && form != 't' {
			return ms, nil
		}
		return 0, dateError(string(text), f.format.text)
	case form == 't':
		return 0, illegal("For input string: \"%s\"", text)
	}
	return numberBits(f.kind, strings.TrimSpace(string(text)))
}

// numberBits reads a number; integers take what is left of a fraction.
func numberBits(k kind, text string) (int64, *Error) {
	if k.isInteger() {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			v, failed := strconv.ParseFloat(text, 64)
			if failed != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return 0, illegal("For input string: \"%s\"", text)
			}
			if v >= 1<<63 || v < -1<<63 {
				return 0, illegal("Value [%s] is out of range for a long", text)
			}
			n = int64(v)
		}
		most := map[kind]int64{kindLong: math.MaxInt64, "integer": math.MaxInt32, "short": math.MaxInt16, "byte": math.MaxInt8}[k]
		if n > most || n < -most-1 {
			article := "a"
			if k == "integer" {
				article = "an"
			}
			return 0, illegal("Value [%s] is out of range for %s %s", text, article, k)
		}
		return n, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, illegal("For input string: \"%s\"", text)
	}
	if k == kindFloat {
		v = float64(float32(v))
	}
	if math.IsInf(v, 0) {
		return 0, illegal("[%s] supports only finite values, but got [%s]", k, text)
	}
	return int64(math.Float64bits(v)), nil
}
