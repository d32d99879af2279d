package cloud

import (
	"encoding/json"
	"net/http"
)

// serveLocal answers what is no AWS API, without authentication: whether the
// cloud is ready, the simulated clock that other processes must agree on, where
// the schema registry is, which AWS would not tell, and which engines run.
func (c *Cloud) serveLocal(w http.ResponseWriter, r *http.Request, name string) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	var body any
	switch name {
	case "health":
		services := make([]string, len(c.services))
		for i, s := range c.services {
			services[i] = s.SigningName
		}
		body = map[string]any{"status": "ready", "services": services}
	case "clock":
		body = map[string]string{"clock": c.cfg.Sim.String()}
	case "schema-registry":
		url, err := c.SchemaRegistry()
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		body = map[string]string{"url": url}
	case "engines": // those that somebody has asked for
		body = map[string]any{"kafka": c.kafka.Opened(), "registry": c.registry.Opened(), "search": c.search.Opened()}
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // a caller that left needs no answer
}
