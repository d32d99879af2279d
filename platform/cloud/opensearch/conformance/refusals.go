package conformance

// refusals are of writes that make no sense, and of documents with names that
// they cannot have.
func refusals() []step {
	invalid := func(do, body, reason string) step {
		return step{do, body, 400, `{"error":{"type":"action_request_validation_exception","reason":"Validation Failed: 1: ` + reason + `;"}}`}
	}
	out := []step{
		{"PUT /IX", small, 200, ""},
		{"PUT /IX/_doc/1?version=0&version_type=external", `{"n":1}`, 201, `{"_version":0}`},
		{"GET /IX/_doc/1", "", 200, `{"_version":0,"found":true}`},
		invalid("PUT /IX/_doc/1?version_type=external", `{"n":1}`, "illegal version value [-3] for version type [EXTERNAL]"),
		invalid("PUT /IX/_create/1?version=3", `{"n":1}`, "create operations do not support explicit versions. use index instead"),
		invalid("PUT /IX/_create/2?if_seq_no=1&if_primary_term=1", `{"n":1}`, "create operations do not support compare and set. use index instead"),
		invalid("POST /IX/_doc?version=3&version_type=external", `{"n":1}`, "create operations only support internal versioning. use index instead"),
		invalid("POST /IX/_update/1?if_seq_no=1&if_primary_term=1", `{"doc":{},"doc_as_upsert":true}`, "compare and write operations can not be used with upsert"),
		invalid("POST /IX/_update/1?if_seq_no=1&if_primary_term=1", `{"doc":{},"upsert":{}}`, "upsert requests don't support `if_seq_no` and `if_primary_term`"),
		invalid("POST /IX/_update/1", "", "script or doc is missing"),
		invalid("POST /IX/_bulk", "{\"index\":{\"_id\":\"8\"}}\n{}\n{\"update\":{\"_id\":\"1\"}}\n{}\n", "script or doc is missing"),
		invalid("POST /IX/_bulk", "{\"index\":{\"_id\":\"8\",\"version_type\":\"external\"}}\n{}\n", "illegal version value [-3] for version type [EXTERNAL]"),
		invalid("POST /IX/_bulk", "{\"index\":{\"version\":8,\"version_type\":\"external\"}}\n{}\n", "an id must be provided if version type or value are set"),
		{"POST /IX/_bulk", "{\"index\":{\"_id\":\"8\"}}\n{}\n{\"update\":{\"_id\":\"1\"}}\n{bad\n", 400, `{"error":{"type":"json_parse_exception"}}`},
		{"GET /IX/_doc/8", "", 404, ""},
		{"PUT /IX/_doc/2", `{"":1}`, 400, `{"error":{"type":"mapper_parsing_exception","caused_by":{"reason":"field name cannot be an empty string"}}}`},
		{"PUT /IX/_doc/2", `{"o":[{"":1}]}`, 400, `{"error":{"type":"mapper_parsing_exception"}}`},
		{"PUT /IX/_doc/2", `{"o":{"_id":1},"_other":2}`, 201, ""},
		// A document is read before its version is looked at, and what it brings along stays.
		{"PUT /IX/_create/1", `{"n":"abc"}`, 400, `{"error":{"type":"mapper_parsing_exception"}}`},
		{"PUT /IX/_create/1", `{"late":true}`, 409, ""},
		{"GET /IX/_mapping", "", 200, `{"IX":{"mappings":{"properties":{"late":{"type":"boolean"}}}}}`},
		{"PUT /IX/_alias/IX-a", "", 200, ""},
		{"POST /IX-a/_bulk", "{\"create\":{\"_id\":\"1\"}}\n{}\n", 200, `{"items":[{"create":{"_index":"IX","_id":"1","status":409}}]}`},
	}
	for _, name := range []string{"_id", "_index", "_source", "_version", "_seq_no", "_routing", "_ignored", "_field_names"} {
		reason := "Field [" + name + "] is a metadata field and cannot be added inside a document. Use the index API request parameters."
		out = append(out, step{"PUT /IX/_doc/3", `{"n":1,"` + name + `":"x"}`, 400, `{"error":{"root_cause":[{"type":"mapper_parsing_exception","reason":"` + reason +
			`"}],"type":"mapper_parsing_exception","reason":"failed to parse field [` + name + `] of type [` + name +
			`] in document with id '3'. Preview of field's value: 'x'","caused_by":{"type":"mapper_parsing_exception","reason":"` + reason + `"}}}`})
	}
	return out
}
