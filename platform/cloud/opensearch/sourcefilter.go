package opensearch

import (
	"encoding/json"
	"slices"
	"strings"
)

// filtered says which parts of documents a reply shows.
type filtered struct {
	off      bool
	includes []string
	excludes []string
}

// all tells whether documents are shown as they were sent.
func (f filtered) all() bool { return !f.off && len(f.includes) == 0 && len(f.excludes) == 0 }

// sourceParams reads the filter from the query.
func (q *request) sourceFilter() (f filtered, given bool) {
	list := func(name string) []string {
		if text := q.query.Get(name); text != "" {
			given = true
			return strings.Split(text, ",")
		}
		return nil
	}
	switch q.query.Get("_source") {
	case "false":
		f.off, given = true, true
	case "true", "":
	default:
		f.includes = list("_source")
	}
	f.includes = append(f.includes, list("_source_includes")...)
	f.excludes = list("_source_excludes")
	return f, given
}

// parseFiltered reads the filter from a body: a flag, a name, a list or two lists.
func parseFiltered(value any) (filtered, error) {
	switch v := value.(type) {
	case nil:
		return filtered{}, nil
	case bool:
		return filtered{off: !v}, nil
	case string:
		return filtered{includes: []string{v}}, nil
	case []any:
		includes, err := texts(v, "_source")
		return filtered{includes: includes}, err
	case map[string]any:
		var f filtered
		for name, list := range v {
			if one, ok := list.(string); ok {
				list = []any{one}
			}
			many, ok := list.([]any)
			if !ok {
				return f, parsing("Unknown key for a value in [%s].", name)
			}
			parsed, err := texts(many, name)
			if err != nil {
				return f, err
			}
			switch name {
			case "includes", "include":
				f.includes = parsed
			case "excludes", "exclude":
				f.excludes = parsed
			default:
				return f, parsing("Unknown key for a START_ARRAY in [%s].", name)
			}
		}
		return f, nil
	}
	return filtered{}, parsing("Expected one of [VALUE_BOOLEAN, VALUE_STRING, START_ARRAY, START_OBJECT] in [_source]")
}

func texts(list []any, where string) ([]string, error) {
	out := make([]string, len(list))
	for i, v := range list {
		text, ok := v.(string)
		if !ok {
			return nil, parsing("Unknown key for a %T in [%s].", v, where)
		}
		out[i] = text
	}
	return out, nil
}

// apply is a document's visible part.
func (f filtered) apply(source []byte) (json.RawMessage, error) {
	if f.all() {
		return source, nil
	}
	whole, err := parseObject(source)
	if err != nil {
		return nil, err
	}
	return encode(f.object("", whole, len(f.includes) == 0)), nil
}

// object filters members; included says that one above is included as a whole.
func (f filtered) object(prefix string, members map[string]any, included bool) map[string]any {
	out := map[string]any{}
	for name, value := range members {
		path := joinPath(prefix, name)
		if covers(f.excludes, path) {
			continue
		}
		in := included || covers(f.includes, path)
		switch v := value.(type) {
		case map[string]any:
			if inner := f.object(path, v, in); len(inner) > 0 || in {
				out[name] = inner
			}
		case []any:
			if list := f.list(path, v, in); len(list) > 0 || in {
				out[name] = list
			}
		default:
			if in {
				out[name] = value
			}
		}
	}
	return out
}

// list filters elements, also of lists in lists. What a filter empties is left
// out; lists that none can reach stay as they are.
func (f filtered) list(path string, elements []any, included bool) []any {
	if included && !f.reaches(path) {
		return elements
	}
	out := []any{}
	for _, e := range elements {
		switch v := e.(type) {
		case map[string]any:
			if kept := f.object(path, v, included); len(kept) > 0 {
				out = append(out, kept)
			}
		case []any:
			if kept := f.list(path, v, included); len(kept) > 0 {
				out = append(out, kept)
			}
		default:
			if included {
				out = append(out, e)
			}
		}
	}
	return out
}

// reaches tells whether something below a path may be excluded.
func (f filtered) reaches(path string) bool {
	return slices.ContainsFunc(f.excludes, func(p string) bool { return mayMeet(p, path+".*") })
}

// covers tells whether patterns mean a path or what it lies in; a name may have dots itself.
func covers(patterns []string, path string) bool {
	for i := range path {
		if path[i] == '.' && anyMatches(patterns, path[:i]) {
			return true
		}
	}
	return anyMatches(patterns, path)
}

func anyMatches(patterns []string, path string) bool {
	for _, p := range patterns {
		if matches(p, path) {
			return true
		}
	}
	return false
}
