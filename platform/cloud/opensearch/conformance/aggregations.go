package conformance

// aggregates is a step: the aggregation a over the documents gives this.
func aggregates(aggregation, result string) step {
	return step{"POST /IX/_search", `{"size":0,"aggs":{"a":` + aggregation + `}}`, 200, `{"hits":{"hits":[]},"aggregations":{"a":` + result + `}}`}
}

func metrics() []step {
	return append(three(),
		aggregates(`{"avg":{"field":"f"}}`, `{"value":1.75}`),
		aggregates(`{"min":{"field":"n"}}`, `{"value":1.0}`),
		aggregates(`{"max":{"field":"d"}}`, `{"value":1795255350000,"value_as_string":"2026-11-21T10:02:30.000Z"}`),
		aggregates(`{"sum":{"field":"fl"}}`, `{"value":3.3000000715255737}`),
		aggregates(`{"value_count":{"field":"k"}}`, `{"value":4}`),
		aggregates(`{"cardinality":{"field":"k"}}`, `{"value":3}`),
		aggregates(`{"cardinality":{"field":"n"}}`, `{"value":3}`),
		aggregates(`{"stats":{"field":"n"}}`, `{"count":3,"min":1.0,"max":3.0,"avg":2.0,"sum":6.0}`),
		aggregates(`{"stats":{"field":"d"}}`, `{"count":2,"min_as_string":"2026-11-21T10:00:30.000Z","avg_as_string":"2026-11-21T10:01:30.000Z"}`),
		aggregates(`{"percentiles":{"field":"f"}}`, `{"values":{"1.0":1.0,"5.0":1.0,"25.0":1.0,"50.0":1.75,"75.0":2.5,"95.0":2.5,"99.0":2.5}}`),
		aggregates(`{"percentiles":{"field":"n","percents":[50,99.9],"keyed":false}}`, `{"values":[{"key":50.0,"value":2.0},{"key":99.9,"value":3.0}]}`),
		aggregates(`{"avg":{"field":"zz"}}`, `{"value":null}`),
		aggregates(`{"sum":{"field":"zz"}}`, `{"value":0.0}`),
		aggregates(`{"stats":{"field":"zz"}}`, `{"count":0,"min":null,"max":null,"avg":null,"sum":0.0}`),
		aggregates(`{"percentiles":{"field":"zz"}}`, `{"values":{"50.0":null}}`),
		aggregates(`{"avg":{"field":"f"},"meta":{"x":1}}`, `{"value":1.75,"meta":{"x":1}}`),
		step{"POST /IX/_search", `{"size":1,"query":{"term":{"k":"a"}},"aggs":{"s":{"sum":{"field":"n"}},"m":{"max":{"field":"n"}}}}`, 200, `{"hits":{"total":{"value":2}},"aggregations":{"s":{"value":4.0},"m":{"value":3.0}}}`},
	)
}

