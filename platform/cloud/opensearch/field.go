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
