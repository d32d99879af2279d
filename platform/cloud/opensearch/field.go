package opensearch

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// kind is a field's type.
type kind string

// isFloat tells whether values are bits of doubles.
func (k kind) isFloat() bool { return k == kindDouble || k == kindFloat }

func (k kind) isInteger() bool {
	return k == kindLong || k == "integer" || k == "short" || k == "byte"
}

func (k kind) isNumber() bool { return k.isFloat() || k.isInteger() }

// field is a leaf with values.
type field struct {
	path        string
	kind        kind
	format      *dateFormat // dates
	ignoreAbove int         // keywords; 0 is no limit
	given       map[string]any
	multi       map[string]*field
	column      *column
}

// newField reads one field's declaration.
func newField(path string, given map[string]any) (*field, error) {
	f := &field{path: path, kind: kind(textOf(given["type"])), given: given}
	name := path[strings.LastIndexByte(path, '.')+1:]
	switch f.kind {
	case kindKeyword, kindText, kindLong, "integer", "short", "byte", kindDouble, kindFloat, kindBoolean, kindDate, kindGeo:
	case "ip", "nested", "scaled_float", "half_float", "unsigned_long", "date_nanos", "binary", "completion", "flat_object",
		"geo_shape", "join", "percolator", "rank_feature", "rank_features", "search_as_you_type", "token_count", "wildcard",
		"integer_range", "long_range", "float_range", "double_range", "date_range", "ip_range", "alias", "constant_keyword", "knn_vector", "match_only_text":
		return nil, gap("the field type [%s]", f.kind)
	default:
		return nil, mapperParsing(nil, "No handler for type [%s] declared on field [%s]", f.kind, name)
	}
	if f.kind == kindDate {
		f.format, _ = newDateFormat(defaultDateFormat)
	}
	for _, parameter := range slices.Sorted(maps.Keys(given)) {
		if err := f.parameter(name, parameter, given[parameter]); err != nil {
			return nil, err
		}
	}
	if f.kind == kindDate && given["format"] == defaultDateFormat { // is not shown
		f.given = maps.Clone(given)
		delete(f.given, "format")
	}
	f.column = newColumn(f)
	return f, nil
}

func (f *field) parameter(name, parameter string, value any) error {
	switch {
	case parameter == "type":
		return nil
	case parameter == "ignore_above" && f.kind == kindKeyword:
		number, _ := value.(json.Number)
		n, err := number.Int64()
		if err != nil || n < 0 {
			return mapperParsing(nil, "Failed to parse value [%v] of [ignore_above]", value)
		}
		f.ignoreAbove = int(n)
		return nil
	case parameter == "format" && f.kind == kindDate:
		var err error
		f.format, err = newDateFormat(textOf(value))
		return err
	case parameter == "print_format" && f.kind == kindDate:
		if first, _, _ := strings.Cut(f.format.text, "||"); value != first {
			return gap("a print_format other than a date's first format")
		}
		return nil
	case parameter == "fields":
		return f.multiFields(value)
	case slices.Contains([]string{
		"analyzer", "search_analyzer", "normalizer", "null_value", "copy_to", "index", "doc_values", "store", "coerce",
		"ignore_malformed", "norms", "index_options", "fielddata", "boost", "similarity", "term_vector", "meta",
		"eager_global_ordinals", "split_queries_on_whitespace", "index_prefixes", "index_phrases", "locale", "position_increment_gap",
	}, parameter):
		return gap("the parameter [%s] of a field of type [%s]", parameter, f.kind)
	}
	return mapperParsing(nil, "unknown parameter [%s] on mapper [%s] of type [%s]", parameter, name, f.kind)
}

func (f *field) multiFields(value any) error {
	given, ok := value.(map[string]any)
	if !ok {
		return mapperParsing(nil, "Expected map for property [fields] on field [%s] but got a %T", f.path, value)
	}
	f.multi = map[string]*field{}
	for name, declared := range given {
		members, ok := declared.(map[string]any)
		if !ok {
			return mapperParsing(nil, "Illegal field [%s], only fields can be specified inside fields", name)
		}
		sub, err := newField(f.path+"."+name, members)
		if err != nil {
			return err
		}
		f.multi[name] = sub
	}
	return nil
}

// mergeable tells whether f can be declared a second time as now says.
func (f *field) mergeable(now *field) error {
	if f.kind != now.kind {
		return illegal("mapper [%s] cannot be changed from type [%s] to [%s]", f.path, f.kind, now.kind)
	}
	if f.kind == kindDate && f.format.text != now.format.text {
		return illegal("Mapper for [%s] conflicts with existing mapper:\n\tCannot update parameter [format] from [%s] to [%s]", f.path, f.format.text, now.format.text)
	}
	for name, sub := range now.multi {
		if f.multi[name] == nil {
			return gap("multi-fields that are added to a field that is there (%s.%s)", f.path, name)
		}
		if err := f.multi[name].mergeable(sub); err != nil {
			return err
		}
	}
	return nil
}

// merge takes over what may change: how long keywords are. Multi-fields that
// now does not name stay. Declarations that were shown are left as they were.
func (f *field) merge(now *field) {
	given := maps.Clone(f.given)
	if f.kind == kindKeyword {
		f.ignoreAbove = now.ignoreAbove
		delete(given, "ignore_above")
		if limit, ok := now.given["ignore_above"]; ok {
			given["ignore_above"] = limit
		}
	}
	if fields, ok := given["fields"].(map[string]any); ok {
		fields = maps.Clone(fields)
		for name, sub := range now.multi {
			f.multi[name].merge(sub)
			fields[name] = f.multi[name].given
		}
		given["fields"] = fields
	}
	f.given = given
}
