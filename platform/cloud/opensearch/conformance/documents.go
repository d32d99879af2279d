package conformance

func documents() []step {
	return []step{
		{"PUT /IX", small, 200, ""},
		{"PUT /IX/_doc/1", `{"n":1,"k":"a"}`, 201, `{"_index":"IX","_id":"1","_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1}`},
		{"PUT /IX/_doc/1", `{"n":2,"k":"a"}`, 200, `{"_version":2,"result":"updated","_seq_no":1}`},
		{"GET /IX/_doc/1", "", 200, `{"_index":"IX","_id":"1","_version":2,"_seq_no":1,"_primary_term":1,"found":true,"_source":{"n":2,"k":"a"}}`},
		{"GET /IX/_doc/1?_source=false", "", 200, `{"found":true,"_source":null}`},
		{"GET /IX/_doc/1?_source=n", "", 200, `{"_source":{"n":2,"k":null}}`},
		{"GET /IX/_doc/1?_source_excludes=n", "", 200, `{"_source":{"n":null,"k":"a"}}`},
		{"GET /IX/_source/1", "", 200, `{"n":2,"k":"a"}`},
		{"GET /IX/_source/none", "", 404, `{"error":{"type":"resource_not_found_exception"}}`},
		{"HEAD /IX/_doc/1", "", 200, ""},
		{"HEAD /IX/_doc/none", "", 404, ""},
		{"GET /IX/_doc/none", "", 404, `{"_index":"IX","_id":"none","found":false}`},
		{"GET /IX-none/_doc/1", "", 404, `{"error":{"type":"index_not_found_exception","resource.type":"index_expression"}}`},
		{"PUT /IX/_create/1", `{"n":3}`, 409, `{"error":{"type":"version_conflict_engine_exception","reason":"[1]: version conflict, document already exists (current version [2])","index":"IX","shard":"0","index_uuid":"*"},"status":409}`},
		{"PUT /IX/_doc/1?op_type=create", `{"n":3}`, 409, ""},
		{"POST /IX/_doc", `{"n":3}`, 201, `{"_id":"*","result":"created"}`},
		{"DELETE /IX/_doc/1", "", 200, `{"_id":"1","_version":3,"result":"deleted"}`},
		{"GET /IX/_doc/1", "", 404, `{"found":false}`},
		{"DELETE /IX/_doc/1", "", 404, `{"_id":"1","_version":4,"result":"not_found"}`},
		{"PUT /IX/_doc/1", `{"n":1}`, 201, `{"_version":5,"result":"created"}`},
		{"GET /IX/_doc/1?bogus=1", "", 400, `{"error":{"type":"illegal_argument_exception","reason":"request [/IX/_doc/1] contains unrecognized parameter: [bogus]"}}`},
		{"PUT /IX/_doc/a%20b%2Fc", `{"n":9}`, 201, `{"_id":"a b/c"}`},
		{"GET /IX/_doc/a%20b%2Fc", "", 200, `{"_source":{"n":9}}`},
		{"PUT /IX-s", `{"mappings":{"dynamic":false}}`, 200, ""},
		{"PUT /IX-s/_doc/s", `{"a":[{"x":1},{"y":2},5,[{"x":1,"y":1}],[]],"e":[{}],"o":{"x":1},"p/q":{"x":1}}`, 201, ""},
		{"GET /IX-s/_doc/s?_source_excludes=*.x", "", 200, `{"_source":{"a":[{"y":2},5,[{"y":1}]],"e":[],"o":{},"p/q":{}}}`},
		{"GET /IX-s/_doc/s?_source_excludes=a.x", "", 200, `{"_source":{"a":[{"y":2},5,[{"y":1}]],"e":[{}]}}`},
		{"GET /IX-s/_doc/s?_source=a.y", "", 200, `{"_source":{"a":[{"y":2},[{"y":1}]],"e":null}}`},
		{"PUT /IX-s/_doc/d", `{"o.x":1,"o":{"y":2},"z":3}`, 201, ""},
		{"GET /IX-s/_doc/d?_source=o", "", 200, `{"_source":{"o.x":1,"o":{"y":2},"z":null}}`},
		{"GET /IX-s/_doc/d?_source_excludes=o", "", 200, `{"_source":{"o.x":null,"o":null,"z":3}}`},
		{"DELETE /IX/_doc/none?op_type=create", "", 400, `{"error":{"type":"illegal_argument_exception"}}`},
		{"GET /IX-s/_doc/s?_source=p*", "", 200, `{"_source":{"p/q":{"x":1},"a":null}}`},
	}
}

