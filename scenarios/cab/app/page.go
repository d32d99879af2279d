package app

import (
	"embed"
	"encoding/json"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// web is the page: plain files, no build step, no request to anywhere else.
//
//go:embed web
var web embed.FS

func (a *App) routes(transport http.RoundTripper) http.Handler {
	mux := http.NewServeMux()
	for path, file := range map[string]string{
		"GET /{$}":       "web/index.html",
		"GET /app.js":    "web/app.js",
		"GET /charts.js": "web/charts.js",
		"GET /city.js":   "web/city.js",
		"GET /lists.js":  "web/lists.js",
		"GET /live.js":   "web/live.js",
		"GET /style.css": "web/style.css",
		"GET /icon.svg":  "web/icon.svg",
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, web, file) })
	}
	mux.HandleFunc("GET /events", a.events)
	mux.Handle(forwarded, a.forward(transport))
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, a.encode(a.store.all())) })
	mux.HandleFunc("GET /letters/{topic}/{partition}/{offset}", a.letterPage)
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.cfg.Metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, []byte(`{"status":"ok"}`)) })
	return guarded(mux)
}

// guarded keeps a browser from taking anything for a script that is none, from
// loading anything foreign, and from showing the page inside another.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// letterPage answers what is in a dead letter.
func (a *App) letterPage(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("topic") + "/" + r.PathValue("partition") + "/" + r.PathValue("offset")
	l, ok := a.store.find(id)
	if !ok {
		reply(w, http.StatusNotFound, []byte(`{"error":"no such dead letter is kept here; weir dlq show reads it from the topic"}`))
		return
	}
	data, err := json.Marshal(a.decoder.open(r.Context(), l))
	if err != nil {
		a.log.Error("a dead letter cannot be written", "id", id, "error", err)
		reply(w, http.StatusInternalServerError, []byte(`{"error":"the letter cannot be written as JSON"}`))
		return
	}
	reply(w, http.StatusOK, data)
}

func reply(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that has gone misses it
}
