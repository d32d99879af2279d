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

// found is what a search came to, of documents of one kind.
type found[D any] struct {
	Hits struct {
		Hits []struct {
			Source D `json:"_source"`
		} `json:"hits"`
	} `json:"hits"`
	Aggregations struct {
		Over struct {
			Buckets []struct {
				Key   int `json:"key"` // 0 is false
				Count int `json:"doc_count"`
			} `json:"buckets"`
		} `json:"over"`
	} `json:"aggregations"`
}

// search asks for the last alerts and incidents of the run that is shown.
func (a *App) search(ctx context.Context, client *http.Client) (list alertList, err error) {
	run := a.store.showing()
	list.Alerts, _, err = latest[event.Alert](ctx, a, client, event.AlertsIndex, run, "start", "over")
	if err != nil {
		return list, err
	}
	list.Incidents, list.IncidentsOpen, err = latest[event.Incident](ctx, a, client, event.HealthIndex, run, "opened_at", "closed")
	return list, err
}

// latest are a run's newest documents of a family by the field began, and how
// many there are that are not over.
func latest[D any](ctx context.Context, a *App, client *http.Client, family, run, began, over string) (all []D, open int, err error) {
	var answer found[D]
	err = a.ask(ctx, client, family+"-*", map[string]any{
		"size": alertsMax, "query": map[string]any{"term": map[string]any{"run_id": run}},
		"sort": []any{map[string]any{began: map[string]any{"order": "desc", "unmapped_type": "date"}}},
		"aggs": map[string]any{"over": map[string]any{"terms": map[string]any{"field": over}}},
	}, &answer)
	for _, hit := range answer.Hits.Hits {
		all = append(all, hit.Source)
	}
	for _, b := range answer.Aggregations.Over.Buckets {
		if b.Key == 0 {
			open = b.Count
		}
	}
	return all, open, err
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
