package oracle

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// search is what the run left in OpenSearch. It asks by plain HTTP, and checks of
// each document that its id, index and version are those that its content wants.
type search struct {
	address scenario.Address
	run     string
	client  *http.Client
}

const searchPage = 1000

func newSearch(env scenario.Env) (*search, error) {
	address, err := env.OpenSearch(scenario.Auditor)
	if err != nil {
		return nil, err
	}
	return &search{address: address, run: env.RunID, client: &http.Client{Transport: address.Transport, Timeout: time.Minute}}, nil
}

// refresh lets searches see all that was written.
func (s *search) refresh(ctx context.Context) error {
	return s.post(ctx, "/cab-*/_refresh", nil, &struct{}{})
}

// Windows implements Observed.
func (s *search) Windows(ctx context.Context) iter.Seq2[event.Metrics, error] {
	return documents(ctx, s, event.ZonesIndex, []string{"window_start", "zone"}, func(m *event.Metrics) identity {
		return identity{m.Zone + "|" + m.WindowStart.String(), m.WindowStart, m.Revision}
	})
}

// Incidents implements Observed.
func (s *search) Incidents(ctx context.Context) iter.Seq2[event.Incident, error] {
	return documents(ctx, s, event.HealthIndex, []string{"id"}, func(i *event.Incident) identity {
		if i.Closed {
			return identity{i.ID, i.OpenedAt, 2}
		}
		return identity{i.ID, i.OpenedAt, 1}
	})
}

// Cabs implements Observed.
func (s *search) Cabs(ctx context.Context) iter.Seq2[event.Cab, error] {
	return documents(ctx, s, event.CabsIndex, []string{"cab", "event_time"}, func(c *event.Cab) identity {
		return identity{c.Cab, c.EventTime, c.Seq + 1}
	})
}

// Alerts implements Observed.
func (s *search) Alerts(ctx context.Context) iter.Seq2[event.Alert, error] {
	return documents(ctx, s, event.AlertsIndex, []string{"id"}, func(a *event.Alert) identity {
		return identity{a.Kind + "|" + a.Entity + "|" + a.Start.String(), a.Start, a.Revision}
	})
}

// identity is what a document must be known by: its id behind the run's, the
// instant whose day names its index, and its version.
type identity struct {
	id      string
	at      event.Millis
	version int64
}

// hit is one document found.
type hit struct {
	Index   string          `json:"_index"`
	ID      string          `json:"_id"`
	Version int64           `json:"_version"`
	Source  json.RawMessage `json:"_source"`
	Sort    json.RawMessage `json:"sort"`
}

type found struct {
	Hits struct {
		Total struct{ Value int }
		Hits  []hit
	}
}

// documents are the run's in the indexes of a family, page by page.
func documents[D any](ctx context.Context, s *search, family string, sorted []string, identify func(*D) identity) iter.Seq2[D, error] {
	return func(yield func(D, error) bool) {
		var none D
		seen, after := 0, json.RawMessage(nil)
		for {
			page, err := s.page(ctx, family, sorted, after)
			if err != nil {
				yield(none, fmt.Errorf("search %s: %w", family, err))
				return
			}
			for _, h := range page.Hits.Hits {
				var d D
				err := json.Unmarshal(h.Source, &d)
				if err == nil {
					err = s.check(h, family, identify(&d))
				}
				if !yield(d, err) || err != nil {
					return
				}
				seen, after = seen+1, h.Sort
			}
			switch {
			case len(page.Hits.Hits) == searchPage:
			case seen != page.Hits.Total.Value: // two that sort alike, on both sides of a page's end
				yield(none, fmt.Errorf("search %s: %d documents found, %d given", family, page.Hits.Total.Value, seen))
				return
			default:
				return
			}
		}
	}
}

func (s *search) page(ctx context.Context, family string, sorted []string, after json.RawMessage) (*found, error) {
	sort := make([]map[string]string, len(sorted))
	for i, field := range sorted {
		sort[i] = map[string]string{field: "asc"}
	}
	query := map[string]any{
		"size": searchPage, "track_total_hits": true, "version": true, "sort": sort,
		"query": map[string]any{"bool": map[string]any{"filter": []any{map[string]any{"term": map[string]any{"run_id": s.run}}}}},
	}
	if after != nil {
		query["search_after"] = after
	}
	page := new(found)
	return page, s.post(ctx, "/"+family+"-*/_search", query, page)
}

// check compares what a document is known by with what it says.
func (s *search) check(h hit, family string, want identity) error {
	index := family + want.at.Time().Format("-2006.01.02")
	if id := s.run + "|" + want.id; h.ID != id || h.Index != index || h.Version != want.version {
		return fmt.Errorf("document %s of %s has version %d; by what it says it is %s of %s, version %d", h.ID, h.Index, h.Version, id, index, want.version)
	}
	return nil
}

func (s *search) post(ctx context.Context, path string, body, answer any) error {
	content := []byte(nil)
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = text
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(s.address.URL, "/")+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if s.address.User != "" {
		request.SetBasicAuth(s.address.User, s.address.Password)
	}
	reply, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	if reply.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(reply.Body, 500)) // what there is of it
		return fmt.Errorf("%s: status %d: %s", path, reply.StatusCode, text)
	}
	return json.NewDecoder(reply.Body).Decode(answer)
}
