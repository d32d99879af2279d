package opensearch

import (
	"context"
	"net/url"
	"slices"
	"strings"
)

// handler answers one request: with a body to be sent as JSON, an answer, or an error.
type handler func(ctx context.Context, q *request) (any, error)

// route is one way to call an operation.
type route struct {
	methods []string
	path    string // segments; {x} stands for one that does not begin with an underscore, or for an id
	name    string
	params  string // query parameters it knows, besides the common ones
	handle  handler
	writes  bool
}

const (
	commonParams = "pretty human error_trace format"
	masterParams = "timeout cluster_manager_timeout master_timeout"
	choiceParams = "ignore_unavailable allow_no_indices expand_wildcards"
	deleteParams = "refresh version version_type if_seq_no if_primary_term timeout wait_for_active_shards"
	writeParams  = deleteParams + " op_type require_alias"
	sourceParams = "_source _source_includes _source_excludes"
)

// routes is the whole API, the more specific path first.
func (s *Service) routes() []route {
	get, put, post, post2 := []string{"GET"}, []string{"PUT"}, []string{"POST"}, []string{"PUT", "POST"}
	read, look, remove, ask := []string{"GET", "HEAD"}, []string{"HEAD"}, []string{"DELETE"}, []string{"GET", "POST"}
	search := choiceParams + " " + sourceParams + " size from sort track_total_hits q rest_total_hits_as_int typed_keys request_cache search_type preference"
	return []route{
		{read, "/", "Info", "", s.info, false},
		{get, "/_cluster/health", "ClusterHealth", masterParams + " wait_for_status level local", s.clusterHealth, false},
		{get, "/_cluster/health/{index}", "ClusterHealth", masterParams + " wait_for_status level local", s.clusterHealth, false},
		{get, "/_cat/health", "CatHealth", "v h s help", s.catHealth, false},
		{get, "/_cat/indices", "CatIndices", "v h s help bytes expand_wildcards", s.catIndices, false},
		{get, "/_cat/indices/{index}", "CatIndices", "v h s help bytes expand_wildcards", s.catIndices, false},
		{post2, "/_index_template/{name}", "PutIndexTemplate", masterParams + " create", s.putTemplate, false},
		{read, "/_index_template/{name}", "GetIndexTemplate", masterParams + " flat_settings local", s.getTemplate, false},
		{get, "/_index_template", "GetIndexTemplate", masterParams + " local", s.getTemplate, false},
		{remove, "/_index_template/{name}", "DeleteIndexTemplate", masterParams, s.deleteTemplate, false},
		{post, "/_aliases", "UpdateAliases", masterParams, s.updateAliases, false},
		{read, "/_alias", "GetAlias", choiceParams + " local", s.getAlias, false},
		{read, "/_alias/{alias}", "GetAlias", choiceParams + " local", s.getAlias, false},
		{read, "/{index}/_alias", "GetAlias", choiceParams + " local", s.getAlias, false},
		{read, "/{index}/_alias/{alias}", "GetAlias", choiceParams + " local", s.getAlias, false},
		{post2, "/{index}/_alias/{alias}", "PutAlias", masterParams, s.putAlias, false},
		{remove, "/{index}/_alias/{alias}", "DeleteAlias", masterParams, s.deleteAlias, false},
		{post2, "/_bulk", "Bulk", "refresh timeout wait_for_active_shards require_alias batch_size", s.bulk, true},
		{post2, "/{index}/_bulk", "Bulk", "refresh timeout wait_for_active_shards require_alias batch_size", s.bulk, true},
		{ask, "/_search", "Search", search, s.search, false},
		{ask, "/{index}/_search", "Search", search, s.search, false},
		{ask, "/_msearch", "MultiSearch", "max_concurrent_searches typed_keys rest_total_hits_as_int", s.multiSearch, false},
		{ask, "/{index}/_msearch", "MultiSearch", "max_concurrent_searches typed_keys rest_total_hits_as_int", s.multiSearch, false},
		{ask, "/_count", "Count", choiceParams + " q", s.count, false},
		{ask, "/{index}/_count", "Count", choiceParams + " q", s.count, false},
		{ask, "/_mget", "MultiGet", sourceParams + " realtime refresh", s.multiGet, false},
		{ask, "/{index}/_mget", "MultiGet", sourceParams + " realtime refresh", s.multiGet, false},
		{ask, "/_refresh", "Refresh", choiceParams, s.refresh, false},
		{ask, "/{index}/_refresh", "Refresh", choiceParams, s.refresh, false},
		{ask, "/_flush", "Flush", choiceParams + " force wait_if_ongoing", s.flush, false},
		{ask, "/{index}/_flush", "Flush", choiceParams + " force wait_if_ongoing", s.flush, false},
		{post, "/{index}/_delete_by_query", "DeleteByQuery", choiceParams + " refresh conflicts timeout wait_for_completion", s.deleteByQuery, false},
		{read, "/{index}/_doc/{id}", "Get", sourceParams + " realtime refresh version version_type", s.get, false},
		{post2, "/{index}/_doc/{id}", "Index", writeParams, s.indexDoc, true},
		{remove, "/{index}/_doc/{id}", "Delete", deleteParams, s.deleteDoc, false},
		{post, "/{index}/_doc", "Index", writeParams, s.indexDoc, true},
		{post2, "/{index}/_create/{id}", "Index", writeParams, s.createDoc, true},
		{post, "/{index}/_update/{id}", "Update", sourceParams + " refresh if_seq_no if_primary_term require_alias retry_on_conflict timeout wait_for_active_shards", s.updateDoc, true},
		{read, "/{index}/_source/{id}", "Get", sourceParams + " realtime refresh", s.getSource, false},
		{get, "/_mapping", "GetMapping", choiceParams + " local " + masterParams, s.showIndex("mappings"), false},
		{get, "/{index}/_mapping", "GetMapping", choiceParams + " local " + masterParams, s.showIndex("mappings"), false},
		{post2, "/{index}/_mapping", "PutMapping", choiceParams + " write_index_only " + masterParams, s.putMapping, false},
		{get, "/_settings", "GetSettings", choiceParams + " local " + masterParams, s.showIndex("settings"), false},
		{get, "/{index}/_settings", "GetSettings", choiceParams + " local " + masterParams, s.showIndex("settings"), false},
		{put, "/{index}/_settings", "PutSettings", choiceParams + " " + masterParams, s.putSettings, false},
		{put, "/_settings", "PutSettings", choiceParams + " " + masterParams, s.putSettings, false},
		{put, "/{index}", "CreateIndex", masterParams + " wait_for_active_shards", s.createIndex, false},
		{look, "/{index}", "IndexExists", choiceParams + " local", s.indexExists, false},
		{get, "/{index}", "GetIndex", choiceParams + " local " + masterParams, s.showIndex("aliases", "mappings", "settings"), false},
		{remove, "/{index}", "DeleteIndex", choiceParams + " " + masterParams, s.deleteIndex, false},
	}
}

