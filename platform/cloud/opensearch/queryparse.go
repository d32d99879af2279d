package opensearch

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
)

// parseQuery reads a query: an object with one member, its type.
func parseQuery(value any) (clause, error) {
	given, ok := value.(map[string]any)
	if !ok {
		return nil, parsing("[_na] query malformed, must start with start_object")
	}
	if len(given) != 1 {
		if len(given) == 0 {
			return nil, illegal("query malformed, empty clause found")
		}
		return nil, parsing("[%s] malformed query, expected [END_OBJECT] but found [FIELD_NAME]", sortedNames(given)[0])
	}
	for name, body := range given {
		members, ok := body.(map[string]any)
		if !ok {
			return nil, parsing("[%s] query malformed, no start_object after query name", name)
		}
		return parseNamed(name, members)
	}
	return nil, nil
}

func parseNamed(name string, body map[string]any) (clause, error) {
	if name == "match_all" || name == "match_none" || name == "bool" || name == "constant_score" || name == "ids" || name == "exists" {
		boost, err := boostOf(name, body)
		if err != nil {
			return nil, err
		}
		body := without(body, "boost")
		switch name {
		case "match_all", "match_none":
			return all{name == "match_none", boost}, known(name, body)
		case "bool":
			return parseBool(body, boost)
		case "constant_score":
			if err := known(name, body, "filter"); err != nil {
				return nil, err
			}
			filter, err := parseQuery(body["filter"])
			return constantScore{filter, boost}, err
		case "ids":
			return parseIDs(body, boost)
		}
		field, ok := body["field"].(string)
		if !ok {
			return nil, parsing("[exists] must be provided with a [field]")
		}
		return exists{field, boost}, known(name, body, "field")
	}
	switch name {
	case "term", "terms", "range", "match", "prefix", "wildcard":
		return parseLeaf(name, body)
	case "match_phrase", "match_phrase_prefix", "match_bool_prefix", "multi_match", "query_string", "simple_query_string", "regexp", "fuzzy",
		"nested", "has_child", "has_parent", "parent_id", "function_score", "script", "script_score", "dis_max", "boosting", "geo_distance",
		"geo_bounding_box", "geo_polygon", "geo_shape", "more_like_this", "percolate", "terms_set", "intervals", "span_term", "span_near",
		"span_or", "span_not", "span_first", "knn", "wrapper", "distance_feature", "rank_feature", "combined_fields", "hybrid", "neural":
		return nil, gap("the query [%s]", name)
	}
	return nil, parsing("unknown query [%s]", name)
}

// known refuses members of a query beyond those named.
func known(query string, body map[string]any, names ...string) error {
	for _, name := range sortedNames(body) {
		if !slices.Contains(names, name) {
			return parsing("[%s] query does not support [%s]", query, name)
		}
	}
	return nil
}

// without is body less some of its members.
func without(body map[string]any, names ...string) map[string]any {
	out := make(map[string]any, len(body))
	for name, value := range body {
		if !slices.Contains(names, name) {
			out[name] = value
		}
	}
	return out
}

func boostOf(query string, body map[string]any) (float64, error) {
	if _, named := body["_name"]; named {
		return 0, gap("named queries (_name)")
	}
	value, ok := body["boost"]
	if !ok {
		return 1, nil
	}
	boost, ok := numberOf(value)
	if !ok || boost < 0 || math.IsNaN(boost) {
		return 0, illegal("negative or unreadable [boost] are not allowed in [%s]", query)
	}
	return boost, nil
}

// numberOf reads a number, also from a string.
func numberOf(value any) (float64, bool) {
	switch v := value.(type) {
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case string:
		f, err := json.Number(v).Float64()
		return f, err == nil
	}
	return 0, false
}

func parseBool(body map[string]any, boost float64) (clause, error) {
	c := &boolean{boost: boost}
	for _, name := range sortedNames(body) {
		var into *[]clause
		switch name {
		case "must":
			into = &c.must
		case "filter":
			into = &c.filter
		case "should":
			into = &c.should
		case "must_not":
			into = &c.mustNot
		case "minimum_should_match":
			var err error
			if c.least, err = parseLeast(body[name]); err != nil {
				return nil, err
			}
			continue
		case "adjust_pure_negative":
			continue
		default:
			return nil, &Error{Type: "x_content_parse_exception", Reason: "[bool] unknown field [" + name + "]", Status: 400}
		}
		list, ok := body[name].([]any)
		if !ok && body[name] != nil {
			list = []any{body[name]}
		}
		for _, one := range list {
			part, err := parseQuery(one)
			if err != nil {
				return nil, err
			}
			*into = append(*into, part)
		}
	}
	return c, nil
}

// parseLeast reads minimum_should_match: a number, one to subtract, or a percentage.
func parseLeast(value any) (func(int) int, error) {
	text := strings.TrimSpace(textOf(value))
	digits, percent := strings.CutSuffix(text, "%")
	n, err := json.Number(digits).Int64()
	if err != nil || n > math.MaxInt32 || n < math.MinInt32 {
		return nil, gap("the minimum_should_match [%s]", text)
	}
	return func(should int) int {
		least := int(n)
		if percent {
			least = should * int(n) / 100
		}
		if n < 0 {
			least += should
		}
		return max(0, least)
	}, nil
}
