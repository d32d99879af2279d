package conformance

// three documents that most searches look at.
func three() []step {
	return []step{
		{"PUT /IX", small, 200, ""},
		{"POST /IX/_bulk?refresh=true", `{"index":{"_id":"1"}}
{"n":1,"k":"a","t":"the quick brown fox","d":"2026-11-21T10:00:30Z","b":true,"f":1,"fl":1.1}
{"index":{"_id":"2"}}
{"n":2,"k":"b","t":"the lazy dog dog","d":"2026-11-21T10:02:30Z","b":false,"f":2.5,"fl":2.2}
{"index":{"_id":"3"}}
{"n":3,"k":["a","c"],"t":"Quick dog, isn't it?","o":{"p":7}}
`, 200, `{"errors":false}`},
	}
}

// finds is a step: the query finds these documents, in the order of n.
func finds(query, hits string) step {
	return step{"POST /IX/_search", `{"sort":["n"],"query":` + query + `}`, 200, `{"hits":{"hits":[` + hits + `]}}`}
}

const (
	one   = `{"_id":"1"}`
	two   = `{"_id":"2"}`
	third = `{"_id":"3"}`
)

func queries() []step {
	return append(three(),
		finds(`{"match_all":{}}`, one+","+two+","+third),
		finds(`{"match_none":{}}`, ""),
		finds(`{"term":{"k":"a"}}`, one+","+third),
		finds(`{"term":{"k":{"value":"A","case_insensitive":true}}}`, one+","+third),
		finds(`{"term":{"n":2}}`, two),
		finds(`{"term":{"n":"2"}}`, two),
		finds(`{"term":{"n":2.5}}`, ""),
		finds(`{"term":{"b":true}}`, one),
		finds(`{"term":{"b":"false"}}`, two),
		finds(`{"term":{"t":"quick"}}`, one+","+third),
		finds(`{"term":{"t":"Quick"}}`, ""),
		finds(`{"term":{"t":"isn't"}}`, third),
		finds(`{"term":{"d":"2026-11-21T10:02:30.000Z"}}`, two),
		finds(`{"term":{"none":"x"}}`, ""),
		finds(`{"terms":{"k":["b","c"]}}`, two+","+third),
		finds(`{"terms":{"n":[1,3,9]}}`, one+","+third),
		finds(`{"range":{"n":{"gte":2}}}`, two+","+third),
		finds(`{"range":{"n":{"gt":2}}}`, third),
		finds(`{"range":{"n":{"gt":1.5,"lt":2.5}}}`, two),
		finds(`{"range":{"f":{"gt":1,"lte":2.5}}}`, two),
		finds(`{"range":{"fl":{"gte":1.1,"lt":2.2}}}`, one),
		finds(`{"range":{"k":{"gte":"b"}}}`, two+","+third),
		finds(`{"range":{"d":{"gte":"2026-11-21T10:01","lt":"2026-11-22"}}}`, two),
		finds(`{"range":{"d":{"lte":"2026-11-21||/d"}}}`, one+","+two),
		finds(`{"range":{"d":{"gt":"2026-11-21"}}}`, ""),
		finds(`{"range":{"d":{"lt":1795255300000}}}`, one),
		finds(`{"range":{"d":{"gte":"21/11/2026","format":"dd/MM/yyyy"}}}`, one+","+two),
		finds(`{"exists":{"field":"d"}}`, one+","+two),
		finds(`{"exists":{"field":"o"}}`, third),
		finds(`{"exists":{"field":"none"}}`, ""),
		finds(`{"ids":{"values":["1","3","9"]}}`, one+","+third),
		finds(`{"prefix":{"k":"a"}}`, one+","+third),
		finds(`{"wildcard":{"k":{"value":"?"}}}`, one+","+two+","+third),
		finds(`{"wildcard":{"t":"qu*k"}}`, one+","+third),
		finds(`{"match":{"t":"QUICK dog"}}`, one+","+two+","+third),
		finds(`{"match":{"t":{"query":"quick dog","operator":"and"}}}`, third),
		finds(`{"match":{"t":{"query":"quick brown dog","minimum_should_match":2}}}`, one+","+third),
		finds(`{"match":{"k":"a"}}`, one+","+third),
		finds(`{"match":{"n":3}}`, third),
		finds(`{"bool":{"must":[{"term":{"k":"a"}}],"filter":{"range":{"n":{"gte":2}}}}}`, third),
		finds(`{"bool":{"must_not":{"term":{"k":"a"}}}}`, two),
		finds(`{"bool":{"should":[{"term":{"n":1}},{"term":{"n":2}}]}}`, one+","+two),
		finds(`{"bool":{"filter":{"match_all":{}},"should":[{"term":{"n":1}}]}}`, one+","+two+","+third),
		finds(`{"bool":{"filter":{"match_all":{}},"should":[{"term":{"n":1}}],"minimum_should_match":1}}`, one),
		finds(`{"bool":{"should":[{"term":{"k":"a"}},{"term":{"k":"c"}},{"term":{"n":1}}],"minimum_should_match":2}}`, one+","+third),
		finds(`{"bool":{"should":[{"term":{"n":1}}],"minimum_should_match":0}}`, one),
		finds(`{"bool":{"should":[{"term":{"n":1}}],"minimum_should_match":"50%"}}`, one),
		finds(`{"bool":{"must_not":[{"term":{"n":1}}],"minimum_should_match":1}}`, two+","+third),
		finds(`{"bool":{"must":[{"term":{"n":1}}],"should":[{"term":{"n":1}}],"minimum_should_match":2}}`, ""),
		finds(`{"bool":{"must":[{"term":{"n":1}}],"minimum_should_match":1}}`, ""),
		finds(`{"bool":{"must":null,"filter":{"term":{"n":1}}}}`, one),
		finds(`{"bool":{}}`, one+","+two+","+third),
		finds(`{"constant_score":{"filter":{"term":{"n":1}}}}`, one),
		finds(`{"bool":{"filter":[{"bool":{"should":[{"term":{"n":1}},{"term":{"n":3}}]}},{"bool":{"must_not":[{"term":{"k":"c"}}]}}]}}`, one),
		step{"POST /IX/_search", `{"query":{"match":{"t":"brown"}}}`, 200, `{"hits":{"total":{"value":1,"relation":"eq"},"max_score":"*","hits":[{"_id":"1","_score":"*"}]}}`},
		step{"POST /IX/_search", `{"query":{"term":{"k":"a"}}}`, 200, `{"hits":{"max_score":0.52354836,"hits":[{"_id":"1","_score":0.52354836},{"_id":"3"}]}}`},
		step{"POST /IX/_search", `{"query":{"bool":{"should":[{"term":{"k":"a"}},{"term":{"n":2}}]}}}`, 200, `{"hits":{"max_score":1.0,"hits":[{"_id":"2","_score":1.0},{"_id":"1"},{"_id":"3"}]}}`},
		step{"POST /IX/_search", `{"query":{"bool":{"filter":[{"term":{"k":"a"}}]}}}`, 200, `{"hits":{"max_score":0.0,"hits":[{"_id":"1","_score":0.0},{"_id":"3"}]}}`},
		step{"POST /IX/_search", `{"query":{"term":{"b":true}}}`, 200, `{"hits":{"max_score":0.6931472,"hits":[{"_id":"1","_score":0.6931472}]}}`},
		step{"POST /IX/_search", `{"query":{"match":{"t":"dog"}},"min_score":100}`, 200, `{"hits":{"total":{"value":0},"max_score":null,"hits":[]}}`},
		step{"GET /IX/_count", `{"query":{"term":{"k":"a"}}}`, 200, `{"count":2,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0}}`},
	)
}

