package opensearch

import (
	"bytes"
	"fmt"
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
	fresh  []*field // that the document brought along
}

// value is one value of one field.
type value struct {
	field *field
	bits  int64
	term  []byte // keywords and texts; may lie in the source
}

// read takes src apart. The values are valid until the next call.
func (r *reading) read(m *mapping, id string, src []byte, limit int) error {
	*r = reading{m: m, id: id, limit: limit, scan: scanner{src: src}, values: r.values[:0], added: r.added[:0], fresh: r.fresh[:0]}
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
	if len(name) == 0 {
		return mapperParsing(illegal("field name cannot be an empty string"), "failed to parse")
	}
	if o == r.m.root && name[0] == '_' && isMetadata(string(name)) {
		return r.metadata(name)
	}
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

// isMetadata tells the names that OpenSearch keeps for itself.
func isMetadata(name string) bool {
	switch name {
	case "_id", "_index", "_source", "_version", "_seq_no", "_routing", "_ignored", "_field_names", "_nested_path", "_data_stream_timestamp":
		return true
	}
	return false
}

// metadata refuses a member whose name is taken.
func (r *reading) metadata(name []byte) error {
	r.scan.next()
	start := r.scan.pos
	if err := r.scan.skip(); err != nil {
		return err
	}
	cause := mapperParsing(nil, "Field [%s] is a metadata field and cannot be added inside a document. Use the index API request parameters.", name)
	err := mapperParsing(cause, "failed to parse field [%s] of type [%s] in document with id '%s'. Preview of field's value: '%s'",
		name, name, r.id, bytes.Trim(r.scan.src[start:r.scan.pos], `"`))
	err.Root = cause
	return err
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
	r.fresh = append(r.fresh, f)
	r.added = append(r.added, func() { r.m.removeField(o, string(name), f) })
	if err := r.checkSize(); err != nil {
		return err
	}
	return r.field(f)
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