func buckets() []step {
	return append(three(),
		aggregates(`{"terms":{"field":"k"}}`, `{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":"a","doc_count":2},{"key":"b","doc_count":1},{"key":"c","doc_count":1}]}`),
		aggregates(`{"terms":{"field":"k","size":1}}`, `{"sum_other_doc_count":2,"buckets":[{"key":"a","doc_count":2}]}`),
		aggregates(`{"terms":{"field":"k","min_doc_count":2}}`, `{"buckets":[{"key":"a"}]}`),
		aggregates(`{"terms":{"field":"k","order":{"_key":"desc"}}}`, `{"buckets":[{"key":"c"},{"key":"b"},{"key":"a"}]}`),
		aggregates(`{"terms":{"field":"k","order":{"_term":"desc"}}}`, `{"buckets":[{"key":"c"},{"key":"b"},{"key":"a"}]}`),
		aggregates(`{"terms":{"field":"k","order":[{"_count":"asc"},{"_key":"desc"}]}}`, `{"buckets":[{"key":"c"},{"key":"b"},{"key":"a"}]}`),
		aggregates(`{"terms":{"field":"k","order":{"m":"desc"}},"aggs":{"m":{"max":{"field":"n"}}}}`, `{"buckets":[{"key":"a","m":{"value":3.0}},{"key":"c","m":{"value":3.0}},{"key":"b","m":{"value":2.0}}]}`),
		aggregates(`{"terms":{"field":"k","order":{"m.avg":"asc"}},"aggs":{"m":{"stats":{"field":"n"}}}}`, `{"buckets":[{"key":"a"},{"key":"b"},{"key":"c"}]}`),
		aggregates(`{"terms":{"field":"n"}}`, `{"buckets":[{"key":1,"doc_count":1},{"key":2},{"key":3}]}`),
		aggregates(`{"terms":{"field":"f"}}`, `{"buckets":[{"key":1.0,"doc_count":1},{"key":2.5}]}`),
		aggregates(`{"terms":{"field":"b"}}`, `{"buckets":[{"key":0,"key_as_string":"false","doc_count":1},{"key":1,"key_as_string":"true","doc_count":1}]}`),
		aggregates(`{"terms":{"field":"d"}}`, `{"buckets":[{"key":1795255230000,"key_as_string":"2026-11-21T10:00:30.000Z","doc_count":1},{"key":1795255350000}]}`),
		aggregates(`{"terms":{"field":"zz"}}`, `{"buckets":[]}`),
		aggregates(`{"filter":{"range":{"n":{"gte":2}}},"aggs":{"m":{"sum":{"field":"n"}}}}`, `{"doc_count":2,"m":{"value":5.0}}`),
		aggregates(`{"range":{"field":"f","ranges":[{"to":2},{"from":2,"key":"hi"},{"from":1,"to":3}]}}`, `{"buckets":[{"key":"*-2.0","to":2.0,"doc_count":1},{"key":"1.0-3.0","from":1.0,"to":3.0,"doc_count":2},{"key":"hi","from":2.0,"doc_count":1}]}`),
		aggregates(`{"range":{"field":"n","keyed":true,"ranges":[{"to":2}]},"aggs":{"m":{"avg":{"field":"f"}}}}`, `{"buckets":{"*-2.0":{"to":2.0,"doc_count":1,"m":{"value":1.0}}}}`),
		aggregates(`{"terms":{"field":"k"},"aggs":{"b":{"terms":{"field":"b"},"aggs":{"n":{"terms":{"field":"n"},"aggs":{"s":{"stats":{"field":"f"}}}}}}}}`,
			`{"buckets":[{"key":"a","b":{"buckets":[{"key":1,"n":{"buckets":[{"key":1,"s":{"count":1,"sum":1.0}}]}}]}},{"key":"b","b":{"buckets":[{"key":0}]}},{"key":"c","b":{"buckets":[]}}]}`),
		step{"POST /IX/_search", `{"size":0,"aggs":{"a":{"terms":{"field":"k","size":0}}}}`, 400, ""},
	)
}