func dates() []step {
	var out []step
	out = append(out, step{"PUT /IX", small, 200, ""})
	for _, doc := range []struct{ id, date string }{
		{"1", `"2026-11-21"`},
		{"2", `"2026-11-21T10"`},
		{"3", `"2026-11-21T10:15:20.123456Z"`},
		{"4", `"2026-11-21T10:00:00+02:00"`},
		{"5", `1795255200000`},
		{"6", `"1795255200001"`},
		{"7", `"2026-11"`},
		{"8", `"2026"`},
		{"9", `"2026-11-21T10:15:20.5UTC"`},
	} {
		out = append(out, step{"PUT /IX/_doc/" + doc.id, `{"n":` + doc.id + `,"d":` + doc.date + `}`, 201, ""})
	}
	for _, bad := range []string{`"21.11.2026"`, `"2026-13-01"`, `"2026-02-30"`, `"2026-11-21T25:00:00Z"`, `true`, `"2026-1-1"`, `1.7e12`, `"1e3"`, `"+3"`, `".5"`} {
		out = append(out, step{"PUT /IX/_doc/bad", `{"d":` + bad + `}`, 400, `{"error":{"type":"mapper_parsing_exception"}}`})
	}
	return append(out,
		step{"POST /IX/_refresh", "", 200, ""},
		step{"POST /IX/_search", `{"sort":["d","n"],"_source":false}`, 200, `{"hits":{"hits":[{"_id":"8","sort":[1767225600000,8]},{"_id":"7","sort":[1793491200000,7]},{"_id":"1","sort":[1795219200000,1]},{"_id":"4","sort":[1795248000000,4]},{"_id":"2","sort":[1795255200000,2]},{"_id":"5","sort":[1795255200000,5]},{"_id":"6","sort":[1795255200001,6]},{"_id":"3","sort":[1795256120123,3]},{"_id":"9","sort":[1795256120500,9]}]}}`},
		finds(`{"range":{"d":{"gt":"2026-11-21T10:15","lt":"now+100y"}}}`, ``),
		finds(`{"range":{"d":{"gte":"2026-11-21T10:15"}}}`, `{"_id":"3"},{"_id":"9"}`),
		finds(`{"range":{"d":{"gte":"2026-11-21T12:00||-1h-45m/m"}}}`, `{"_id":"3"},{"_id":"9"}`),
		finds(`{"range":{"d":{"lt":"2026-11-21||/M"}}}`, `{"_id":"8"}`),
		finds(`{"range":{"d":{"lte":"2026-11-21||/y"}}}`, `{"_id":"1"},{"_id":"2"},{"_id":"3"},{"_id":"4"},{"_id":"5"},{"_id":"6"},{"_id":"7"},{"_id":"8"},{"_id":"9"}`),
		finds(`{"range":{"d":{"gt":"2026-11-21||/w","lt":"2026-11-22||/w"}}}`, ``),
		finds(`{"term":{"d":"2026-11-21T10:15:20"}}`, `{"_id":"3"},{"_id":"9"}`),
	)
}

