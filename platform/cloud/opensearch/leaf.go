package opensearch

import (
	"slices"
	"strings"
)

// exists matches documents with a value in a field or below an object.
type exists struct {
	path  string
	boost float64
}

func (c exists) eval(v *view) (matched, error) {
	out := v.nothing()
	out.score = constant(c.boost)
	switch {
	case c.path != "_id" && c.path != "_index" && isMetadata(c.path):
		return out, gap("[exists] queries on [%s]", c.path)
	case isMetadata(c.path):
		return matched{slices.Clone(v.ix.live), out.score}, nil
	}
	for path, f := range v.ix.mapping.byPath {
		if matches(c.path, path) || strings.HasPrefix(path, c.path+".") {
			out.bits.or(f.column.has)
		}
	}
	return out, nil
}

// ids matches documents by id.
type ids struct {
	list  []string
	boost float64
}

func parseIDs(body map[string]any, boost float64) (clause, error) {
	if err := known("ids", body, "values"); err != nil {
		return nil, err
	}
	list, ok := body["values"].([]any)
	if !ok {
		list = []any{body["values"]}
	}
	out := ids{boost: boost}
	for _, id := range list {
		out.list = append(out.list, textOf(id))
	}
	return out, nil
}

func (c ids) eval(v *view) (matched, error) {
	out := v.nothing()
	out.score = constant(c.boost)
	wanted := make(map[string]bool, len(c.list))
	for _, id := range c.list {
		wanted[id] = true
	}
	for slot, d := range v.ix.slots { // what searches see may be an older version than docs has
		if d != nil && wanted[d.id] {
			out.bits.set(uint32(slot))
		}
	}
	return out, nil
}

// leaf is a query of one field.
type leaf struct {
	kind   string
	path   string
	values []any
	boost  float64
	fold   bool // case_insensitive
	and    bool // match: every word
	least  func(int) int
	bounds bounds
}

// parseLeaf reads {"field": value} or {"field": {"value": value, …}}.
func parseLeaf(kind string, body map[string]any) (clause, error) {
	c := &leaf{kind: kind, boost: 1}
	if kind == "terms" {
		return parseTerms(c, body)
	}
	if len(body) != 1 {
		return nil, parsing("[%s] query doesn't support multiple fields", kind)
	}
	for path, value := range body {
		c.path = path
		members, ok := value.(map[string]any)
		switch {
		case kind == "range" && !ok:
			return nil, parsing("[range] query malformed, no start_object after field name")
		case kind == "range":
			return c, c.parseRange(members)
		case !ok:
			if _, isList := value.([]any); isList || value == nil {
				return nil, parsing("[%s] query does not support array or null of values", kind)
			}
			c.values = []any{value}
			return c, nil
		}
		return c, c.parseMembers(members)
	}
	return nil, nil
}

func (c *leaf) parseMembers(members map[string]any) (err error) {
	if c.boost, err = boostOf(c.kind, members); err != nil {
		return err
	}
	for _, name := range sortedNames(members) {
		value := members[name]
		switch {
		case name == "boost":
		case name == "value" && c.kind != "match", name == "query" && c.kind == "match", name == c.kind && c.kind != "match" && c.kind != "term":
			c.values = []any{value}
		case name == "case_insensitive" && c.kind != "match":
			c.fold = textOf(value) == "true"
		case name == "operator" && c.kind == "match":
			c.and = strings.EqualFold(textOf(value), "and")
			if !c.and && !strings.EqualFold(textOf(value), "or") {
				return illegal("No enum constant org.opensearch.index.query.Operator.%s", strings.ToUpper(textOf(value)))
			}
		case name == "minimum_should_match" && c.kind == "match":
			if c.least, err = parseLeast(value); err != nil {
				return err
			}
		case slices.Contains([]string{"analyzer", "fuzziness", "prefix_length", "max_expansions", "zero_terms_query", "lenient", "rewrite", "auto_generate_synonyms_phrase_query", "cutoff_frequency", "fuzzy_transpositions", "fuzzy_rewrite"}, name):
			return gap("[%s] of [%s] queries", name, c.kind)
		default:
			return parsing("[%s] query does not support [%s]", c.kind, name)
		}
	}
	switch {
	case c.values == nil:
		return illegal("value cannot be null")
	case c.values[0] == nil && c.kind == "match":
		return parsing("[match] unknown token [VALUE_NULL] after [query]")
	case c.values[0] == nil:
		return illegal("value cannot be null")
	}
	return nil
}

