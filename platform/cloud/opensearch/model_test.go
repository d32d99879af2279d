package opensearch

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// item is a document of the model; a nil slice is a field that is not there.
type item struct {
	id string
	n  []int64
	f  []float64
	k  []string
	t  string
	d  []int64 // Unix milliseconds
}

func (m item) source() string {
	members := map[string]any{}
	for name, value := range map[string]any{"n": m.n, "f": m.f, "k": m.k, "d": m.d} {
		if raw, _ := json.Marshal(value); string(raw) != "null" {
			members[name] = value
		}
	}
	if m.t != "" {
		members["t"] = m.t
	}
	out, _ := json.Marshal(members)
	return string(out)
}

const modelEpoch = 1_795_219_200_000 // 2026-11-21

func drawItem(r *rapid.T, id string) item {
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"red", "Green", "blue", "cab"}), 0, 5)
	return item{
		id: id,
		n:  rapid.SliceOfN(rapid.Int64Range(-3, 6), 0, 2).Draw(r, "n"),
		f:  rapid.SliceOfN(rapid.Map(rapid.IntRange(-4, 9), func(i int) float64 { return float64(i) / 4 }), 0, 2).Draw(r, "f"),
		k:  rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", "c"}), 0, 3).Draw(r, "k"),
		t:  strings.Join(words.Draw(r, "t"), " "),
		d:  rapid.SliceOfN(rapid.Map(rapid.Int64Range(0, 300), func(i int64) int64 { return modelEpoch + i*30_000 }), 0, 1).Draw(r, "d"),
	}
}

// predicate is a query and what it means, said again in the plainest way.
type predicate struct {
	query string
	holds func(item) bool
}

func drawPredicate(r *rapid.T, depth int) predicate {
	kinds := []string{"all", "term n", "term k", "terms", "range n", "range f", "range d", "exists", "match", "prefix", "ids"}
	if depth > 0 {
		kinds = append(kinds, "bool", "bool", "bool")
	}
	switch kind := rapid.SampledFrom(kinds).Draw(r, "kind"); kind {
	case "term n":
		v := rapid.Int64Range(-3, 6).Draw(r, "v")
		return predicate{fmt.Sprintf(`{"term":{"n":%d}}`, v), func(m item) bool { return slices.Contains(m.n, v) }}
	case "term k":
		v := rapid.SampledFrom([]string{"a", "b", "ab", "z"}).Draw(r, "v")
		return predicate{fmt.Sprintf(`{"term":{"k":%q}}`, v), func(m item) bool { return slices.Contains(m.k, v) }}
	case "terms":
		return predicate{`{"terms":{"k":["b","c"]}}`, func(m item) bool { return slices.Contains(m.k, "b") || slices.Contains(m.k, "c") }}
	case "range n":
		low, high := rapid.Int64Range(-3, 6).Draw(r, "low"), rapid.Int64Range(-3, 6).Draw(r, "high")
		return predicate{fmt.Sprintf(`{"range":{"n":{"gt":%d,"lte":%d}}}`, low, high), func(m item) bool {
			return slices.ContainsFunc(m.n, func(v int64) bool { return v > low && v <= high })
		}}
	case "range f":
		low := rapid.Float64Range(-2, 2).Draw(r, "low")
		return predicate{fmt.Sprintf(`{"range":{"f":{"gte":%g}}}`, low), func(m item) bool {
			return slices.ContainsFunc(m.f, func(v float64) bool { return v >= low })
		}}
	case "range d":
		minute := rapid.Int64Range(0, 150).Draw(r, "minute")
		text := fmt.Sprintf("2026-11-21T%02d:%02d", minute/60, minute%60)
		return predicate{fmt.Sprintf(`{"range":{"d":{"gt":%q}}}`, text), func(m item) bool {
			return slices.ContainsFunc(m.d, func(v int64) bool { return v >= modelEpoch+(minute+1)*60_000 })
		}}
	case "exists":
		return predicate{`{"exists":{"field":"d"}}`, func(m item) bool { return len(m.d) > 0 }}
	case "match":
		return predicate{`{"match":{"t":{"query":"RED green","operator":"and"}}}`, func(m item) bool {
			return strings.Contains(m.t, "red") && strings.Contains(m.t, "Green")
		}}
	case "prefix":
		return predicate{`{"prefix":{"k":"a"}}`, func(m item) bool { return slices.Contains(m.k, "a") || slices.Contains(m.k, "ab") }}
	case "ids":
		return predicate{`{"ids":{"values":["1","3","5"]}}`, func(m item) bool { return slices.Contains([]string{"1", "3", "5"}, m.id) }}
	case "bool":
		return drawBool(r, depth-1)
	}
	return predicate{`{"match_all":{}}`, func(item) bool { return true }}
}

func drawBool(r *rapid.T, depth int) predicate {
	draw := func(name string) (queries string, all []predicate) {
		n := rapid.IntRange(0, 2).Draw(r, name)
		texts := make([]string, n)
		for i := range n {
			p := drawPredicate(r, depth)
			texts[i], all = p.query, append(all, p)
		}
		return "[" + strings.Join(texts, ",") + "]", all
	}
	mustText, must := draw("must")
	shouldText, should := draw("should")
	notText, not := draw("must not")
	least := rapid.IntRange(0, 2).Draw(r, "least")
	return predicate{
		fmt.Sprintf(`{"bool":{"must":%s,"should":%s,"must_not":%s,"minimum_should_match":%d}}`, mustText, shouldText, notText, least),
		func(m item) bool {
			n := 0
			for _, p := range should {
				if p.holds(m) {
					n++
				}
			}
			if len(should) > 0 && len(must) == 0 && n == 0 || len(should)+len(must) > 0 && n < least {
				return false
			}
			return !slices.ContainsFunc(must, func(p predicate) bool { return !p.holds(m) }) &&
				!slices.ContainsFunc(not, func(p predicate) bool { return p.holds(m) })
		},
	}
}