func sorting() []step {
	return append(three(),
		step{"POST /IX/_search", `{"sort":[{"n":"desc"}],"_source":false}`, 200, `{"hits":{"total":{"value":3,"relation":"eq"},"max_score":null,"hits":[{"_id":"3","_score":null,"sort":[3],"_source":null},{"_id":"2","sort":[2]},{"_id":"1","sort":[1]}]}}`},
		step{"POST /IX/_search", `{"sort":[{"d":"asc"},{"k":{"order":"desc"}}],"_source":["n"]}`, 200, `{"hits":{"hits":[{"_id":"1","_source":{"n":1,"k":null},"sort":[1795255230000,"a"]},{"_id":"2","sort":[1795255350000,"b"]},{"_id":"3","sort":[9223372036854775807,"c"]}]}}`},
		step{"POST /IX/_search", `{"sort":[{"k":{"order":"asc"}},{"n":"desc"}]}`, 200, `{"hits":{"hits":[{"_id":"3","sort":["a",3]},{"_id":"1","sort":["a",1]},{"_id":"2","sort":["b",2]}]}}`},
		step{"POST /IX/_search", `{"sort":[{"f":{"order":"asc","missing":"_first"}}]}`, 200, `{"hits":{"hits":[{"_id":"3","sort":["-Infinity"]},{"_id":"1","sort":[1.0]},{"_id":"2","sort":[2.5]}]}}`},
		step{"POST /IX/_search", `{"sort":[{"f":{"order":"desc","missing":2}}],"_source":{"excludes":["t"]}}`, 200, `{"hits":{"hits":[{"_id":"2","sort":[2.5],"_source":{"n":2,"t":null}},{"_id":"3","sort":[2.0]},{"_id":"1","sort":[1.0]}]}}`},
		step{"POST /IX/_search", `{"sort":[{"d":{"order":"desc","missing":"_first"}}]}`, 200, `{"hits":{"hits":[{"_id":"3","sort":[9223372036854775807]},{"_id":"2"},{"_id":"1"}]}}`},
		step{"POST /IX/_search", `{"sort":[{"b":"asc"}],"size":2}`, 200, `{"hits":{"hits":[{"_id":"2","sort":[0]},{"_id":"1","sort":[1]}]}}`},
		step{"POST /IX/_search", `{"sort":[{"b":"asc"}],"from":2}`, 200, `{"hits":{"hits":[{"_id":"3","sort":[2147483647]}]}}`},
		step{"POST /IX/_search", `{"sort":[{"fl":"asc"}],"search_after":[1.1],"size":1}`, 200, `{"hits":{"hits":[{"_id":"2","sort":[2.2]}]}}`},
		step{"POST /IX/_search", `{"sort":["_doc"],"from":1,"size":1}`, 200, `{"hits":{"total":{"value":3},"hits":[{"_id":"2"}]}}`},
		step{"POST /IX/_search", `{"sort":[{"zz":{"order":"asc","unmapped_type":"long"}},"n"],"size":1}`, 200, `{"hits":{"hits":[{"_id":"1","sort":[9223372036854775807,1]}]}}`},
		step{"POST /IX/_search", `{"sort":[{"n":"asc"}],"search_after":[1],"size":1}`, 200, `{"hits":{"total":{"value":3},"hits":[{"_id":"2"}]}}`},
		step{"POST /IX/_search", `{"sort":[{"d":"asc"},{"n":"asc"}],"search_after":[1795255350000,2]}`, 200, `{"hits":{"hits":[{"_id":"3"}]}}`},
		step{"POST /IX/_search", `{"sort":[{"k":"asc"},{"n":"asc"}],"search_after":["a",1]}`, 200, `{"hits":{"hits":[{"_id":"3"},{"_id":"2"}]}}`},
		step{"POST /IX/_search", `{"sort":["_score",{"n":"desc"}],"query":{"match_all":{}}}`, 200, `{"hits":{"max_score":null,"hits":[{"_id":"3","_score":1.0,"sort":[1.0,3]},{"_id":"2"},{"_id":"1"}]}}`},
		step{"POST /IX/_search", `{"sort":"_score","query":{"match_all":{}},"size":1}`, 200, `{"hits":{"max_score":1.0,"hits":[{"_id":"1","_score":1.0,"sort":null}]}}`},
		step{"POST /IX/_search", `{"sort":[{"_score":{"order":"asc"}}],"query":{"match_all":{}},"size":1}`, 200, `{"hits":{"max_score":null,"hits":[{"_id":"1","_score":1.0,"sort":[1.0]}]}}`},
		step{"POST /IX/_search", `{"sort":["_score"],"search_after":[1]}`, 400, ""},
		step{"POST /IX/_search", `{"sort":[{"n":"desc"}],"track_scores":true,"size":1,"query":{"bool":{"should":[{"match_all":{}},{"term":{"n":1}}]}}}`, 200, `{"hits":{"max_score":2.0,"hits":[{"_id":"3","_score":1.0,"sort":[3]}]}}`},
		step{"POST /IX/_search", `{"sort":["n"],"track_scores":true,"search_after":[3]}`, 200, `{"hits":{"max_score":1.0,"hits":[]}}`},
		step{"POST /IX/_search", `{"from":1,"size":0}`, 200, `{"hits":{"max_score":null,"hits":[]}}`},
		step{"POST /IX/_search", `{"sort":["n"],"track_scores":true,"from":1,"size":0}`, 200, `{"hits":{"max_score":null,"hits":[]}}`},
		step{"POST /IX/_search", `{"sort":[{"d":{"missing":"2026-11-21"}}]}`, 400, `{"error":{"type":"search_phase_execution_exception"}}`},
		step{"POST /IX/_search", `{"sort":{"k":"asc","b":"desc","n":"asc"},"_source":false}`, 200, `{"hits":{"hits":[{"_id":"1","sort":["a",1,1]},{"_id":"3"},{"_id":"2"}]}}`},
		step{"POST /IX/_search", `{"size":2,"sort":[{"k":"asc","b":"asc"}]}`, 200, `{"hits":{"hits":[{"_id":"1","sort":["a",1]},{"_id":"3"}]}}`},
		step{"POST /IX/_msearch", "{}\n{\"size\":2,\"sort\":{\"k\":\"asc\",\"b\":\"asc\"}}\n", 200, `{"responses":[{"hits":{"hits":[{"_id":"1","sort":["a",1]},{"_id":"3"}]}}]}`},
		step{"GET /IX/_search?size=1&sort=n:desc&_source_includes=k", "", 200, `{"hits":{"hits":[{"_id":"3","_source":{"k":["a","c"],"n":null}}]}}`},
		step{"POST /IX/_search", `{"sort":["n"],"version":true,"seq_no_primary_term":true,"size":1}`, 200, `{"hits":{"hits":[{"_version":1,"_seq_no":0,"_primary_term":1}]}}`},
		step{"POST /IX/_search", `{"size":0,"track_total_hits":false}`, 200, `{"hits":{"total":null,"max_score":null,"hits":[]}}`},
		step{"POST /IX/_search", `{"size":0,"track_total_hits":-1}`, 200, `{"hits":{"total":null}}`},
		step{"POST /IX/_search", `{"size":0,"track_total_hits":0}`, 200, `{"hits":{"total":{"value":0,"relation":"gte"}}}`},
		step{"POST /IX/_search?track_total_hits=0", `{"query":{"match_none":{}}}`, 200, `{"hits":{"total":{"value":0,"relation":"eq"}}}`},
		step{"POST /IX/_search", `{"size":0,"track_total_hits":2}`, 200, `{"hits":{"total":{"value":2,"relation":"gte"}}}`},
		step{"POST /IX/_search", `{"size":0,"track_total_hits":true}`, 200, `{"hits":{"total":{"value":3,"relation":"eq"}}}`},
		step{"POST /IX/_search", `{"_source":["o.*"],"sort":["n"],"from":2}`, 200, `{"hits":{"hits":[{"_source":{"o":{"p":7},"n":null}}]}}`},
	)
}