func versions() []step {
	return []step{
		{"PUT /IX", small, 200, ""},
		{"PUT /IX/_doc/1?version=5&version_type=external", `{"n":1}`, 201, `{"_version":5,"result":"created"}`},
		{"PUT /IX/_doc/1?version=5&version_type=external", `{"n":2}`, 409, `{"error":{"type":"version_conflict_engine_exception","reason":"[1]: version conflict, current version [5] is higher or equal to the one provided [5]"}}`},
		{"PUT /IX/_doc/1?version=5&version_type=external_gte", `{"n":2}`, 200, `{"_version":5,"result":"updated"}`},
		{"PUT /IX/_doc/1?version=4&version_type=external_gte", `{"n":2}`, 409, `{"error":{"reason":"[1]: version conflict, current version [5] is higher than the one provided [4]"}}`},
		{"PUT /IX/_doc/1?version=9&version_type=external", `{"n":3}`, 200, `{"_version":9}`},
		{"DELETE /IX/_doc/1?version=3&version_type=external", "", 409, `{"error":{"reason":"[1]: version conflict, current version [9] is higher or equal to the one provided [3]"}}`},
		{"DELETE /IX/_doc/1?version=12&version_type=external", "", 200, `{"_version":12,"result":"deleted"}`},
		{"PUT /IX/_doc/1?version=11&version_type=external", `{"n":1}`, 409, `{"error":{"reason":"[1]: version conflict, current version [12] is higher or equal to the one provided [11]"}}`},
		{"PUT /IX/_doc/1?version=13&version_type=external", `{"n":1}`, 201, `{"result":"created"}`},
		{"PUT /IX/_doc/2", `{"n":1}`, 201, `{"_seq_no":5,"_primary_term":1}`},
		{"PUT /IX/_doc/2?if_seq_no=99&if_primary_term=1", `{"n":2}`, 409, `{"error":{"reason":"[2]: version conflict, required seqNo [99], primary term [1]. current document has seqNo [5] and primary term [1]"}}`},
		{"PUT /IX/_doc/2?if_seq_no=5&if_primary_term=1", `{"n":2}`, 200, `{"_version":2,"_seq_no":6}`},
		{"PUT /IX/_doc/3?if_seq_no=5&if_primary_term=1", `{"n":2}`, 409, `{"error":{"reason":"[3]: version conflict, required seqNo [5], primary term [1]. but no document was found"}}`},
		{"PUT /IX/_doc/2?if_seq_no=5", `{"n":2}`, 400, `{"error":{"type":"action_request_validation_exception","reason":"Validation Failed: 1: ifSeqNo is set, but primary term is [0];"}}`},
		{"PUT /IX/_doc/2?version=3", `{"n":2}`, 400, `{"error":{"type":"action_request_validation_exception"}}`},
		{"PUT /IX/_doc/2?version=3&version_type=bogus", `{"n":2}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"No version type match [bogus]"}}`},
		{"PUT /IX/_create/2?version=3&version_type=external", `{"n":2}`, 400, `{"error":{"type":"action_request_validation_exception"}}`},
	}
}

func updates() []step {
	return []step{
		{"PUT /IX", small, 200, ""},
		{"POST /IX/_update/1", `{"doc":{"n":1}}`, 404, `{"error":{"type":"document_missing_exception","reason":"[1]: document missing","index":"IX","shard":"0"}}`},
		{"POST /IX/_update/1", `{"doc":{"n":1},"upsert":{"n":9,"o":{"a":1,"b":2}}}`, 201, `{"result":"created","_version":1}`},
		{"POST /IX/_update/1", `{"doc":{"o":{"b":3}}}`, 200, `{"result":"updated","_version":2}`},
		{"GET /IX/_doc/1", "", 200, `{"_source":{"n":9,"o":{"a":1,"b":3}}}`},
		{"POST /IX/_update/1", `{"doc":{"o":{"b":3}}}`, 200, `{"result":"noop","_version":2,"_shards":{"total":0,"successful":0,"failed":0}}`},
		{"POST /IX/_update/1", `{"doc":{"o":{"b":3}},"detect_noop":false}`, 200, `{"result":"updated","_version":3}`},
		{"POST /IX/_update/2", `{"doc":{"n":4},"doc_as_upsert":true}`, 201, `{"result":"created"}`},
		{"GET /IX/_doc/2", "", 200, `{"_source":{"n":4}}`},
		{"POST /IX/_update/1", `{"bogus":1}`, 400, `{"error":{"type":"x_content_parse_exception"}}`},
		{"POST /IX/_update/1", `{}`, 400, `{"error":{"type":"action_request_validation_exception","reason":"Validation Failed: 1: script or doc is missing;"}}`},
		{"POST /IX/_update/1?if_seq_no=99&if_primary_term=1", `{"doc":{"n":1}}`, 409, `{"error":{"type":"version_conflict_engine_exception"}}`},
	}
}

