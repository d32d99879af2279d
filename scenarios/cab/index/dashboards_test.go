package index

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// saved is an object as OpenSearch Dashboards exports and imports it.
type saved struct {
	Type       string `json:"type"`
	ID         string `json:"id"`
	Attributes struct {
		Title     string `json:"title"`
		TimeField string `json:"timeFieldName"`
		State     string `json:"visState"`
		Panels    string `json:"panelsJSON"`
		Options   string `json:"optionsJSON"`
		UI        string `json:"uiStateJSON"`
		Meta      struct {
			Source string `json:"searchSourceJSON"`
		} `json:"kibanaSavedObjectMeta"`
	} `json:"attributes"`
	References []reference `json:"references"`
}

type reference struct {
	Name string `json:"name"`
	Type string `json:"type"`
	ID   string `json:"id"`
}

// The dashboard that compose/dashboards has for people refers to what there is:
// objects of the file, and fields of the templates above.
func TestSavedDashboardFitsTheTemplates(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../compose/dashboards/cab.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]saved{} // by type and id
	for line := range bytes.Lines(text) {
		var o saved
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatalf("%v in %.80s", err, line)
		}
		key := o.Type + "/" + o.ID
		if _, twice := objects[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		objects[key] = o
	}
	used := map[string]bool{}
	for key, o := range objects {
		for _, r := range o.References {
			used[r.Type+"/"+r.ID] = true
			if _, ok := objects[r.Type+"/"+r.ID]; !ok {
				t.Errorf("%s refers to %s/%s, which is not there", key, r.Type, r.ID)
			}
		}
		switch o.Type {
		case "index-pattern":
			checkPattern(t, o)
		case "visualization":
			checkVisualization(t, o)
		case "dashboard":
			checkDashboard(t, o)
		default:
			t.Errorf("%s: no such type is known", key)
		}
	}
	for key, o := range objects {
		if !used[key] && o.Type != "dashboard" {
			t.Errorf("nothing shows %s", key)
		}
	}
	for _, family := range []string{event.ZonesIndex, event.HealthIndex, event.CabsIndex, event.AlertsIndex} {
		if _, ok := objects["index-pattern/"+family]; !ok {
			t.Errorf("no pattern for %s", family)
		}
	}
}

// fieldsOf are the types of a family's fields.
func fieldsOf(t *testing.T, family string) map[string]string {
	t.Helper()
	made, ok := templates()[family]
	if !ok {
		t.Errorf("no template for %s", family)
		return nil
	}
	types := map[string]string{}
	for name, mapping := range made.Template.Mappings["properties"].(map[string]any) {
		types[name] = mapping.(map[string]any)["type"].(string)
	}
	return types
}

func checkPattern(t *testing.T, o saved) {
	t.Helper()
	if o.Attributes.Title != o.ID+"-*" || !slices.Contains(templates()[o.ID].Patterns, o.Attributes.Title) {
		t.Errorf("pattern %s is of %s", o.ID, o.Attributes.Title)
	}
	if kind := fieldsOf(t, o.ID)[o.Attributes.TimeField]; kind != "date" {
		t.Errorf("pattern %s: time field %q is of type %q", o.ID, o.Attributes.TimeField, kind)
	}
}

func checkVisualization(t *testing.T, o saved) {
	t.Helper()
	var source struct {
		Query struct {
			Query string `json:"query"`
		} `json:"query"`
		Filter []json.RawMessage `json:"filter"`
		Index  string            `json:"indexRefName"`
	}
	var state struct {
		Type string `json:"type"`
		Aggs []struct {
			ID     string `json:"id"`
			Type   string `json:"type"`
			Schema string `json:"schema"`
			Params struct {
				Field   string `json:"field"`
				OrderBy string `json:"orderBy"`
			} `json:"params"`
		} `json:"aggs"`
		Params struct {
			Series []struct {
				Data struct {
					ID string `json:"id"`
				} `json:"data"`
			} `json:"seriesParams"`
		} `json:"params"`
	}
	unpack(t, o, o.Attributes.Meta.Source, &source)
	unpack(t, o, o.Attributes.State, &state)
	unpack(t, o, o.Attributes.UI, &struct{}{})
	if len(o.References) != 1 || o.References[0].Name != source.Index || o.References[0].Type != "index-pattern" || len(source.Filter) != 0 {
		t.Fatalf("%s: index %q, references %+v, filters %s", o.ID, source.Index, o.References, source.Filter)
	}
	fields, ids := fieldsOf(t, o.References[0].ID), []string{}
	for _, field := range regexp.MustCompile(`(\w+)\s*:`).FindAllStringSubmatch(source.Query.Query, -1) {
		if fields[field[1]] == "" {
			t.Errorf("%s: the query asks for %q", o.ID, field[1])
		}
	}
	for _, a := range state.Aggs {
		ids = append(ids, a.ID)
		if kind := fields[a.Params.Field]; !fits(a.Type, kind) {
			t.Errorf("%s: %s of %q, which is of type %q", o.ID, a.Type, a.Params.Field, kind)
		}
	}
	for _, a := range state.Aggs {
		if a.Type == "terms" && !slices.Contains(ids, a.Params.OrderBy) {
			t.Errorf("%s: ordered by %q, which is not there", o.ID, a.Params.OrderBy)
		}
	}
	for _, s := range state.Params.Series {
		if !slices.Contains(ids, s.Data.ID) {
			t.Errorf("%s: series of %q, which is not there", o.ID, s.Data.ID)
		}
	}
	if len(ids) == 0 || state.Type == "" {
		t.Errorf("%s: of type %q, with %d aggregations", o.ID, state.Type, len(ids))
	}
}

// fits tells whether an aggregation can be of a field's type.
func fits(agg, kind string) bool {
	switch agg {
	case "count":
		return kind == ""
	case "date_histogram":
		return kind == "date"
	case "terms":
		return kind == "keyword" || kind == "boolean"
	case "sum":
		return kind == "long" || kind == "double"
	case "max":
		return kind == "long" || kind == "double" || kind == "date"
	}
	return false
}

func checkDashboard(t *testing.T, o saved) {
	t.Helper()
	var panels []struct {
		Ref  string `json:"panelRefName"`
		Grid struct{ X, W int }
	}
	unpack(t, o, o.Attributes.Panels, &panels)
	unpack(t, o, o.Attributes.Options, &struct{}{})
	var shown []string
	for _, p := range panels {
		shown = append(shown, p.Ref)
	}
	var referred []string
	for _, r := range o.References {
		referred = append(referred, r.Name)
	}
	slices.Sort(shown)
	slices.Sort(referred)
	if strings.Join(shown, " ") != strings.Join(referred, " ") || len(shown) == 0 {
		t.Errorf("%s: shows %q, refers to %q", o.ID, shown, referred)
	}
}

func unpack(t *testing.T, o saved, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Errorf("%s/%s: %v in %.80s", o.Type, o.ID, err, text)
	}
}