func searchErrors() []step {
	failed := func(body string, status int, kind, reason string) step {
		return step{"POST /IX/_search", body, status, `{"error":{"type":"search_phase_execution_exception","reason":"all shards failed","phase":"query","grouped":true,"root_cause":[{"type":"` + kind + `","reason":"` + reason + `"}],"failed_shards":[{"shard":0,"index":"IX","reason":{"type":"` + kind + `"}}]}}`}
	}
	refused := func(body, kind, reason string) step {
		return step{"POST /IX/_search", body, 400, `{"error":{"root_cause":[{"type":"` + kind + `","reason":"` + reason + `"}],"type":"` + kind + `","reason":"` + reason + `"},"status":400}`}
	}
	return append(three(),
		failed(`{"sort":[{"t":"asc"}]}`, 400, "illegal_argument_exception", "*"),
		failed(`{"sort":[{"zz":"asc"}]}`, 400, "query_shard_exception", "No mapping found for [zz] in order to sort on"),
		failed(`{"query":{"term":{"n":"abc"}}}`, 400, "query_shard_exception", `failed to create query: For input string: \"abc\"`),
		failed(`{"from":9999,"size":2}`, 400, "illegal_argument_exception", "Result window is too large, from + size must be less than or equal to: [10000] but was [10001]. See the scroll api for a more efficient way to request large data sets. This limit can be set by changing the [index.max_result_window] index level setting."),
		failed(`{"search_after":[1]}`, 400, "illegal_argument_exception", "Sort must contain at least one field."),
		failed(`{"search_after":[1,2],"sort":["n"]}`, 400, "illegal_argument_exception", "search_after has 2 value(s) but sort has 1."),
		failed(`{"search_after":["x"],"sort":["n"]}`, 400, "illegal_argument_exception", "Failed to parse search_after value for field [n]."),
		failed(`{"size":0,"aggs":{"a":{"terms":{"field":"t"}}}}`, 400, "illegal_argument_exception", "*"),
		failed(`{"size":0,"aggs":{"a":{"avg":{"field":"k"}}}}`, 400, "illegal_argument_exception", "Field [k] of type [keyword] is not supported for aggregation [avg]"),
		failed(`{"size":0,"aggs":{"a":{"terms":{"field":"k","order":{"zz":"asc"}}}}}`, 500, "aggregation_execution_exception", "*"),
		failed(`{"query":{"prefix":{"_id":"1"}}}`, 400, "query_shard_exception", "*"),
		failed(`{"query":{"wildcard":{"_id":"*"}}}`, 400, "query_shard_exception", "*"),
		refused(`{"query":{"term":{"k":{"value":null}}}}`, "illegal_argument_exception", "value cannot be null"),
		refused(`{"query":{"terms":{"k":["a",null]}}}`, "parsing_exception", "No value specified for terms query"),
		refused(`{"query":{"match":{"t":{"query":null}}}}`, "parsing_exception", "[match] unknown token [VALUE_NULL] after [query]"),
		refused(`{"query":{"match":{"t":{"query":"a","operator":"x"}}}}`, "illegal_argument_exception", "No enum constant org.opensearch.index.query.Operator.X"),
		refused(`{"query":{"foo":{}}}`, "parsing_exception", "unknown query [foo]"),
		refused(`{"query":{"range":{"n":{"foo":1}}}}`, "parsing_exception", "[range] query does not support [foo]"),
		refused(`{"query":{"bool":{"foo":[]}}}`, "x_content_parse_exception", "*"),
		refused(`{"foo":1}`, "parsing_exception", "*"),
		refused(`{bad`, "json_parse_exception", "*"),
		refused(`{"size":-1}`, "illegal_argument_exception", "[size] parameter cannot be negative, found [-1]"),
		refused(`{"size":0,"aggs":{"a":{"foo":{"field":"t"}}}}`, "parsing_exception", "Unknown aggregation type [foo]"),
		refused(`{"size":0,"aggs":{"a":{"date_histogram":{"field":"d","calendar_interval":"1x"}}}}`, "x_content_parse_exception", "*"),
		step{"GET /IX/_count", `{"size":1}`, 400, `{"error":{"type":"parsing_exception","reason":"request does not support [size]"}}`},
		step{"GET /IX/_search?foo=1", "", 400, `{"error":{"type":"illegal_argument_exception","reason":"request [/IX/_search] contains unrecognized parameter: [foo]"}}`},
		step{"POST /IX/_search", `{"query":{"term":{"d":"abc"}}}`, 400, `{"error":{"type":"search_phase_execution_exception"}}`},
	)
}