// Random documents, written, replaced and deleted, are found, sorted and summed
// up as a model of a few lines does it.
func TestAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		b := newBench(t, Config{})
		b.must("PUT", "/x", `{"mappings":{"properties":{"n":{"type":"long"},"f":{"type":"double"},"k":{"type":"keyword"},"t":{"type":"text"},"d":{"type":"date"}}}}`)
		model := map[string]item{}
		for range rapid.IntRange(1, 40).Draw(r, "writes") {
			id := fmt.Sprint(rapid.IntRange(1, 15).Draw(r, "id"))
			if rapid.IntRange(0, 5).Draw(r, "delete") == 0 {
				b.do("DELETE", "/x/_doc/"+id, "")
				delete(model, id)
				continue
			}
			m := drawItem(r, id)
			b.must("PUT", "/x/_doc/"+id, m.source())
			model[id] = m
		}
		if rapid.Bool().Draw(r, "compact") {
			b.must("POST", "/x/_refresh", "")
			b.s.indexes["x"].compact()
		}
		b.must("POST", "/x/_refresh", "")
		p := drawPredicate(r, 3)
		var found []item
		for _, m := range model {
			if p.holds(m) {
				found = append(found, m)
			}
		}
		checkSearch(r, b, p, found)
		checkAggregations(r, b, p, found)
	})
}

// checkSearch compares a sorted search, page by page.
func checkSearch(r *rapid.T, b bench, p predicate, found []item) {
	sort.Slice(found, func(i, j int) bool {
		x, y := smallest(found[i].n), smallest(found[j].n)
		return x < y || x == y && found[i].id < found[j].id
	})
	var got []string
	after := ""
	for {
		out := b.must("POST", "/x/_search", `{"size":4,"sort":["n","_id"],"query":`+p.query+after+`}`)
		hits := out["hits"].(map[string]any)
		if total := hits["total"].(map[string]any)["value"].(float64); int(total) != len(found) {
			r.Fatalf("%s finds %v, want %d", p.query, total, len(found))
		}
		list := hits["hits"].([]any)
		if len(list) == 0 {
			break
		}
		for _, h := range list {
			got = append(got, h.(map[string]any)["_id"].(string))
		}
		last, _ := json.Marshal(got[len(got)-1])
		key := smallest(found[min(len(got), len(found))-1].n)
		after = fmt.Sprintf(`,"search_after":[%d,%s]`, key, last)
	}
	want := make([]string, len(found))
	for i, m := range found {
		want[i] = m.id
	}
	if !slices.Equal(got, want) {
		r.Fatalf("%s finds %v, want %v", p.query, got, want)
	}
}

func smallest(list []int64) int64 {
	if len(list) == 0 {
		return math.MaxInt64
	}
	return slices.Min(list)
}

// checkAggregations compares terms with a sum inside, and minutes with a count.
func checkAggregations(r *rapid.T, b bench, p predicate, found []item) {
	out := b.must("POST", "/x/_search", `{"size":0,"query":`+p.query+`,"aggs":{"k":{"terms":{"field":"k","size":2},"aggs":{"f":{"sum":{"field":"f"}}}},`+
		`"d":{"date_histogram":{"field":"d","fixed_interval":"7m","min_doc_count":1}},"c":{"cardinality":{"field":"n"}},"v":{"value_count":{"field":"f"}}}}`)
	aggs := out["aggregations"].(map[string]any)
	counts, sums, minutes, distinct, values := map[string]int{}, map[string]float64{}, map[int64]int{}, map[int64]bool{}, 0
	for _, m := range found {
		for _, k := range slices.Compact(slices.Sorted(slices.Values(m.k))) {
			counts[k]++
			for _, f := range m.f {
				sums[k] += f
			}
		}
		for _, d := range m.d {
			minutes[d/420_000*420_000]++
		}
		for _, n := range m.n {
			distinct[n] = true
		}
		values += len(m.f)
	}
	keys := make([]string, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		return counts[keys[i]] > counts[keys[j]] || counts[keys[i]] == counts[keys[j]] && keys[i] < keys[j]
	})
	want, other := "", 0
	for i, k := range keys {
		if i < 2 {
			want += fmt.Sprintf("%s:%d:%g ", k, counts[k], sums[k])
		} else {
			other += counts[k]
		}
	}
	got := ""
	for _, one := range aggs["k"].(map[string]any)["buckets"].([]any) {
		bucket := one.(map[string]any)
		got += fmt.Sprintf("%v:%v:%g ", bucket["key"], bucket["doc_count"], bucket["f"].(map[string]any)["value"])
	}
	if rest := aggs["k"].(map[string]any)["sum_other_doc_count"]; got != want || rest != float64(other) {
		r.Fatalf("%s: terms %s and %v others, want %s and %d", p.query, got, rest, want, other)
	}
	list := aggs["d"].(map[string]any)["buckets"].([]any)
	for _, one := range list {
		bucket := one.(map[string]any)
		if key := int64(bucket["key"].(float64)); bucket["doc_count"] != float64(minutes[key]) {
			r.Fatalf("%s: %v at %d, want %d", p.query, bucket["doc_count"], key, minutes[key])
		}
	}
	if c, v := aggs["c"].(map[string]any)["value"], aggs["v"].(map[string]any)["value"]; len(list) != len(minutes) || c != float64(len(distinct)) || v != float64(values) {
		r.Fatalf("%s: %d intervals, %v distinct, %v values, want %d, %d, %d", p.query, len(list), c, v, len(minutes), len(distinct), values)
	}
}
