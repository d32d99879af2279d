package conformance

const small = `{"settings":{"number_of_replicas":0},"mappings":{"properties":{"n":{"type":"long"},"k":{"type":"keyword"},"t":{"type":"text"},"d":{"type":"date"},"b":{"type":"boolean"},"f":{"type":"double"},"fl":{"type":"float"}}}}`

func indexLife() []step {
	return []step{
		{"HEAD /IX", "", 404, ""},
		{"GET /IX", "", 404, `{"error":{"root_cause":[{"type":"index_not_found_exception"}],"type":"index_not_found_exception","reason":"no such index [IX]","index":"IX","resource.id":"IX","resource.type":"index_or_alias","index_uuid":"_na_"},"status":404}`},
		{"PUT /IX", small, 200, `{"acknowledged":true,"shards_acknowledged":true,"index":"IX"}`},
		{"HEAD /IX", "", 200, ""},
		{"PUT /IX", "", 400, `{"error":{"type":"resource_already_exists_exception","index":"IX"}}`},
		{"GET /IX", "", 200, `{"IX":{"aliases":{},"mappings":{"properties":{"n":{"type":"long"},"k":{"type":"keyword"}}},"settings":{"index":{"number_of_shards":"1","number_of_replicas":"0","provided_name":"IX","uuid":"*","creation_date":"*"}}}}`},
		{"GET /IX/_settings", "", 200, `{"IX":{"settings":{"index":{"number_of_replicas":"0"}}}}`},
		{"PUT /IX/_settings", `{"index":{"refresh_interval":"5s"}}`, 200, `{"acknowledged":true}`},
		{"GET /IX/_settings", "", 200, `{"IX":{"settings":{"index":{"refresh_interval":"5s"}}}}`},
		{"PUT /IX/_settings", `{"number_of_shards":5}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"*"}}`},
		{"PUT /IX-a", `{"settings":{"refresh_interval":"abc"}}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"failed to parse setting [index.refresh_interval] with value [abc] as a time value: unit is missing or unrecognized"}}`},
		{"PUT /IX-a", `{"settings":{"bogus":1}}`, 400, `{"error":{"type":"illegal_argument_exception"}}`},
		{"PUT /IX-a", `{"bogus":1}`, 400, `{"error":{"type":"parse_exception","reason":"unknown key [bogus] for create index"}}`},
		{"PUT /IX-Upper", "", 400, `{"error":{"type":"invalid_index_name_exception","reason":"Invalid index name [IX-Upper], must be lowercase"}}`},
		{"PUT /_IX", "", 400, `{"error":{"type":"invalid_index_name_exception","reason":"Invalid index name [_IX], must not start with '_', '-', or '+'"}}`},
		{"DELETE /IX", "", 200, `{"acknowledged":true}`},
		{"DELETE /IX", "", 404, `{"error":{"type":"index_not_found_exception"}}`},
		{"DELETE /IX-none*", "", 200, `{"acknowledged":true}`},
		{"GET /IX/_search", "", 404, `{"error":{"type":"index_not_found_exception"}}`},
		{"PATCH /IX", "", 405, ""},
	}
}