func histograms() []step {
	return append(three(),
		aggregates(`{"date_histogram":{"field":"d","fixed_interval":"1m"}}`, `{"buckets":[{"key_as_string":"2026-11-21T10:00:00.000Z","key":1795255200000,"doc_count":1},{"key":1795255260000,"doc_count":0},{"key":1795255320000,"doc_count":1}]}`),
		aggregates(`{"date_histogram":{"field":"d","fixed_interval":"1m","min_doc_count":1},"aggs":{"m":{"avg":{"field":"n"}}}}`, `{"buckets":[{"key":1795255200000,"doc_count":1,"m":{"value":1.0}},{"key":1795255320000,"m":{"value":2.0}}]}`),
		aggregates(`{"date_histogram":{"field":"d","calendar_interval":"day","format":"yyyy-MM-dd"}}`, `{"buckets":[{"key_as_string":"2026-11-21","key":1795219200000,"doc_count":2}]}`),
		aggregates(`{"date_histogram":{"field":"d","calendar_interval":"1w"}}`, `{"buckets":[{"key_as_string":"2026-11-16T00:00:00.000Z","doc_count":2}]}`),
		aggregates(`{"date_histogram":{"field":"d","calendar_interval":"month"}}`, `{"buckets":[{"key_as_string":"2026-11-01T00:00:00.000Z","doc_count":2}]}`),
		aggregates(`{"date_histogram":{"field":"d","calendar_interval":"quarter"}}`, `{"buckets":[{"key_as_string":"2026-10-01T00:00:00.000Z","doc_count":2}]}`),
		aggregates(`{"date_histogram":{"field":"d","calendar_interval":"year"}}`, `{"buckets":[{"key_as_string":"2026-01-01T00:00:00.000Z","doc_count":2}]}`),
		aggregates(`{"date_histogram":{"field":"d","calendar_interval":"day","time_zone":"+14:00"}}`, `{"buckets":[{"key_as_string":"2026-11-22T00:00:00.000+14:00","key":1795255200000,"doc_count":2}]}`),
		aggregates(`{"date_histogram":{"field":"d","fixed_interval":"12h","time_zone":"+05:30"}}`, `{"buckets":[{"key_as_string":"2026-11-21T12:00:00.000+05:30","key":1795242600000,"doc_count":2}]}`),
		aggregates(`{"date_histogram":{"field":"d","calendar_interval":"day","offset":21600000}}`, `{"buckets":[{"key_as_string":"2026-11-21T06:00:00.000Z","doc_count":2}]}`),
		aggregates(`{"date_histogram":{"field":"d","calendar_interval":"day","offset":"+6h"}}`, `{"buckets":[{"key_as_string":"2026-11-21T06:00:00.000Z","doc_count":2}]}`),
		aggregates(`{"date_histogram":{"field":"d","fixed_interval":"1m","extended_bounds":{"min":"2026-11-21T09:59:00Z","max":"2026-11-21T10:03:00Z"}}}`, `{"buckets":[{"key_as_string":"2026-11-21T09:59:00.000Z","doc_count":0},{"doc_count":1},{"doc_count":0},{"doc_count":1},{"key_as_string":"2026-11-21T10:03:00.000Z","doc_count":0}]}`),
		aggregates(`{"date_histogram":{"field":"d","fixed_interval":"90s","keyed":true}}`, `{"buckets":{"2026-11-21T10:00:00.000Z":{"key":1795255200000,"doc_count":1},"2026-11-21T10:01:30.000Z":{"doc_count":1}}}`),
		aggregates(`{"date_histogram":{"field":"d","fixed_interval":"1m","min_doc_count":1,"order":{"_key":"desc"}}}`, `{"buckets":[{"key":1795255320000},{"key":1795255200000}]}`),
		aggregates(`{"date_histogram":{"field":"zz","fixed_interval":"1m"}}`, `{"buckets":[]}`),
		aggregates(`{"histogram":{"field":"d","interval":86400000}}`, `{"buckets":[{"key":1795219200000,"key_as_string":"2026-11-21T00:00:00.000Z","doc_count":2}]}`),
		aggregates(`{"histogram":{"field":"d","interval":86400000,"keyed":true}}`, `{"buckets":{"2026-11-21T00:00:00.000Z":{"doc_count":2}}}`),
		aggregates(`{"filter":{"match_none":{}},"aggs":{"m":{"sum":{"field":"d"}},"s":{"stats":{"field":"d"}}}}`, `{"m":{"value":0.0,"value_as_string":"1970-01-01T00:00:00.000Z"},"s":{"sum":0.0,"sum_as_string":null}}`),
		aggregates(`{"histogram":{"field":"n","interval":2}}`, `{"buckets":[{"key":0.0,"doc_count":1},{"key":2.0,"doc_count":2}]}`),
		aggregates(`{"histogram":{"field":"f","interval":0.5,"offset":0.25}}`, `{"buckets":[{"key":0.75,"doc_count":1},{"key":1.25,"doc_count":0},{"key":1.75,"doc_count":0},{"key":2.25,"doc_count":1}]}`),
		aggregates(`{"histogram":{"field":"n","interval":1,"extended_bounds":{"min":0,"max":4}}}`, `{"buckets":[{"key":0.0,"doc_count":0},{"key":1.0},{"key":2.0},{"key":3.0},{"key":4.0,"doc_count":0}]}`),
		aggregates(`{"terms":{"field":"k"},"aggs":{"h":{"date_histogram":{"field":"d","fixed_interval":"1m","min_doc_count":1},"aggs":{"p":{"percentiles":{"field":"f","percents":[50]}}}}}}`,
			`{"buckets":[{"key":"a","h":{"buckets":[{"key":1795255200000,"doc_count":1,"p":{"values":{"50.0":1.0}}}]}},{"key":"b","h":{"buckets":[{"key":1795255320000}]}},{"key":"c","h":{"buckets":[]}}]}`),
		step{"POST /IX/_search", `{"size":0,"aggs":{"a":{"date_histogram":{"field":"d","fixed_interval":"1ms"}}}}`, 503, `{"error":{"type":"search_phase_execution_exception"}}`},
	)
}

