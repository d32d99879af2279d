package app

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// batchMax is how long a device may take to send a batch.
const batchMax = 30 * time.Second

// forward hands batches of readings to the hub, so that page and API are at one
// address where they are one process. Devices that know the hub's own need not
// come this way.
func (a *App) forward(transport http.RoundTripper) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			hub, err := url.Parse(a.env.URL(a.cfg.Hub))
			if err != nil {
				a.log.Debug("the hub's address is none", "error", err)
				return
			}
			r.SetURL(hub)
		},
		Transport: transport,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			a.log.Debug("a batch did not reach the hub", "error", err)
			away(w)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.env.URL == nil || a.env.URL(a.cfg.Hub) == "" {
			away(w)
			return
		}
		if err := http.NewResponseController(w).SetReadDeadline(a.env.Wall.Now().Add(batchMax)); err != nil {
			a.log.Debug("a batch may take for ever", "error", err)
		}
		proxy.ServeHTTP(w, r)
	})
}

// away answers as the hub does when it cannot take a batch.
func away(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	reply(w, http.StatusServiceUnavailable, []byte(`{"error":"the hub is not to be reached from here; send the same lines again"}`))
}

// forwarded is what is.
const forwarded = "POST " + event.TelemetryPath