func bulk() []step {
	return []step{
		{"PUT /IX", small, 200, ""},
		{"POST /_bulk", `{"index":{"_index":"IX","_id":"b1"}}
{"n":1}
{"create":{"_index":"IX","_id":"b1"}}
{"n":1}
{"update":{"_index":"IX","_id":"zz"}}
{"doc":{"n":1}}
{"delete":{"_index":"IX","_id":"zz"}}
{"index":{"_index":"IX","_id":"b2","version":3,"version_type":"external"}}
{"n":1}
{"index":{"_index":"IX","_id":"b2","version":3,"version_type":"external"}}
{"n":1}
{"index":{"_index":"IX","_id":"b3"}}
{"n":"abc"}
{"index":{"_index":"IX-Upper","_id":"b3"}}
{"n":1}
{"index":{"_index":"IX","_id":"b4"}}
{bad
{"delete":{"_index":"IX-none","_id":"b4"}}
{"update":{"_index":"IX","_id":"b1"}}
{"doc":{"n":1}}
{"delete":{"_index":"IX","_id":"b1"}}
{"index":{"_index":"IX"}}
{"n":7}
`, 200, `{"took":"*","errors":true,"items":[
{"index":{"_index":"IX","_id":"b1","_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201}},
{"create":{"_index":"IX","_id":"b1","status":409,"error":{"type":"version_conflict_engine_exception","reason":"[b1]: version conflict, document already exists (current version [1])","index":"IX","shard":"0","index_uuid":"*"}}},
{"update":{"_index":"IX","_id":"zz","status":404,"error":{"type":"document_missing_exception","reason":"[zz]: document missing"}}},
{"delete":{"_index":"IX","_id":"zz","_version":1,"result":"not_found","_seq_no":1,"status":404}},
{"index":{"_index":"IX","_id":"b2","_version":3,"result":"created","status":201}},
{"index":{"_index":"IX","_id":"b2","status":409,"error":{"type":"version_conflict_engine_exception","reason":"[b2]: version conflict, current version [3] is higher or equal to the one provided [3]"}}},
{"index":{"_index":"IX","_id":"b3","status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse field [n] of type [long] in document with id 'b3'. Preview of field's value: 'abc'","caused_by":{"type":"illegal_argument_exception","reason":"For input string: \"abc\""}}}},
{"index":{"_index":"IX-Upper","_id":"b3","status":400,"error":{"type":"invalid_index_name_exception","reason":"Invalid index name [IX-Upper], must be lowercase"}}},
{"index":{"_index":"IX","_id":"b4","status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse"}}},
{"delete":{"_index":"IX-none","_id":"b4","status":404,"error":{"type":"index_not_found_exception","reason":"no such index [IX-none]"}}},
{"update":{"_index":"IX","_id":"b1","_version":1,"result":"noop","status":200}},
{"delete":{"_index":"IX","_id":"b1","_version":2,"result":"deleted","status":200}},
{"index":{"_index":"IX","_id":"*","result":"created","status":201}}]}`},
		{"POST /IX/_bulk?refresh=true", "{\"create\":{\"_id\":\"c1\"}}\r\n{\"n\":5}\r\n", 200, `{"errors":false,"items":[{"create":{"_id":"c1","status":201,"forced_refresh":true}}]}`},
		{"GET /IX/_count", "", 200, `{"count":3}`},
		{"POST /IX/_bulk", "{\"index\":{\"_id\":\"1\",\"if_seq_no\":77,\"if_primary_term\":1}}\n{\"n\":5}\n", 200, `{"errors":true,"items":[{"index":{"_id":"1","status":409}}]}`},
		{"POST /_bulk", "{\"index\":{\"_index\":\"IX-auto\",\"_id\":\"1\"}}\n{\"n\":5}\n", 200, `{"errors":false,"items":[{"index":{"_index":"IX-auto","status":201}}]}`},
		{"POST /_bulk", "{\"update\":{\"_index\":\"IX-auto\",\"_id\":\"2\"}}\n{\"doc\":{\"n\":5},\"doc_as_upsert\":true}\n", 200, `{"errors":false,"items":[{"update":{"result":"created","status":201}}]}`},
	}
}

