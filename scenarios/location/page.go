package location

import (
	"embed"
	"net/http"
)

// web is the page: plain files, no build step, no request to anywhere else.
//
//go:embed web
var web embed.FS

// page serves the files. The policy keeps the page from loading anything foreign.
func (a *App) page(mux *http.ServeMux) {
	for path, file := range map[string]string{
		"GET /{$}":        "web/index.html",
		"GET /app.js":     "web/app.js",
		"GET /style.css":  "web/style.css",
		"GET /world.json": "web/world.json",
		"GET /icon.svg":   "web/icon.svg",
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			http.ServeFileFS(w, r, web, file)
		})
	}
}