func mappings() []step {
	return []step{
		{"PUT /IX", small, 200, ""},
		{"PUT /IX/_mapping", `{"properties":{"x":{"type":"keyword","ignore_above":10},"o":{"properties":{"p":{"type":"integer"}}},"m":{"type":"text","fields":{"raw":{"type":"keyword"}}}}}`, 200, `{"acknowledged":true}`},
		{"GET /IX/_mapping", "", 200, `{"IX":{"mappings":{"properties":{"x":{"type":"keyword","ignore_above":10},"o":{"properties":{"p":{"type":"integer"}}},"m":{"type":"text","fields":{"raw":{"type":"keyword"}}}}}}}`},
		{"PUT /IX/_mapping", `{"properties":{"n":{"type":"keyword"}}}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"mapper [n] cannot be changed from type [long] to [keyword]"}}`},
		{"PUT /IX/_mapping", `{"properties":{"y":{"type":"foo"}}}`, 400, `{"error":{"type":"mapper_parsing_exception","reason":"No handler for type [foo] declared on field [y]"}}`},
		{"PUT /IX/_mapping", `{"properties":{"y":{"type":"long","bogus":1}}}`, 400, `{"error":{"type":"mapper_parsing_exception","reason":"unknown parameter [bogus] on mapper [y] of type [long]"}}`},
		{"PUT /IX-b", `{"mappings":{"bogus":1}}`, 400, `{"error":{"type":"mapper_parsing_exception","reason":"Failed to parse mapping [_doc]: Root mapping definition has unsupported parameters:  [bogus : 1]"}}`},
		{"PUT /IX-s", `{"mappings":{"dynamic":"strict","properties":{"n":{"type":"long"}}}}`, 200, ""},
		{"PUT /IX-s/_doc/1", `{"n":1,"z":2}`, 400, `{"error":{"type":"strict_dynamic_mapping_exception","reason":"mapping set to strict, dynamic introduction of [z] within [_doc] is not allowed"}}`},
		{"PUT /IX-f", `{"mappings":{"dynamic":false,"properties":{"n":{"type":"long"}}}}`, 200, ""},
		{"PUT /IX-f/_doc/1?refresh=true", `{"n":1,"z":2}`, 201, ""},
		{"GET /IX-f/_search", `{"query":{"term":{"z":2}}}`, 200, `{"hits":{"total":{"value":0}}}`},
		{"GET /IX-f/_mapping", "", 200, `{"IX-f":{"mappings":{"dynamic":"false","properties":{"z":null}}}}`},
		{"PUT /IX-l", `{"settings":{"index.mapping.total_fields.limit":2}}`, 200, ""},
		{"PUT /IX-l/_doc/1", `{"a":1,"b":2,"c":3}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"Limit of total fields [2] has been exceeded"}}`},
		{"PUT /IX-d", `{"mappings":{"properties":{"at":{"type":"date","format":"yyyy-MM-dd HH:mm:ss||epoch_second"}}}}`, 200, ""},
		{"PUT /IX-d/_doc/1?refresh=true", `{"at":"2026-11-21 10:00:00"}`, 201, ""},
		{"PUT /IX-d/_doc/2?refresh=true", `{"at":1795255201}`, 201, ""},
		{"GET /IX-d/_search", `{"sort":["at"],"size":1,"aggs":{"m":{"max":{"field":"at"}}}}`, 200, `{"hits":{"hits":[{"sort":[1795255200000]}]},"aggregations":{"m":{"value":1795255201000,"value_as_string":"2026-11-21 10:00:01"}}}`},
	}
}

