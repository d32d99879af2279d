package opensearch

import (
	"encoding/json"
	"testing"
	"time"
)

// FuzzQuery throws searches at two documents: whatever comes is answered with
// hits or with a structured error, and no panic.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"query":{"match_all":{}}}`, `{"query":{"bool":{"must":[{"term":{"k":"a"}}],"should":[{"match":{"t":"x y"}}],"minimum_should_match":"50%"}}}`,
		`{"query":{"range":{"d":{"gte":"now-1h/m","lt":"2026-11-21||+1M/d"}}},"sort":[{"n":{"order":"desc","missing":"_first"}},"_doc"],"search_after":[1,2]}`,
		`{"size":0,"aggs":{"a":{"terms":{"field":"k","order":{"b.avg":"desc"}},"aggs":{"b":{"stats":{"field":"n"}}}}}}`,
		`{"aggs":{"a":{"date_histogram":{"field":"d","calendar_interval":"month","extended_bounds":{"min":"2026","max":"2027"}}}}}`,
		`{"aggs":{"a":{"histogram":{"field":"n","interval":0.1}},"b":{"range":{"field":"n","ranges":[{"to":1}]}},"c":{"percentiles":{"field":"n","percents":[0,100]}}}}`,
		`{"query":{"wildcard":{"k":{"value":"*a?*","case_insensitive":true}}},"_source":{"includes":["a.*"]},"from":1,"size":3}`,
	} {
		f.Add([]byte(seed))
	}
	b := newBench(f, Config{})
	b.must("POST", "/x/_bulk?refresh=true", "{\"index\":{\"_id\":\"1\"}}\n{\"n\":1,\"k\":\"a\",\"t\":\"x y\",\"d\":\"2026-11-21\"}\n{\"index\":{\"_id\":\"2\"}}\n{\"n\":2.5,\"o\":{\"p\":[1,2]}}\n")
	f.Fuzz(func(t *testing.T, body []byte) {
		code, out := bench{t, b.s}.do("POST", "/x/_search", string(body))
		switch failed, hasError := out["error"].(map[string]any); {
		case code == 200 && out["hits"] == nil, code != 200 && !hasError, hasError && (failed["type"] == "" || failed["type"] == "exception"):
			t.Errorf("%d %v", code, out)
		}
	})
}

// FuzzAggregations throws aggregations at documents with values of every kind:
// the same answers as FuzzQuery, and never more buckets than are allowed.
func FuzzAggregations(f *testing.F) {
	for _, seed := range []string{
		`{"a":{"terms":{"field":"k","size":1,"order":[{"_count":"asc"},{"_key":"desc"}],"min_doc_count":2}}}`,
		`{"a":{"date_histogram":{"field":"d","fixed_interval":"90m","offset":"-30m","time_zone":"+05:30","min_doc_count":0,"format":"yyyy-MM-dd HH:mm"},"aggs":{"b":{"cardinality":{"field":"k"}}}}}`,
		`{"a":{"histogram":{"field":"f","interval":1e-9,"extended_bounds":{"min":-1e9,"max":1e9}}}}`,
		`{"a":{"range":{"field":"d","keyed":true,"ranges":[{"from":"now-1d","to":"2026-11-22||/d","key":"x"}]},"aggs":{"b":{"terms":{"field":"b"}}}}}`,
		`{"a":{"filter":{"bool":{"must_not":[{"exists":{"field":"f"}}]}},"aggs":{"b":{"percentiles":{"field":"f","percents":[1,50.5,99.9],"keyed":false}},"c":{"stats":{"field":"d"}}}}}`,
		`{"a":{"sum":{"field":"b"}},"b":{"value_count":{"field":"t.keyword"}},"c":{"avg":{"field":"none"}},"d":{"max":{"field":"d","format":"epoch_second"}}}`,
	} {
		f.Add([]byte(seed))
	}
	b := newBench(f, Config{})
	b.must("PUT", "/x", `{"mappings":{"properties":{"k":{"type":"keyword"},"f":{"type":"double"},"d":{"type":"date"},"b":{"type":"boolean"}}}}`)
	b.must("POST", "/x/_bulk?refresh=true", `{"index":{"_id":"1"}}
{"k":["a","b"],"f":[1.5,-1e300],"d":"2026-11-21T10:00:00Z","b":true,"t":"some words"}
{"index":{"_id":"2"}}
{"k":"a","f":1e300,"d":["0001-01-01","9999-12-31"],"b":[true,false],"n":9007199254740993}
{"index":{"_id":"3"}}
{"n":-1}
`)
	f.Fuzz(func(t *testing.T, aggregations []byte) {
		code, out := bench{t, b.s}.do("POST", "/x/_search", `{"size":0,"aggs":`+string(aggregations)+`}`)
		if failed, _ := out["error"].(map[string]any); code == 200 && out["hits"] == nil || code != 200 && (failed["type"] == nil || failed["type"] == "exception") {
			t.Errorf("%d %v", code, out)
		}
	})
}

// FuzzBulk throws bodies at _bulk: each is refused as a whole, or every item
// has its answer.
func FuzzBulk(f *testing.F) {
	for _, seed := range []string{
		"{\"index\":{\"_id\":\"1\"}}\n{\"n\":1}\n", "{\"delete\":{\"_id\":\"1\",\"version\":3,\"version_type\":\"external\"}}\n", "\n", "{}\n",
		"{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{\"n\":[1,{}]},\"doc_as_upsert\":true}\n{\"create\":{\"_id\":\"1\"}}\r\n{\"a.b\":{\"c\":\"\\ud83d\\ude00\"}}\r\n",
		"{\"index\":{\"_index\":\"x,y\",\"if_seq_no\":1,\"if_primary_term\":1}}\n[]\n", "{\"index\":null}\n{}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b := newBench(t, Config{})
		code, out := b.do("POST", "/x/_bulk", string(body))
		if items, ok := out["items"].([]any); code == 200 && (!ok || len(items) == 0) || code != 200 && out["error"] == nil {
			t.Errorf("%d %v", code, out)
		}
		b.must("POST", "/_refresh", "")
		b.must("GET", "/_search", "")
	})
}

// FuzzScanner compares with encoding/json: what one takes the other takes.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-0.5e+3,true,null,"\u00e4\n"]}`, `01`, `"\ud800"`, `[1,]`, `{"a" 1}`, `-`, `1e`, "\"\x01\"", `nul`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s := scanner{src: src}
		err := s.skip()
		if err == nil {
			err = s.end()
		}
		if valid := json.Valid(src); valid != (err == nil) && err != errDepth && len(src) > 0 && !hasBadUTF8(src) {
			t.Errorf("%q: %v, but json.Valid is %v", src, err, valid)
		}
	})
}

func hasBadUTF8(src []byte) bool { return string([]rune(string(src))) != string(src) }

// FuzzDates: date math never panics, and what a format writes it reads.
func FuzzDates(f *testing.F) {
	for _, seed := range []string{"now-1h/m", "2026-11-21||/w", "2026-11-21T10:00:00.123+05:30", "1795255200000", "2026||+5y-3M/q", "9999-12-31", "now/"} {
		f.Add(seed)
	}
	format, err := newDateFormat(defaultDateFormat)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, up := range []bool{false, true} {
			_, _ = format.dateMath(text, time.Unix(1_790_000_000, 0), up) // only panics matter
		}
		if ms, ok := parseISO(text, false); ok {
			if back, ok := format.parse(format.format(ms), false); !ok || back != ms {
				t.Errorf("%q is %d, written %s, read %d", text, ms, format.format(ms), back)
			}
		}
	})
}
