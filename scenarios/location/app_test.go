package location_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/scenarios/location"
	"github.com/weirstream/weir/scenarios/location/event"
)

const device = "d000042-000007"

func offerOf(t *testing.T, e sse) (o event.Offer) {
	t.Helper()
	if err := json.Unmarshal([]byte(e.data), &o); err != nil {
		t.Fatalf("offer %q: %v", e.data, err)
	}
	return o
}

func TestSignUpAndWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cloud.Config{})
	w.streams()
	w.function(2) // every offer is on the stream twice
	w.app(location.AppConfig{})

	r := w.ask("POST", "/signups", signupBody(device, 41.1579, -8.6291), accept, eventStream)
	if r.status != http.StatusOK || len(r.events) != 2 {
		t.Fatalf("got %+v, want an accepted and one offer", r)
	}
	if a := r.events[0]; a.event != "accepted" || a.id != device+"/accepted" || a.data != `{"id":"`+device+`"}` {
		t.Errorf("first event %+v", a)
	}
	o := offerOf(t, r.events[1])
	if r.events[1].event != "offer" || r.events[1].id != device+"/offer" || o.ID != device || o.RunID != "run-1" ||
		o.Canonical() != "PT lis Fibre 1G,Cable 300,Air 100,Orbit 50" {
		t.Errorf("second event %+v", r.events[1])
	}

	// The same signup again, as a device does that lost the answer.
	again := w.ask("POST", "/signups", signupBody(device, 41.1579, -8.6291), accept, eventStream)
	if len(again.events) != 2 || again.events[1] != r.events[1] {
		t.Errorf("repeated: %+v", again.events)
	}
	if n := len(w.records(location.SignupsStream)); n != 1 {
		t.Errorf("%d records on the stream, want 1", n)
	}

	// A browser that comes back for the offer, and one that has it.
	back := w.ask("GET", "/signups/"+device+"/offer", "", accept, eventStream, "Last-Event-ID", device+"/accepted")
	if len(back.events) != 1 || back.events[0] != r.events[1] {
		t.Errorf("replayed: %+v", back.events)
	}
	if has := w.ask("GET", "/signups/"+device+"/offer", "", "Last-Event-ID", device+"/offer"); has.status != http.StatusNoContent {
		t.Errorf("a browser that has its offer got %d", has.status)
	}
}

func TestSignUpWithoutWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cloud.Config{})
	w.streams()
	w.function(1)
	w.app(location.AppConfig{})
	r := w.ask("POST", "/signups", signupBody("", -16.85, 179.97))
	var reply struct {
		ID       string
		OfferURL string `json:"offer_url"`
	}
	if err := json.Unmarshal([]byte(r.body), &reply); err != nil || r.status != http.StatusAccepted || !strings.HasPrefix(reply.ID, "web-") {
		t.Fatalf("got %d %s", r.status, r.body)
	}
	later := w.ask("GET", reply.OfferURL, "", accept, eventStream)
	if len(later.events) != 1 || offerOf(t, later.events[0]).Country != "FJ" {
		t.Errorf("got %+v", later.events)
	}
}

func TestBadSignupsAreRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cloud.Config{})
	w.streams()
	w.app(location.AppConfig{})
	for _, c := range []struct{ name, body, field, value string }{
		{"no JSON", "x=1", "", "x=1"},
		{"missing", `{"subscriber":{"name":"A","email":"a@b.c"}}`, "location", ""},
		{"wrong type", strings.Replace(signupBody(device, 1, 2), `"latitude":1`, `"latitude":"1"`, 1), "location.latitude", `"1"`},
		{"out of range", signupBody(device, 1, 180.5), "location.longitude", "180.5"},
		{"not UTF-8", strings.Replace(signupBody(device, 1, 2), "Ada", "\xff", 1), "", "byte 0xff"},
		{"a megabyte", strings.Replace(signupBody(device, 1, 2), "Ada", strings.Repeat("A", 1<<20), 1), "", "more than 65536 bytes"},
		{"64 KiB and one", strings.Repeat(" ", 64<<10) + "{", "", "more than 65536 bytes"},
	} {
		r := w.ask("POST", "/signups", c.body, accept, eventStream)
		var got event.Rejection
		if err := json.Unmarshal([]byte(r.body), &got); err != nil || r.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", c.name, r.status, r.body)
			continue
		}
		if got.Field != c.field || !strings.HasPrefix(got.Value, c.value) || got.Problem == "" || got.Remedy == "" {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if n := len(w.records(location.SignupsStream)); n != 0 {
		t.Errorf("%d refused signups are on the stream", n)
	}
	if r := w.ask("GET", "/signups/nonsense/offer", ""); r.status != http.StatusBadRequest {
		t.Errorf("an offer of nonsense: %d", r.status)
	}
}