func parseTerms(c *leaf, body map[string]any) (clause, error) {
	var err error
	if c.boost, err = boostOf(c.kind, body); err != nil {
		return nil, err
	}
	body = without(body, "boost")
	if len(body) != 1 {
		return nil, parsing("[terms] query requires exactly one field")
	}
	for path, value := range body {
		list, ok := value.([]any)
		if !ok {
			if _, isObject := value.(map[string]any); isObject {
				return nil, gap("terms lookup")
			}
			return nil, parsing("[terms] query does not support [%s]", path)
		}
		if slices.Contains(list, nil) {
			return nil, parsing("No value specified for terms query")
		}
		c.path, c.values = path, list
	}
	return c, nil
}

func (c *leaf) eval(v *view) (matched, error) {
	if c.path == "_id" && slices.Contains([]string{"term", "terms", "match"}, c.kind) {
		list := make([]string, len(c.values))
		for i, value := range c.values {
			list[i] = textOf(value)
		}
		return ids{list, c.boost}.eval(v)
	}
	if c.path == "_id" && (c.kind == "prefix" || c.kind == "wildcard") {
		return v.nothing(), v.failed(illegal("Can only use %s queries on keyword and text fields - not on [_id] which is of type [_id]", c.kind))
	}
	if isMetadata(c.path) {
		return v.nothing(), gap("[%s] queries on [%s]", c.kind, c.path)
	}
	f := v.field(c.path)
	if f == nil {
		return v.nothing(), nil
	}
	if f.kind == kindGeo {
		return v.nothing(), gap("queries on fields of type [geo_point]")
	}
	switch {
	case c.kind == "range":
		return c.evalRange(v, f)
	case c.kind == "prefix" || c.kind == "wildcard":
		return c.evalPattern(v, f)
	case c.kind == "match" && f.kind == kindText:
		return c.evalMatch(v, f)
	}
	return c.evalTerms(v, f)
}

// evalTerms matches exact values: term, terms, and match on what is no text.
func (c *leaf) evalTerms(v *view, f *field) (matched, error) {
	if c.fold {
		return c.evalPattern(v, f)
	}
	out := v.nothing()
	out.score = constant(c.boost)
	scores := c.kind != "terms"
	switch f.kind {
	case kindText:
		var parts []matched
		for _, value := range c.values {
			m := v.word(f, textOf(value), c.boost)
			out.bits.or(m.bits)
			parts = append(parts, m)
		}
		if scores {
			out.score = parts[0].score
		}
		return out, nil
	case kindKeyword:
		wanted := make([]bool, len(f.column.terms))
		for _, value := range c.values {
			if n, ok := f.column.numbers[textOf(value)]; ok {
				wanted[n] = true
				if scores {
					out.score = constant(v.rarity(f, n, c.boost))
				}
			}
		}
		f.column.scan(out.bits, func(n int64) bool { return wanted[n] })
		return out, nil
	}
	spans := make([]span, 0, len(c.values))
	for _, value := range c.values {
		one, err := v.exact(f, value)
		if err != nil {
			return out, err
		}
		if spans = append(spans, one); scores && f.kind == kindBoolean { // which are terms, too
			out.score = constant(v.rarity(f, one.from, c.boost))
		}
	}
	f.scanSpans(out.bits, spans)
	return out, nil
}
