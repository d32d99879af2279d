package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// search asks for the last incidents of the run that is shown.
func (a *App) search(ctx context.Context, client *http.Client) (alertList, error) {
	var list alertList
	var found struct {
		Hits struct {
			Hits []struct {
				Source event.Incident `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
		Aggregations struct {
			Closed struct {
				Buckets []struct {
					Key   int `json:"key"`
					Count int `json:"doc_count"`
				} `json:"buckets"`
			} `json:"closed"`
		} `json:"aggregations"`
	}
	err := a.ask(ctx, client, "cab-health-*", map[string]any{
		"size": alertsMax, "query": map[string]any{"term": map[string]any{"run_id": a.store.showing()}},
		"sort": []any{map[string]any{"opened_at": map[string]any{"order": "desc", "unmapped_type": "date"}}},
		"aggs": map[string]any{"closed": map[string]any{"terms": map[string]any{"field": "closed"}}},
	}, &found)
	if err != nil {
		return list, err
	}
	for _, hit := range found.Hits.Hits {
		list.Incidents = append(list.Incidents, hit.Source)
	}
	for _, b := range found.Aggregations.Closed.Buckets {
		if b.Key == 0 {
			list.Open = b.Count
		}
	}
	return list, nil
}

// ask searches an index pattern.
func (a *App) ask(ctx context.Context, client *http.Client, indexes string, query, answer any) error {
	body, err := json.Marshal(query)
	if err != nil {
		return fmt.Errorf("search %s: %w", indexes, err)
	}
	url := a.cfg.Search.URL + "/" + indexes + "/_search?ignore_unavailable=true&allow_no_indices=true"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("search %s: %w", indexes, err)
	}
	request.Header.Set("Content-Type", "application/json")
	if a.cfg.Search.User != "" {
		request.SetBasicAuth(a.cfg.Search.User, a.cfg.Search.Password)
	}
	reply, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("search %s: %w", indexes, err)
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(reply.Body, answerMax))
	if err != nil {
		return fmt.Errorf("search %s: %w", indexes, err)
	}
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("search %s: status %d: %.200q", indexes, reply.StatusCode, text)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("search %s: %w", indexes, err)
	}
	return nil
}
