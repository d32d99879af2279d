package opensearch

import (
	"encoding/json"
	"strconv"
	"strings"
)

func (q *request) parseSearch(given map[string]any) (*searching, error) {
	s := &searching{query: all{boost: 1}, size: 10, counted: countedMax}
	if given["sort"] != nil {
		s.names = sortNames(q.body)
	}
	for _, name := range sortedNames(given) {
		if err := s.member(name, given[name]); err != nil {
			return nil, err
		}
	}
	if err := s.params(q); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *searching) member(name string, value any) (err error) {
	switch name {
	case "query":
		s.query, err = parseQuery(value)
	case "from":
		s.from, err = countOf(name, value)
	case "size":
		s.size, err = countOf(name, value)
	case "sort":
		s.sort, err = parseSort(value, s.names)
	case "search_after":
		list, ok := value.([]any)
		if !ok {
			return parsing("Expected [START_ARRAY] under [search_after]")
		}
		if len(list) == 0 {
			return illegal("Values must contain at least one value.")
		}
		s.after, s.hasAfter = list, true
	case "_source":
		s.source, err = parseFiltered(value)
	case "track_total_hits":
		s.counted, err = countedOf(textOf(value))
	case "min_score":
		var ok bool
		if s.minScore, ok = numberOf(value); !ok {
			return parsing("[min_score] must be a number")
		}
		s.hasLeast = true
	case "track_scores":
		s.scores = textOf(value) == "true"
	case "version":
		s.versions = textOf(value) == "true"
	case "seq_no_primary_term":
		s.seqs = textOf(value) == "true"
	case "aggs", "aggregations":
		s.aggs, err = parseAggregations(value)
	case "timeout", "profile":
		if name == "profile" && textOf(value) != "false" {
			return gap("profiles of searches")
		}
	case "fields", "highlight", "docvalue_fields", "stored_fields", "script_fields", "collapse", "rescore", "suggest", "post_filter", "indices_boost",
		"explain", "slice", "pit", "knn", "derived", "ext", "terminate_after", "stats", "search_pipeline", "include_named_queries_score":
		return gap("[%s] in searches", name)
	default:
		return parsing("Unknown key for a value in [%s].", name)
	}
	return err
}

func countOf(name string, value any) (int, error) {
	n, err := strconv.Atoi(textOf(value))
	if err != nil {
		return 0, parsing("Failed to parse int parameter [%s] with value [%s]", name, textOf(value))
	}
	if n < 0 {
		return 0, illegal("[%s] parameter cannot be negative, found [%d]", name, n)
	}
	return n, nil
}

func countedOf(text string) (int, error) {
	switch text {
	case "true":
		return countAll, nil
	case "false", "-1":
		return countNone, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, illegal("[track_total_hits] parameter must be positive or equals to -1, got %s", text)
	}
	return n, nil
}

// params reads what the URL says of a search.
func (s *searching) params(q *request) (err error) {
	for name := range q.query {
		value := q.query.Get(name)
		switch name {
		case "from", "size":
			err = s.member(name, json.Number(value))
		case "track_total_hits":
			s.counted, err = countedOf(value)
		case "sort":
			var list []any
			var names [][]string
			for part := range strings.SplitSeq(value, ",") {
				field, order, has := strings.Cut(part, ":")
				if has {
					list = append(list, map[string]any{field: order})
				} else {
					list = append(list, field)
				}
				names = append(names, []string{field})
			}
			s.sort, err = parseSort(list, names)
		case "q":
			err = gap("queries in the URL (q)")
		case "rest_total_hits_as_int", "typed_keys":
			if value != "false" {
				err = gap("the parameter [%s]", name)
			}
		}
		if err != nil {
			return err
		}
	}
	if f, ok := q.sourceFilter(); ok {
		s.source = f
	}
	return nil
}