func dynamicMapping() []step {
	return []step{
		{"PUT /IX/_doc/1", `{"l":5,"f":1.5,"b":false,"s":"abc","d":"2026-11-21","dt":"2026-11-21T10:00:00.000Z","o":{"p":"x"},"a":[1,2],"n":null,"e":[],"y":"2026"}`, 201, ""},
		{"GET /IX/_mapping", "", 200, `{"IX":{"mappings":{"properties":{"l":{"type":"long"},"f":{"type":"float"},"b":{"type":"boolean"},"s":{"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}},"d":{"type":"date"},"dt":{"type":"date"},"o":{"properties":{"p":{"type":"text"}}},"a":{"type":"long"},"n":null,"e":null,"y":{"type":"*"}}}}}`},
		{"PUT /IX/_doc/2", `{"l":"abc"}`, 400, `{"error":{"type":"mapper_parsing_exception","reason":"failed to parse field [l] of type [long] in document with id '2'. Preview of field's value: 'abc'","caused_by":{"type":"illegal_argument_exception","reason":"For input string: \"abc\""}}}`},
		{"PUT /IX/_doc/2", `{"d":"abc"}`, 400, `{"error":{"type":"mapper_parsing_exception","reason":"failed to parse field [d] of type [date] in document with id '2'. Preview of field's value: 'abc'","caused_by":{"type":"illegal_argument_exception","reason":"failed to parse date field [abc] with format [strict_date_optional_time||epoch_millis]"}}}`},
		{"PUT /IX/_doc/2", `{"b":"maybe"}`, 400, `{"error":{"type":"mapper_parsing_exception","caused_by":{"reason":"Failed to parse value [maybe] as only [true] or [false] are allowed."}}}`},
		{"PUT /IX/_doc/2", `{"o":"text"}`, 400, `{"error":{"type":"mapper_parsing_exception","reason":"object mapping for [o] tried to parse field [o] as object, but found a concrete value"}}`},
		{"PUT /IX/_doc/2", `{"s":{"x":1}}`, 400, `{"error":{"type":"mapper_parsing_exception"}}`},
		{"PUT /IX/_doc/2", `{bad`, 400, `{"error":{"type":"mapper_parsing_exception","reason":"failed to parse"}}`},
		{"PUT /IX/_doc/2", `[1]`, 400, `{"error":{"type":"mapper_parsing_exception","reason":"failed to parse"}}`},
		{"PUT /IX/_doc/2", ``, 400, `{"error":{"type":"parse_exception","reason":"request body is required"}}`},
		{"PUT /IX/_doc/2", `{"l":"7","f":"2.5","b":"true","s":12,"dots.in.names":3}`, 201, ""},
		{"GET /IX/_mapping", "", 200, `{"IX":{"mappings":{"properties":{"dots":{"properties":{"in":{"properties":{"names":{"type":"long"}}}}}}}}}`},
		{"POST /IX/_refresh", "", 200, ""},
		{"GET /IX/_count", `{"query":{"term":{"l":7}}}`, 200, `{"count":1}`},
		{"GET /IX/_count", `{"query":{"term":{"a":2}}}`, 200, `{"count":1}`},
		{"GET /IX/_count", `{"query":{"term":{"s.keyword":"12"}}}`, 200, `{"count":1}`},
		{"GET /IX/_count", `{"query":{"term":{"dots.in.names":3}}}`, 200, `{"count":1}`},
		{"GET /IX/_count", `{"query":{"exists":{"field":"o"}}}`, 200, `{"count":1}`},
		{"PUT /IX-m/_doc/1", `{"x":["a",1]}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"mapper [x] cannot be changed from type [text] to [long]"}}`},
		{"PUT /IX-m/_doc/1", `{"x":[1,[2.5]]}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"mapper [x] cannot be changed from type [long] to [float]"}}`},
		{"PUT /IX-m/_doc/1", `{"x":["2026-11-21","word"]}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"mapper [x] cannot be changed from type [date] to [text]"}}`},
		{"PUT /IX-m/_doc/1", `{"x":[true,1]}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"mapper [x] cannot be changed from type [boolean] to [long]"}}`},
		{"PUT /IX-m/_doc/1", `{"o":[{"x":1},{"x":2.5}]}`, 400, `{"error":{"type":"illegal_argument_exception"}}`},
		{"PUT /IX-m/_doc/1", `{"x":[null,1,2],"y":["a","b"]}`, 201, ""},
		{"PUT /IX-m/_doc/2", `{"x":[1.5,"2"],"y":[1,true]}`, 201, ""},
	}
}

