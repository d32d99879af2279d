package opensearch

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
)

// aggregation is one named aggregation with those inside it.
type aggregation struct {
	name string
	kind string
	body map[string]any
	meta any
	subs []*aggregation
	work computing
	// invalid is wrong with it, and found out on the shards.
	invalid error
}

// computing computes a kind of aggregation over the matching slots of one index.
type computing interface {
	collect(v *view, slots []uint32) (partial, error)
}

// partial is the result over some indexes.
type partial interface {
	merge(other partial)
	render() (map[string]any, error)
}

// bucketsMax is how many buckets one reply may have.
const bucketsMax = 65_535

func errBuckets(n int) *Error {
	return &Error{
		Type: "too_many_buckets_exception", Status: http.StatusServiceUnavailable,
		Reason: fmt.Sprintf("Trying to create too many buckets. Must be less than or equal to: [%d] but was [%d]. This limit can be set by changing "+
			"the [search.max_buckets] cluster level setting.", bucketsMax, n),
		Extra: map[string]any{"max_buckets": bucketsMax},
	}
}

// double is a number that is written as floating point ones are.
type double float64

// MarshalJSON writes 1 as 1.0, and what is no number as a string.
func (d double) MarshalJSON() ([]byte, error) {
	v := float64(d)
	switch {
	case math.IsInf(v, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(v, -1):
		return []byte(`"-Infinity"`), nil
	case math.IsNaN(v):
		return []byte(`"NaN"`), nil
	}
	return []byte(d.String()), nil
}

// single is v as a number of half the length would be written.
func single(v float64) double {
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', -1, 32), 64)
	if err != nil {
		return double(v)
	}
	return double(short)
}

// String is Java's way to write a double, near enough.
func (d double) String() string {
	v := float64(d)
	if a := math.Abs(v); a != 0 && (a >= 1e7 || a < 1e-3) {
		text := strconv.FormatFloat(v, 'E', -1, 64)
		mantissa, exponent := text, ""
		for i := range text {
			if text[i] == 'E' {
				mantissa, exponent = text[:i], text[i+1:]
			}
		}
		if !slices.Contains([]byte(mantissa), '.') {
			mantissa += ".0"
		}
		n, _ := strconv.Atoi(exponent) // made by FormatFloat
		return mantissa + "E" + strconv.Itoa(n)
	}
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if !slices.Contains([]byte(text), '.') {
		text += ".0"
	}
	return text
}

// aggregationDepth is how deep aggregations may nest.
const aggregationDepth = 50

func parseAggregations(value any) ([]*aggregation, error) { return parseNested(value, 0) }

func parseNested(value any, depth int) ([]*aggregation, error) {
	given, ok := value.(map[string]any)
	if !ok {
		return nil, parsing("Expected [START_OBJECT] under [aggs]")
	}
	if depth > aggregationDepth {
		return nil, illegal("aggregations nest deeper than %d", aggregationDepth)
	}
	var out []*aggregation
	for _, name := range sortedNames(given) {
		members, ok := given[name].(map[string]any)
		if !ok {
			return nil, parsing("Aggregation definition for [%s starts with a value, expected a [START_OBJECT].", name)
		}
		a := &aggregation{name: name}
		for _, member := range sortedNames(members) {
			if err := a.member(member, members[member], depth); err != nil {
				return nil, err
			}
		}
		if a.kind == "" {
			return nil, parsing("Missing definition for aggregation [%s]", name)
		}
		var err error
		if a.work, err = a.build(); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func (a *aggregation) member(name string, value any, depth int) (err error) {
	switch name {
	case "aggs", "aggregations":
		a.subs, err = parseNested(value, depth+1)
		return err
	case "meta":
		a.meta = value
		return nil
	}
	body, ok := value.(map[string]any)
	if !ok {
		return parsing("Expected [START_OBJECT] under [%s], but got a value in [%s]", name, a.name)
	}
	if a.kind != "" {
		return parsing("Found two aggregation type definitions in [%s]: [%s] and [%s]", a.name, a.kind, name)
	}
	a.kind, a.body = name, body
	return nil
}

// build checks the aggregation's own members.
func (a *aggregation) build() (computing, error) {
	switch a.kind {
	case "avg", "min", "max", "sum", "value_count", "stats", "percentiles", "cardinality":
		if len(a.subs) > 0 {
			return nil, &Error{
				Type: "aggregation_initialization_exception", Status: http.StatusInternalServerError,
				Reason: "Aggregator [" + a.name + "] of type [" + a.kind + "] cannot accept sub-aggregations",
			}
		}
		return a.parseMetric()
	case "terms":
		return a.parseTerms()
	case "date_histogram":
		return a.parseDateHistogram()
	case "histogram":
		return a.parseHistogram()
	case "range":
		return a.parseRanges()
	case "filter":
		filter, err := parseQuery(a.body)
		return &filterAggregation{a, filter}, err
	case "filters", "missing", "global", "nested", "reverse_nested", "children", "sampler", "significant_terms", "significant_text", "rare_terms",
		"date_range", "ip_range", "geo_distance", "geohash_grid", "geotile_grid", "geo_bounds", "geo_centroid", "composite", "auto_date_histogram",
		"variable_width_histogram", "multi_terms", "adjacency_matrix", "top_hits", "scripted_metric", "extended_stats", "percentile_ranks",
		"weighted_avg", "median_absolute_deviation", "matrix_stats", "diversified_sampler",
		"avg_bucket", "min_bucket", "max_bucket", "sum_bucket", "stats_bucket", "extended_stats_bucket", "percentiles_bucket", "derivative",
		"cumulative_sum", "moving_avg", "moving_fn", "bucket_script", "bucket_selector", "bucket_sort", "serial_diff":
		return nil, gap("the aggregation [%s]", a.kind)
	}
	return nil, parsing("Unknown aggregation type [%s]", a.kind)
}

// only refuses members of the body beyond those named; the second list names
// what OpenSearch has.
func (a *aggregation) only(names, missing []string) error {
	for _, name := range sortedNames(a.body) {
		switch {
		case slices.Contains(names, name):
		case slices.Contains(missing, name):
			return gap("[%s] of [%s] aggregations", name, a.kind)
		default:
			return &Error{Type: "x_content_parse_exception", Reason: "[" + a.kind + "] unknown field [" + name + "]", Status: http.StatusBadRequest}
		}
	}
	return nil
}

func (a *aggregation) fieldName() (string, error) {
	name, ok := a.body["field"].(string)
	if !ok || name == "" {
		return "", illegal("Required one of fields [field, script], but none were specified. ")
	}
	return name, nil
}

// column finds the values to aggregate; nil where the index has no such field.
func (a *aggregation) column(v *view, path string, numeric bool) (*column, error) {
	f := v.field(path)
	switch {
	case isMetadata(path):
		return nil, gap("aggregations on [%s]", path)
	case f == nil:
		return nil, nil
	case f.kind == kindText:
		return nil, textError(path)
	case f.kind == kindGeo, numeric && f.kind == kindKeyword:
		return nil, illegal("Field [%s] of type [%s] is not supported for aggregation [%s]", path, f.kind, a.kind)
	}
	return f.column, nil
}

// collectAll computes aggregations over one index and adds them to results.
func collectAll(aggs []*aggregation, v *view, slots []uint32, results []partial) error {
	for i, a := range aggs {
		if a.invalid != nil {
			return a.invalid
		}
		p, err := a.work.collect(v, slots)
		if err != nil {
			return err
		}
		if results[i] == nil {
			results[i] = p
		} else {
			results[i].merge(p)
		}
	}
	return nil
}

func mergeAll(results, others []partial) {
	for i := range results {
		results[i].merge(others[i])
	}
}

// renderAll is the results by name.
func renderAll(aggs []*aggregation, results []partial) (map[string]any, error) {
	out := make(map[string]any, len(aggs))
	for i, a := range aggs {
		rendered, err := results[i].render()
		if err != nil {
			return nil, err
		}
		if a.meta != nil {
			rendered["meta"] = a.meta
		}
		out[a.name] = rendered
	}
	return out, nil
}
