package opensearch

import (
	"slices"
	"strings"
)

// sortKey is one criterion.
type sortKey struct {
	path     string // or _score, _doc
	descend  bool
	missing  any // nil and _last: at the end; _first; or a value
	unmapped string
	mode     string
}

// sortNames lists the members of each criterion in a body as they were written:
// their order is the sort's, and a map has none. The body was read before.
func sortNames(body []byte) (out [][]string) {
	s := &scanner{src: body}
	criterion := func() error {
		var names []string
		if s.next() != '{' {
			out = append(out, nil)
			return s.skip()
		}
		err := s.object(func(name []byte) error {
			names = append(names, string(name))
			return s.skip()
		})
		out = append(out, names)
		return err
	}
	_ = s.object(func(name []byte) error {
		if string(name) != "sort" {
			return s.skip()
		}
		if out = nil; s.next() == '[' {
			return s.array(criterion)
		}
		return criterion()
	})
	return out
}

// parseSort reads a sort whose objects have these names, in order.
func parseSort(value any, names [][]string) ([]sortKey, error) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var out []sortKey
	for i, one := range list {
		switch v := one.(type) {
		case string:
			out = append(out, sortKey{path: v, descend: v == "_score"})
		case map[string]any:
			for _, path := range names[i] {
				key, err := parseSortKey(path, v[path])
				if err != nil {
					return nil, err
				}
				out = append(out, key)
			}
		default:
			return nil, illegal("malformed sort format, within the sort array, an object, or an actual string are allowed")
		}
	}
	if len(out) == 1 && out[0].path == "_score" && out[0].descend {
		return nil, nil // as without a sort
	}
	return out, nil
}

func parseSortKey(path string, value any) (sortKey, error) {
	k := sortKey{path: path, descend: path == "_score"}
	switch path {
	case "_geo_distance", "_script":
		return k, gap("sorting by [%s]", path)
	}
	members, ok := value.(map[string]any)
	if !ok {
		members = map[string]any{"order": value}
	}
	for _, name := range sortedNames(members) {
		text := textOf(members[name])
		switch name {
		case "order":
			if !strings.EqualFold(text, "asc") && !strings.EqualFold(text, "desc") {
				return k, illegal("No enum constant org.opensearch.search.sort.SortOrder.%s", strings.ToUpper(text))
			}
			k.descend = strings.EqualFold(text, "desc")
		case "missing":
			if k.missing = members[name]; text == "_last" {
				k.missing = nil
			}
		case "unmapped_type":
			k.unmapped = text
		case "mode":
			if text != "min" && text != "max" {
				return k, gap("the sort mode [%s]", text)
			}
			k.mode = text
		case "nested", "nested_path", "nested_filter", "numeric_type":
			return k, gap("[%s] in sorts", name)
		default:
			return k, &Error{Type: "x_content_parse_exception", Reason: "[field_sort] unknown field [" + name + "]", Status: 400}
		}
	}
	return k, nil
}

// hasScore tells whether a criterion is the score.
func hasScore(keys []sortKey) bool {
	return slices.ContainsFunc(keys, func(k sortKey) bool { return k.path == "_score" })
}