func mediaTypes() []step {
	all := `{"query":{"match_all":{}}}`
	invalid := `{"error":{"type":"content_type_header_exception","root_cause":[{"type":"content_type_header_exception"}]},"status":400}`
	return append(three(),
		step{"POST /IX/_search application/json; charset=UTF-8", all, 200, `{"hits":{"total":{"value":3}}}`},
		step{"POST /IX/_search Application/JSON", all, 200, `{"hits":{"total":{"value":3}}}`},
		step{"POST /IX/_search application/x-ndjson", all, 200, `{"hits":{"total":{"value":3}}}`},
		step{"POST /IX/_search text/csv", all, 406, `{"error":"Content-Type header [text/csv] is not supported","status":406}`},
		step{"GET /IX/_count text/plain; charset=UTF-8", all, 406, `{"error":"Content-Type header [text/plain; charset=UTF-8] is not supported","status":406}`},
		step{"PUT /IX/_doc/4 application/x-www-form-urlencoded", `{"n":4}`, 406, `{"error":"Content-Type header [application/x-www-form-urlencoded] is not supported","status":406}`},
		step{"POST /IX/_bulk application/xml", "{\"index\":{}}\n{}\n", 406, `{"error":"Content-Type header [application/xml] is not supported","status":406}`},
		step{"POST /IX/_bulk?refresh=true application/x-ndjson", "{\"index\":{\"_id\":\"4\"}}\n{\"n\":4}\n", 200, `{"errors":false}`},
		step{"POST /IX/_search -", all, 406, `{"error":"Content-Type header [] is not supported","status":406}`},
		step{"POST /IX/_search json", all, 400, invalid},
		step{"GET /IX/_count text/csv", "", 200, `{"count":4}`},
	)
}