func severalIndexes() []step {
	return []step{
		{"PUT /IX-1", small, 200, ""},
		{"PUT /IX-2", small, 200, ""},
		{"PUT /IX-3", `{"settings":{"number_of_replicas":0}}`, 200, ""},
		{"POST /_bulk?refresh=true", `{"index":{"_index":"IX-1","_id":"1"}}
{"n":1,"k":"a","f":1,"d":"2026-11-21T10:00:00Z"}
{"index":{"_index":"IX-1","_id":"2"}}
{"n":4,"k":"b","f":2,"d":"2026-11-21T10:01:00Z"}
{"index":{"_index":"IX-2","_id":"3"}}
{"n":2,"k":"a","f":4,"d":"2026-11-22T10:00:00Z"}
{"index":{"_index":"IX-2","_id":"4"}}
{"n":3,"k":"c","f":8,"d":"2026-11-22T10:00:00Z"}
`, 200, `{"errors":false}`},
		{"POST /IX-1,IX-2/_search", `{"sort":["n"],"from":1,"size":2}`, 200, `{"_shards":{"total":2},"hits":{"total":{"value":4},"hits":[{"_index":"IX-2","_id":"3"},{"_index":"IX-2","_id":"4"}]}}`},
		{"POST /IX-*/_search", `{"size":0,"aggs":{"k":{"terms":{"field":"k"},"aggs":{"s":{"sum":{"field":"f"}},"p":{"percentiles":{"field":"f","percents":[50]}},"c":{"cardinality":{"field":"k"}}}}}}`, 200, `{"_shards":{"total":3},"hits":{"total":{"value":4}},"aggregations":{"k":{"buckets":[{"key":"a","doc_count":2,"s":{"value":5.0},"p":{"values":{"50.0":2.5}},"c":{"value":1}},{"key":"b","s":{"value":2.0}},{"key":"c","s":{"value":8.0}}]}}}`},
		{"POST /IX-*/_search", `{"size":0,"aggs":{"h":{"date_histogram":{"field":"d","calendar_interval":"day"},"aggs":{"m":{"max":{"field":"n"}}}}}}`, 200, `{"aggregations":{"h":{"buckets":[{"doc_count":2,"m":{"value":4.0}},{"doc_count":2,"m":{"value":3.0}}]}}}`},
		{"POST /IX-*,-IX-2/_search", `{"size":0}`, 200, `{"_shards":{"total":2},"hits":{"total":{"value":2}}}`},
		{"GET /IX-1,IX-none/_search", "", 404, `{"error":{"type":"index_not_found_exception","index":"IX-none"}}`},
		{"GET /IX-1,IX-none/_search?ignore_unavailable=true", "", 200, `{"hits":{"total":{"value":2}}}`},
		{"GET /IX-none*/_search", "", 200, `{"_shards":{"total":0},"hits":{"total":{"value":0,"relation":"eq"},"max_score":0.0,"hits":[]}}`},
		{"GET /IX-none*/_search?allow_no_indices=false", "", 404, ""},
		{"GET /IX-*/_count", "", 200, `{"count":4}`},
		{"GET /IX-*/_doc/1", "", 404, ""},
		{"DELETE /IX-1,IX-2", "", 200, ""},
		{"GET /IX-*/_count", "", 200, `{"count":0}`},
	}
}

