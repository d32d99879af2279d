package opensearch

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

const (
	version     = "2.19.3"
	clusterName = "weir"
	nodeID      = "weir-node-0"
)

// encode is v's JSON without HTML's escapes; v came out of JSON.
func encode(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func (s *Service) info(context.Context, *request) (any, error) {
	return map[string]any{
		"name": nodeID, "cluster_name": clusterName, "cluster_uuid": s.cluster,
		"version": map[string]any{
			"distribution": "opensearch", "number": version, "build_type": "weir", "build_hash": "unknown",
			"build_date": "2025-07-21T22:34:18.003652598Z", "build_snapshot": false, "lucene_version": "9.12.2",
			"minimum_wire_compatibility_version": "7.10.0", "minimum_index_compatibility_version": "7.0.0",
		},
		"tagline": "The OpenSearch Project: https://opensearch.org/",
	}, nil
}

// refresh makes everything written so far searchable.
func (s *Service) refresh(_ context.Context, q *request) (any, error) {
	found, err := s.resolve(q.vars["index"], q.lookup())
	if err != nil {
		return nil, err
	}
	for _, ix := range found {
		ix.mu.Lock()
		if !ix.gone {
			ix.refresh()
		}
		ix.mu.Unlock()
	}
	return map[string]any{"_shards": writeShards(found)}, nil
}

// flush has nothing to do: what was acknowledged is as safe as it gets.
func (s *Service) flush(_ context.Context, q *request) (any, error) {
	found, err := s.resolve(q.vars["index"], q.lookup())
	if err != nil {
		return nil, err
	}
	return map[string]any{"_shards": writeShards(found)}, nil
}

// writeShards counts copies: replicas are asked for, but there is one node.
func writeShards(found []*index) map[string]int {
	total, primaries := 0, 0
	for _, ix := range found {
		n, replicas := ix.copies()
		total += n * (1 + replicas)
		primaries += n
	}
	return map[string]int{"total": total, "successful": primaries, "failed": 0}
}

func (ix *index) copies() (shards, replicas int) {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.shards(), ix.settings.number(settingReplicas, 1)
}

func (ix *index) health() string {
	if _, replicas := ix.copies(); replicas > 0 {
		return "yellow" // replicas have no second node to be on
	}
	return "green"
}

// health sums indexes up.
type health struct {
	status           string
	shards, missing  int
	percent          float64
	percentFormatted string
}

func healthOf(found []*index) health {
	h := health{status: "green", percent: 100}
	for _, ix := range found {
		shards, replicas := ix.copies()
		h.shards += shards
		h.missing += shards * replicas
	}
	if h.missing > 0 {
		h.status = "yellow"
		h.percent = 100 * float64(h.shards) / float64(h.shards+h.missing)
	}
	h.percentFormatted = strconv.FormatFloat(h.percent, 'f', 1, 64) + "%"
	return h
}

func (s *Service) clusterHealth(_ context.Context, q *request) (any, error) {
	if q.query.Has("level") && q.query.Get("level") != "cluster" {
		return nil, gap("the level [%s] of cluster health", q.query.Get("level"))
	}
	found, err := s.resolve(q.vars["index"], q.lookup())
	if err != nil {
		return nil, err
	}
	h := healthOf(found)
	wanted := q.query.Get("wait_for_status")
	late := wanted == "green" && h.status != "green"
	out := map[string]any{
		"cluster_name": clusterName, "status": h.status, "timed_out": late, "number_of_nodes": 1, "number_of_data_nodes": 1,
		"discovered_master": true, "discovered_cluster_manager": true, "active_primary_shards": h.shards, "active_shards": h.shards,
		"relocating_shards": 0, "initializing_shards": 0, "unassigned_shards": h.missing, "delayed_unassigned_shards": 0,
		"number_of_pending_tasks": 0, "number_of_in_flight_fetch": 0, "task_max_waiting_in_queue_millis": 0,
		"active_shards_percent_as_number": double(h.percent),
	}
	if late { // nothing here changes by waiting
		return answer{http.StatusRequestTimeout, out}, nil
	}
	return out, nil
}

// sortedNames is the names of a request's members, so that the first thing
// wrong with it is always the same one.
func sortedNames(members map[string]any) []string { return slices.Sorted(maps.Keys(members)) }