// find picks the route of a request; without one it says which methods the
// path has.
func find(routes []route, method, path string) (found *route, vars map[string]string, allowed []string) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i := range routes {
		r := &routes[i]
		at, ok := r.match(segments)
		if !ok {
			continue
		}
		if slices.Contains(r.methods, method) {
			return r, at, nil
		}
		allowed = append(allowed, r.methods...)
	}
	return nil, nil, allowed
}

func (r *route) match(segments []string) (map[string]string, bool) {
	pattern := strings.Split(strings.Trim(r.path, "/"), "/")
	if len(pattern) != len(segments) {
		return nil, false
	}
	vars := map[string]string{}
	for i, p := range pattern {
		if !strings.HasPrefix(p, "{") {
			if p != segments[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		name := strings.Trim(p, "{}")
		if err != nil || value == "" || name == "index" && elsewhere(value) || strings.HasPrefix(value, "_") && name != "id" && value != "_all" && len(pattern) > 1 {
			return nil, false
		}
		vars[name] = value
	}
	return vars, true
}

// elsewhere are the beginnings of paths that OpenSearch has and this service has not.
func elsewhere(segment string) bool {
	return slices.Contains([]string{
		"_reindex", "_update_by_query", "_scroll", "_pit", "_tasks", "_nodes", "_snapshot", "_ingest", "_analyze", "_validate",
		"_explain", "_termvectors", "_mtermvectors", "_field_caps", "_component_template", "_template", "_stats", "_segments",
		"_recovery", "_forcemerge", "_cache", "_split", "_shrink", "_clone", "_rollover", "_open", "_close", "_render", "_rank_eval",
		"_scripts", "_plugins", "_data_stream", "_resolve", "_search_shards", "_cluster", "_cat", "_block", "_rethrottle", "_remote",
		"_dangling", "_script_context", "_script_language", "_wlm", "_search", "_msearch", "_alias", "_aliases", "_mappings", "_list",
	}, segment)
}
