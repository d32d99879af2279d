package index

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// templateVersion grows with every change of the mappings below. Indexes that
// exist keep the mapping they were created with: fields that it lacks are stored,
// but cannot be searched until the next day's index.
const templateVersion = 2

// templates are what the families' indexes begin with.
func templates() map[string]template {
	const long, double, date, keyword, boolean = "long", "double", "date", "keyword", "boolean"
	all := map[string]template{}
	for family, fields := range map[string]map[string]string{
		event.ZonesIndex: {
			"zone": keyword, "window_start": date, "revision": long, "events": long, "hired": long, "free": long,
			"pick_ups": long, "drop_offs": long, "active_cabs": long, "speed_sum_kmh": double, "speed_count": long, "no_free_windows": long, "missing": long, "old_schema": long,
		},
		event.HealthIndex: {
			"id": keyword, "cab": keyword, "kind": keyword, "opened_seq": long, "opened_at": date,
			"closed": boolean, "closed_seq": long, "closed_at": date,
		},
		event.CabsIndex: {
			"cab": keyword, "seq": long, "event_time": date, "zone": keyword, "lat": double, "lon": double,
			"speed_kmh": double, "hired": boolean, "schema": long, "open": keyword,
		},
		event.AlertsIndex: {
			"id": keyword, "kind": keyword, "entity": keyword, "start": date, "last": date, "revision": long, "over": boolean,
		},
	} {
		properties := map[string]any{"run_id": map[string]any{"type": keyword}}
		for name, kind := range fields {
			properties[name] = map[string]any{"type": kind}
		}
		all[family] = template{
			Patterns: []string{family + "-*"}, Version: templateVersion, Priority: 100,
			Template: body{
				Settings: map[string]any{"index": map[string]any{"number_of_shards": "1", "refresh_interval": "1s"}},
				Mappings: map[string]any{"dynamic": "false", "properties": properties},
			},
		}
	}
	return all
}

// template is an index template as requests and replies have it.
type template struct {
	Patterns []string `json:"index_patterns"`
	Priority int      `json:"priority"`
	Version  int      `json:"version"`
	Template body     `json:"template"`
}

type body struct {
	Settings map[string]any `json:"settings"`
	Mappings map[string]any `json:"mappings"`
}

// Provision creates the index templates, and brings older ones of weir's up to
// date. It is idempotent; a template that somebody else changed is refused with
// the fix.
func Provision(ctx context.Context, address scenario.Address) error {
	client, release, err := connect(address)
	if err != nil {
		return err
	}
	defer release()
	for name, want := range templates() {
		if err := provision(ctx, client, name, want); err != nil {
			return fmt.Errorf("index template %s: %w", name, err)
		}
	}
	return nil
}

func provision(ctx context.Context, client *opensearch.Client, name string, want template) error {
	have, err := templateOf(ctx, client, name)
	switch {
	case err != nil:
		return err
	case have == nil || have.Version < want.Version:
		return putTemplate(ctx, client, name, want)
	case have.Version > want.Version:
		return fmt.Errorf("it has version %d and this weir knows %d: run the newer weir", have.Version, want.Version)
	case !reflect.DeepEqual(*have, want):
		return fmt.Errorf("it differs from weir's version %d: have %s, want %s; DELETE /_index_template/%s lets weir create it again", want.Version, have, &want, name)
	}
	return nil
}

func (t *template) String() string {
	text, _ := json.Marshal(t) // of maps and strings
	return string(text)
}

// templateOf is nil if there is none of the name.
func templateOf(ctx context.Context, client *opensearch.Client, name string) (*template, error) {
	reply, err := opensearch.Do[opensearch.NoBody](ctx, client, http.MethodGet, opensearchapi.IndexTemplateGetReq{IndexTemplates: name}, nil)
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask for it: %w", err)
	case reply.StatusCode == http.StatusNotFound:
		return nil, nil
	case reply.IsError():
		return nil, fmt.Errorf("ask for it: %w", refusal(reply))
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	var answer struct {
		Templates []struct {
			Template template `json:"index_template"`
		} `json:"index_templates"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("ask for it: %w", err)
	}
	if len(answer.Templates) != 1 {
		return nil, fmt.Errorf("ask for it: the answer has %d", len(answer.Templates))
	}
	return &answer.Templates[0].Template, nil
}

func putTemplate(ctx context.Context, client *opensearch.Client, name string, t template) error {
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("put it: %w", err)
	}
	reply, err := opensearch.Do[opensearch.NoBody](ctx, client, http.MethodPut, opensearchapi.IndexTemplateCreateReq{IndexTemplate: name, Body: bytes.NewReader(text)}, nil)
	if err != nil {
		return fmt.Errorf("put it: %w", err)
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	if reply.IsError() {
		return fmt.Errorf("put it: %w", refusal(reply))
	}
	return nil
}
