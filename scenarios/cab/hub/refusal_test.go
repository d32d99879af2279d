package hub

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/scenarios/cab/event"
)

func TestBodiesThatAreNoBatchAreRefusedWhole(t *testing.T) {
	t.Parallel()
	url, _, topic := serve(t)
	for name, c := range map[string]struct {
		contentType, encoding string
		body                  []byte
		field                 string
	}{
		"no type":        {"", "", []byte(line(0, nil)), "Content-Type"},
		"another type":   {"application/json", "", []byte(line(0, nil)), "Content-Type"},
		"unknown coding": {event.NDJSON, "br", []byte(line(0, nil)), "Content-Encoding"},
		"no gzip":        {event.NDJSON, "gzip", []byte(line(0, nil)), "body"},
		"half a gzip":    {event.NDJSON, "gzip", gzipped(line(0, nil))[:40], "body"},
		"damaged gzip":   {event.NDJSON, "gzip", append(gzipped(line(0, nil))[:60], bytes.Repeat([]byte{7}, 60)...), "body"},
		"nothing":        {event.NDJSON, "", []byte(" \n\n"), "body"},
		"too much":       {event.NDJSON, "", bytes.Repeat([]byte("x\n"), bodyBytesMax/2+1), "body"},
		"too many lines": {event.NDJSON, "gzip", gzipped(strings.Repeat("x\n", linesMax+1)), "body"},
		"a bomb":         {event.NDJSON, "gzip", gzipped(strings.Repeat("x\n", bodyBytesMax)), "body"},
	} {
		status, text := post(t, url, c.contentType, c.encoding, c.body)
		var receipt event.Receipt
		if err := json.Unmarshal([]byte(text), &receipt); err != nil || status != http.StatusBadRequest || receipt.Accepted != 0 || len(receipt.Refused) != 1 {
			t.Errorf("%s: %d %s", name, status, text)
			continue
		}
		if r := receipt.Refused[0]; r.Line != 0 || r.Field != c.field || r.Value == "" || r.Remedy == "" {
			t.Errorf("%s: %s", name, text)
		}
	}
	if records, err := kafka.ReadAll(t.Context(), topic, "t"); err != nil || len(records) > 0 {
		t.Errorf("%d records, %v", len(records), err)
	}
}

// A device whose readings are all malformed must not take a 200 for good news.
func TestNoGoodLineIsABadRequest(t *testing.T) {
	t.Parallel()
	url, _, topic := serve(t)
	for _, body := range []string{"{", "{}\n", "[]", "rubbish\n{}\n"} {
		status, text := post(t, url, event.NDJSON, "", []byte(body))
		var receipt event.Receipt
		if err := json.Unmarshal([]byte(text), &receipt); err != nil || status != http.StatusBadRequest ||
			receipt.Accepted != 0 || len(receipt.Refused) != max(1, strings.Count(body, "\n")) || receipt.Refused[0].Line != 1 {
			t.Errorf("%q: %d %s", body, status, text)
		}
	}
	if records, err := kafka.ReadAll(t.Context(), topic, "t"); err != nil || len(records) > 0 {
		t.Errorf("%d records, %v", len(records), err)
	}
}

// A batch is refused before all of it was read; who still sends it, as a proxy
// does, sees the answer all the same.
func TestRefusalIsSeenThroughAProxy(t *testing.T) {
	t.Parallel()
	to, _, _ := serve(t)
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	t.Cleanup(proxy.Close)
	rest := make([]byte, bodyBytesMax/2) // which gzip makes no smaller, and which nobody needs to read
	_, _ = rand.NewChaCha8([32]byte{}).Read(rest)
	body := bytes.NewBuffer(gzipped(strings.Repeat("x", bodyBytesMax+1) + string(rest)))
	for range 5 {
		if status, text := post(t, proxy.URL, event.NDJSON, "gzip", body.Bytes(), expectContinue); status != http.StatusBadRequest || !strings.Contains(text, "send fewer lines") {
			t.Fatalf("%d %s", status, text)
		}
	}
}

func TestReadingThatLeavesOutWhatItHasToSayIsRefused(t *testing.T) {
	t.Parallel()
	whole := strings.TrimSpace(line(0, nil))
	for _, c := range []struct{ name, old, new, field string }{
		{"nothing", "", "", ""},
		{"nothing of note is null", `{"id"`, `{"note":null,"id"`, ""},
		{"hired", `"hired":false,`, "", "hired"},
		{"hired is null", `"hired":false`, `"hired": null`, "hired"},
		{"GPS", `"gps_ok":true,`, `"gps":true,`, "gps_ok"},
		{"engine", `"engine_c":90,`, "", "engine_c"},
		{"speed is null", `"speed_kmh":0`, `"speed_kmh":null`, "speed_kmh"},
		{"hired only in another object", `"hired":false,`, `"raw":{"hired":false},`, "hired"},
		{"hired only as a text", `"hired":false,`, `"raw":"hired",`, "hired"},
		{"hired only in a name", `"hired":false,`, `"raw\"hired":false,`, "hired"},
		{"all there, and objects", `{"id"`, `{"raw":{},"id"`, ""},
		{"a tyre is null", `220]`, `null]`, "tyre_kpa"},
	} {
		text := strings.Replace(whole, c.old, c.new, 1)
		if c.old != "" && text == whole {
			t.Fatalf("%s: nothing to replace in %s", c.name, whole)
		}
		r := event.Telemetry{TyreKPa: []float64{1, 2, 3, 4}} // of a line before
		refusal := read([]byte(text), &r, now())
		switch {
		case c.field == "" && refusal != nil:
			t.Errorf("%s: %+v", c.name, refusal)
		case c.field != "" && (refusal == nil || refusal.Field != c.field || refusal.Remedy == ""):
			t.Errorf("%s: %+v, want field %s", c.name, refusal, c.field)
		}
	}
}

// A device's programmer reads the remedy, who knows nothing of this program.
func TestWrongTypesAreToldInWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		`{"lat":"x"}`:                   {"lat", "send a number"},
		`{"LAT":[]}`:                    {"LAT", "send a number"},
		`{"lat":1e999}`:                 {"lat", "send a number from -1.7e308 to 1.7e308"},
		`{"hired":3}`:                   {"hired", "send true or false"},
		`{"tyre_kpa":"x"}`:              {"tyre_kpa", "send a list of numbers"},
		`{"tyre_kpa":[1,"x"]}`:          {"tyre_kpa", "send a list of numbers"},
		`{"event_time":3}`:              {"event_time", "send an RFC 3339 instant, such as 2026-01-01T08:00:00.000Z"},
		`{"event_time":"no"}`:           {"event_time", "send an RFC 3339 instant, such as 2026-01-01T08:00:00.000Z"},
		`{"id":3}`:                      {"id", "send a text"},
		`{"seq":"x"}`:                   {"seq", "send a whole number"},
		`{"seq":1.5}`:                   {"seq", "send a whole number in digits alone, of at most 64 bits"},
		`{"seq":1e3}`:                   {"seq", "send a whole number in digits alone, of at most 64 bits"},
		`{"seq":-99999999999999999999}`: {"seq", "send a whole number in digits alone, of at most 64 bits"},
		`[1]`:                           {"", "send one JSON object a line"},
		`"x"`:                           {"", "send one JSON object a line"},
	} {
		if got := read([]byte(text), new(event.Telemetry), now()); got == nil || got.Field != want[0] || got.Remedy != want[1] {
			t.Errorf("%s: got %+v, want %q", text, got, want)
		}
	}
}