func templates() []step {
	return []step{
		{"PUT /_index_template/IX-t", `{"index_patterns":["IX-2*"],"priority":5,"template":{"settings":{"number_of_shards":2,"index":{"number_of_replicas":"0"}},"mappings":{"properties":{"a":{"type":"keyword"}}},"aliases":{"IX-all":{}}}}`, 200, `{"acknowledged":true}`},
		{"GET /_index_template/IX-t", "", 200, `{"index_templates":[{"name":"IX-t","index_template":{"index_patterns":["IX-2*"],"template":{"settings":{"index":{"number_of_shards":"2","number_of_replicas":"0"}},"mappings":{"properties":{"a":{"type":"keyword"}}},"aliases":{"IX-all":{}}},"composed_of":[],"priority":5}}]}`},
		{"HEAD /_index_template/IX-t", "", 200, ""},
		{"HEAD /_index_template/IX-none", "", 404, ""},
		{"GET /_index_template/IX-none", "", 404, `{"error":{"type":"resource_not_found_exception","reason":"index template matching [IX-none] not found"}}`},
		{"PUT /_index_template/IX-u", `{"index_patterns":["IX-2*"],"priority":5}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"index template [IX-u] has index patterns [IX-2*] matching patterns from existing templates [IX-t] with patterns (IX-t => [IX-2*]) that have the same priority [5], multiple index templates may not match during index creation, please use a different priority"}}`},
		{"PUT /_index_template/IX-u", `{"bogus":5}`, 400, `{"error":{"type":"x_content_parse_exception"}}`},
		{"PUT /_index_template/IX-u", `{"index_patterns":["IX-2026*"],"priority":9,"template":{"mappings":{"properties":{"b":{"type":"long"}}}}}`, 200, ""},
		{"PUT /IX-2025/_doc/1", `{"a":"x"}`, 201, ""},
		{"GET /IX-2025", "", 200, `{"IX-2025":{"aliases":{"IX-all":{}},"mappings":{"properties":{"a":{"type":"keyword"}}},"settings":{"index":{"number_of_shards":"2"}}}}`},
		{"PUT /IX-2026", `{"mappings":{"properties":{"c":{"type":"date"}}}}`, 200, ""},
		{"GET /IX-2026", "", 200, `{"IX-2026":{"aliases":{},"mappings":{"properties":{"a":null,"b":{"type":"long"},"c":{"type":"date"}}},"settings":{"index":{"number_of_shards":"1"}}}}`},
		{"DELETE /_index_template/IX-u", "", 200, `{"acknowledged":true}`},
		{"DELETE /_index_template/IX-t", "", 200, ""},
		{"DELETE /_index_template/IX-t", "", 404, `{"error":{"type":"index_template_missing_exception","reason":"index_template [IX-t] missing"}}`},
	}
}

func aliases() []step {
	return []step{
		{"PUT /IX-1", small, 200, ""},
		{"PUT /IX-2", small, 200, ""},
		{"POST /_aliases", `{"actions":[{"add":{"index":"IX-1","alias":"IX-a","is_write_index":true}},{"add":{"index":"IX-2","alias":"IX-a"}}]}`, 200, `{"acknowledged":true}`},
		{"GET /_alias/IX-a", "", 200, `{"IX-1":{"aliases":{"IX-a":{"is_write_index":true}}},"IX-2":{"aliases":{"IX-a":{}}}}`},
		{"GET /IX-1/_alias", "", 200, `{"IX-1":{"aliases":{"IX-a":{"is_write_index":true}}}}`},
		{"HEAD /_alias/IX-a", "", 200, ""},
		{"HEAD /_alias/IX-none", "", 404, ""},
		{"GET /_alias/IX-none", "", 404, `{"error":"alias [IX-none] missing","status":404}`},
		{"PUT /IX-a/_doc/1?refresh=true", `{"n":1}`, 201, `{"_index":"IX-1"}`},
		{"GET /IX-a/_search", "", 200, `{"hits":{"total":{"value":1},"hits":[{"_index":"IX-1","_id":"1"}]}}`},
		{"POST /_aliases", `{"actions":[{"remove":{"index":"IX-2","alias":"IX-none"}}]}`, 404, `{"error":{"type":"aliases_not_found_exception","reason":"aliases [IX-none] missing"}}`},
		{"PUT /IX-1/_alias/IX-b", "", 200, `{"acknowledged":true}`},
		{"PUT /IX-2/_alias/IX-b", "", 200, ""},
		{"PUT /IX-b/_doc/1", `{"n":1}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"no write index is defined for alias [IX-b]. The write index may be explicitly disabled using is_write_index=false or the alias points to multiple indices without one being designated as a write index"}}`},
		{"DELETE /IX-b", "", 400, `{"error":{"type":"illegal_argument_exception","reason":"The provided expression [IX-b] matches an alias, specify the corresponding concrete indices instead."}}`},
		{"POST /_aliases", `{"actions":[{"remove":{"index":"IX-1","alias":"IX-a"}},{"add":{"index":"IX-2","alias":"IX-a","is_write_index":true}}]}`, 200, ""},
		{"PUT /IX-a/_doc/2?refresh=true", `{"n":2}`, 201, `{"_index":"IX-2"}`},
		{"DELETE /IX-2/_alias/IX-b", "", 200, ""},
		{"PUT /IX-b/_doc/3", `{"n":1}`, 201, `{"_index":"IX-1"}`},
		{"PUT /IX-b", "", 400, `{"error":{"type":"invalid_index_name_exception"}}`},
	}
}