func TestNobodyWaitsForever(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cloud.Config{})
	w.streams() // and no function
	w.app(location.AppConfig{WaitMax: 400 * time.Millisecond, WaitingMax: 2})
	var both sync.WaitGroup
	for i := range 2 {
		both.Go(func() {
			r, err := w.try("POST", "/signups", signupBody(fmt.Sprintf("d000001-%06d", i), 1, 2), accept, eventStream)
			if err != nil || len(r.events) != 2 || r.events[0].event != "accepted" || r.events[1].event != "timeout" || r.events[1].id != "" {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
	both.Wait()
	// The desk is full until both have been forgotten.
	r := w.ask("POST", "/signups", signupBody("d000001-000002", 1, 2), accept, eventStream)
	if r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" {
		t.Errorf("the third of two got %d %s", r.status, r.body)
	}
}

func TestRestartedAppFindsTheOffers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cloud.Config{})
	w.streams()
	w.function(1)
	stop := w.app(location.AppConfig{})
	first := w.ask("POST", "/signups", signupBody(device, 48.85, 2.35), accept, eventStream)
	stop()
	w.app(location.AppConfig{})
	again := w.ask("GET", "/signups/"+device+"/offer", "", accept, eventStream, "Last-Event-ID", device+"/accepted")
	if len(first.events) != 2 || len(again.events) != 1 || again.events[0] != first.events[1] {
		t.Errorf("before the restart %+v, after it %+v", first.events, again.events)
	}
}

func TestStopServesWhoWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cloud.Config{})
	w.streams()
	stop := w.app(location.AppConfig{})
	waits := make(chan response)
	go func() {
		r, err := w.try("POST", "/signups", signupBody(device, 48.85, 2.35), accept, eventStream)
		if err != nil {
			t.Errorf("the one who waited: %v", err)
		}
		waits <- r
	}()
	for len(w.records(location.SignupsStream)) == 0 {
		if err := w.wall.Sleep(t.Context(), 10*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	w.function(1) // comes up only while the app is stopping
	if r := <-waits; len(r.events) != 2 || r.events[1].event != "offer" {
		t.Errorf("the one who waited got %+v", r.events)
	}
	<-stopped
}

func TestViewersAndFigures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cloud.Config{})
	w.streams()
	w.function(1)
	stop := w.app(location.AppConfig{})
	seen := make(chan response)
	go func() {
		r, err := w.try("GET", "/events", "")
		if err != nil {
			t.Errorf("viewer: %v", err)
		}
		seen <- r
	}()
	for range 3 { // a viewer may come after the first
		w.ask("POST", "/signups", signupBody("", 48.85, 2.35), accept, eventStream)
		if err := w.wall.Sleep(t.Context(), 60*time.Millisecond); err != nil { // beyond the sampling interval
			t.Fatal(err)
		}
	}
	var figures struct {
		Signups, Waiting, Delivered int
		P99                         float64 `json:"p99_ms"`
	}
	if err := json.Unmarshal([]byte(w.ask("GET", "/stats", "").body), &figures); err != nil {
		t.Fatal(err)
	}
	if figures.Signups != 3 || figures.Delivered != 3 || figures.Waiting != 0 || figures.P99 <= 0 {
		t.Errorf("figures %+v", figures)
	}
	stop() // ends the viewer's response
	kinds := map[string]int{}
	for _, e := range (<-seen).events {
		kinds[e.event]++
	}
	if kinds["stats"] == 0 || kinds["offer"] == 0 {
		t.Errorf("the viewer saw %v", kinds)
	}
}

func TestPageIsServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cloud.Config{})
	w.streams()
	w.app(location.AppConfig{})
	for path, want := range map[string]string{
		"/": "<!doctype html>", "/app.js": "EventSource", "/style.css": "prefers-color-scheme",
		"/icon.svg": "<svg", "/world.json": "Portugal", "/legend.json": "Lisbon", "/healthz": "ok",
	} {
		r := w.ask("GET", path, "")
		if r.status != http.StatusOK || !strings.Contains(r.body, want) {
			t.Errorf("%s: %d, no %q in it", path, r.status, want)
		}
	}
	if csp := w.ask("GET", "/", "").header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") {
		t.Errorf("policy %q", csp)
	}
}