func otherRequests() []step {
	return append(three(),
		step{"GET /", "", 200, `{"version":{"distribution":"opensearch","number":"2.19.3"},"tagline":"*","cluster_name":"*","cluster_uuid":"*","name":"*"}`},
		step{"HEAD /", "", 200, ""},
		step{"GET /_cluster/health/IX", "", 200, `{"status":"green","timed_out":false,"number_of_nodes":1,"active_primary_shards":1,"unassigned_shards":0}`},
		step{"GET /_cluster/health", "", 200, `{"status":"*","active_primary_shards":"*"}`},
		step{"GET /_cat/indices/IX?format=json", "", 200, `[{"health":"green","status":"open","index":"IX","pri":"1","rep":"0","docs.count":"3","docs.deleted":"0","store.size":"*"}]`},
		step{"GET /_cat/indices/IX?h=index,docs.count", "", 200, "IX 3\n"},
		step{"GET /_cat/indices/IX?v&h=health,docs.count", "", 200, "health docs.count\ngreen           3\n"},
		step{"GET /_cat/indices/IX?v&h=i,dc", "", 200, "i "},
		step{"GET /_cat/indices/IX?h=i,docs.count&format=json", "", 200, `[{"i":"IX","docs.count":"3"}]`},
		step{"GET /_cat/health?format=json", "", 200, `[{"cluster":"*","status":"*","node.total":"1"}]`},
		step{"GET /_cat/health?h=node.total", "", 200, "1\n"},
		step{"POST /_mget", `{"docs":[{"_index":"IX","_id":"1"},{"_index":"IX","_id":"none"},{"_index":"IX-none","_id":"1"}]}`, 200, `{"docs":[{"_index":"IX","_id":"1","_version":1,"found":true,"_source":{"n":1}},{"_id":"none","found":false},{"_index":"IX-none","_id":"1","error":{"type":"index_not_found_exception","root_cause":[{"type":"index_not_found_exception"}]}}]}`},
		step{"POST /IX/_mget?_source_includes=n", `{"ids":["1","2"]}`, 200, `{"docs":[{"_id":"1","_source":{"n":1,"k":null}},{"_id":"2"}]}`},
		step{"POST /_msearch", "{\"index\":\"IX\"}\n{\"size\":0}\n{\"index\":\"IX-none\"}\n{\"size\":0}\n", 200, `{"responses":[{"hits":{"total":{"value":3}},"status":200},{"error":{"type":"index_not_found_exception"},"status":404}]}`},
		step{"POST /IX/_msearch", "{}\n{\"query\":{\"term\":{\"n\":1}}}\n", 200, `{"responses":[{"hits":{"total":{"value":1}}}]}`},
		step{"POST /IX/_delete_by_query?refresh=true", `{"query":{"term":{"k":"b"}}}`, 200, `{"total":1,"deleted":1,"version_conflicts":0,"failures":[]}`},
		step{"GET /IX/_count", "", 200, `{"count":2}`},
		step{"POST /IX/_flush", "", 200, `{"_shards":{"failed":0}}`},
		step{"GET /_IX/bar/baz", "", 400, `{"error":"no handler found for uri [/_IX/bar/baz] and method [GET]"}`},
		step{"PATCH /IX/_doc/1", "", 405, `{"error":"*","status":405}`},
		step{"GET /IX/_doc", "", 405, `{"error":"Incorrect HTTP method for uri [/IX/_doc] and method [GET], allowed: [POST]","status":405}`},
	)
}
