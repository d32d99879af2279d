package index

import (
	"strings"
	"testing"

	"github.com/weirstream/weir/scenarios/cab/event"
)

func TestTemplatesAreMadeOnceAndDifferentOnesRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // has them
	if err := Provision(t.Context(), w.search); err != nil {
		t.Fatalf("the second time: %v", err)
	}
	w.ask(t, "PUT", "/cab-zones-2026.11.21/_doc/1", `{"zone":"zone-0-0","window_start":"2026-11-21T12:00:00.000Z","unknown":1}`)
	mapping := w.ask(t, "GET", "/cab-zones-2026.11.21", "")["cab-zones-2026.11.21"].(map[string]any)["mappings"].(map[string]any)["properties"].(map[string]any)
	if mapping["zone"].(map[string]any)["type"] != "keyword" || mapping["window_start"].(map[string]any)["type"] != "date" || mapping["unknown"] != nil {
		t.Errorf("mapped %v", mapping)
	}
	const path = "/_index_template/" + event.ZonesIndex
	w.ask(t, "PUT", path, `{"index_patterns":["cab-zones-*"],"priority":100,"version":1,"template":{"mappings":{"properties":{"zone":{"type":"text"}}}}}`)
	if err := Provision(t.Context(), w.search); err != nil {
		t.Fatalf("an older one: %v", err)
	}
	for name, body := range map[string]string{
		"DELETE " + path:     `{"index_patterns":["cab-zones-*"],"priority":100,"version":2,"template":{"mappings":{"properties":{"zone":{"type":"text"}}}}}`,
		"run the newer weir": `{"index_patterns":["cab-zones-*"],"priority":100,"version":99,"template":{}}`,
	} {
		w.ask(t, "PUT", path, body)
		if err := Provision(t.Context(), w.search); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), event.ZonesIndex) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
}