func bulkErrors() []step {
	return []step{
		{"POST /_bulk", `{"index":{"_index":"IX","_id":"1"}}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"The bulk request must be terminated by a newline [\\n]"},"status":400}`},
		{"POST /_bulk", "", 400, `{"error":{"type":"parse_exception","reason":"request body is required"}}`},
		{"POST /_bulk", "\n", 400, `{"error":{"type":"action_request_validation_exception","reason":"Validation Failed: 1: no requests added;"}}`},
		{"POST /_bulk", "foo\n", 400, `{"error":{"type":"json_parse_exception"}}`},
		{"POST /_bulk", "{\"foo\":{\"_index\":\"IX\"}}\n{}\n", 400, `{"error":{"type":"illegal_argument_exception","reason":"Malformed action/metadata line [1], expected one of [create, delete, index, update] but found [foo]"}}`},
		{"POST /_bulk", "\"x\"\n", 400, `{"error":{"type":"illegal_argument_exception","reason":"Malformed action/metadata line [1], expected START_OBJECT but found [VALUE_STRING]"}}`},
		{"POST /_bulk", "{\"index\":{\"_index\":\"IX\",\"bogus\":\"1\"}}\n{}\n", 400, `{"error":{"type":"illegal_argument_exception","reason":"Action/metadata line [1] contains an unknown parameter [bogus]"}}`},
		{"POST /_bulk", "{\"index\":{\"_id\":\"1\"}}\n{}\n", 400, `{"error":{"type":"action_request_validation_exception","reason":"Validation Failed: 1: index is missing;"}}`},
		{"POST /_bulk", "{\"delete\":{\"_index\":\"IX\"}}\n", 400, `{"error":{"type":"action_request_validation_exception"}}`},
		{"POST /_bulk", "{\"index\":{\"_index\":\"IX\",\"_id\":\"1\"}}\n{}\n{\"index\":5}\n{}\n", 400, `{"error":{"type":"illegal_argument_exception","reason":"Malformed action/metadata line [3], expected START_OBJECT or END_OBJECT but found [VALUE_NUMBER]"}}`},
		{"HEAD /IX", "", 404, ""},
	}
}

func refresh() []step {
	return []step{
		{"PUT /IX", `{"settings":{"refresh_interval":"-1","number_of_replicas":0}}`, 200, ""},
		{"PUT /IX/_doc/1", `{"n":1}`, 201, ""},
		{"GET /IX/_doc/1", "", 200, `{"found":true}`},
		{"GET /IX/_count", "", 200, `{"count":0}`},
		{"POST /IX/_refresh", "", 200, `{"_shards":{"total":1,"successful":1,"failed":0}}`},
		{"GET /IX/_count", "", 200, `{"count":1}`},
		{"PUT /IX/_doc/1", `{"n":2}`, 200, ""},
		{"GET /IX/_search", "", 200, `{"hits":{"hits":[{"_id":"1","_source":{"n":1}}]}}`},
		{"DELETE /IX/_doc/1", "", 200, ""},
		{"GET /IX/_count", "", 200, `{"count":1}`},
		{"PUT /IX/_doc/2?refresh=true", `{"n":3}`, 201, `{"forced_refresh":true}`},
		{"GET /IX/_search", "", 200, `{"hits":{"total":{"value":1},"hits":[{"_id":"2"}]}}`},
		{"PUT /IX/_settings", `{"index":{"refresh_interval":"100ms"}}`, 200, ""},
		{"PUT /IX/_doc/3?refresh=wait_for", `{"n":3}`, 201, ""},
		{"GET /IX/_count", "", 200, `{"count":2}`},
		{"PUT /IX/_doc/3?refresh=bogus", `{"n":3}`, 400, `{"error":{"type":"illegal_argument_exception","reason":"Unknown value for refresh: [bogus]."}}`},
	}
}
