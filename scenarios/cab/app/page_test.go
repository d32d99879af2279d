package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/scenarios/cab/event"
	"github.com/weirstream/weir/scenarios/pagetest"
)

const cellOf = `document.querySelectorAll("#map g")[%d].lastChild.textContent`

// Somebody looks at the city, at minutes gone by, at a dead letter that wants to
// be a script; then the app goes away and comes back.
func TestPageInABrowser(t *testing.T) {
	w := newWorld(t)
	w.found.Store("cab-health-*", `{"hits":{"hits":[{"_source":{"id":"i","run_id":"r","cab":"<b>cab</b>","kind":"engine","opened_seq":5,"opened_at":"2026-03-01T12:00:00.000Z","closed":false}}]}}`)
	w.found.Store("cab-alerts-*", `{"hits":{"hits":[
		{"_source":{"kind":"no-free-cab","entity":"zone-0-0","start":"2026-03-01T12:01:00.000Z","last":"2026-03-01T12:03:00.000Z","revision":3}},
		{"_source":{"kind":"<b>new</b>","entity":"zone-0-1","start":"2026-03-01T12:01:00.000Z","last":"2026-03-01T12:03:00.000Z","revision":3}}]}}`)
	hostile := `<img src=x onerror="document.title='taken'">`
	w.dead(event.TelemetryTopic, hostile, []byte(hostile+"\x00\x01"), kafka.Permanent(hostile, errors.New(hostile)))
	w.dead(event.TelemetryTopic, "cab-00000002", w.reading(5), kafka.Permanent("wrong-key", errors.New("it is not the cab's")))
	for i := range 4 {
		w.measured(window("r", "zone-0-0", minute(i), int64(10+i)), window("r", "zone-7-7", minute(i), int64(40-i)))
	}
	b := pagetest.Open(t, w.home)
	stop := w.run()
	b.Load()
	b.Until(`document.getElementById("status").dataset.state === "live"`)
	b.Says("#minute", "12:03–12:04")
	b.Says("#run-id", "r")
	b.Until(fmt.Sprintf(cellOf+` === "13" && `+cellOf+` === "37" && `+cellOf+` === ""`, 0, 63, 5))
	if q := pagetest.Eval[string](b, `document.querySelectorAll("#map g")[63].dataset.q`); q != "8" && q != "7" {
		t.Errorf("the busiest zone has colour %q", q)
	}

	b.Press("#slider", strings.Repeat(kb.ArrowLeft, 3))
	b.Says("#minute", "12:00–12:01")
	w.measured(window("r", "zone-0-0", minute(4), 50))
	b.Until(`document.getElementById("slider").max === "4"`)
	b.Says("#minute", "12:00–12:01") // what is looked at stays
	b.Click("#latest")
	b.Says("#minute", "12:04–12:05")
	b.Click("#figures button:nth-child(4)")
	b.Until(fmt.Sprintf(cellOf+` === "2"`, 0))
	b.Says("#totals", "pick-ups2")

	b.Says("#incident-list", "<b>cab</b>")
	b.Says("#alert-list", "overno free cab · zone-0-0") // for there is a minute after it
	b.Says("#alert-list", "open<b>new</b>")
	b.Says("#letter-list", hostile)
	b.Click("#letter-list tr:nth-child(2)")
	b.Says("#letter-facts", hostile)
	b.Says("#letter-decoded", "magic")
	b.Says("#letter-bytes", "3c 69 6d 67")
	b.Click("#letter-close")
	b.Press("#letter-list tr:first-child", kb.Enter)
	b.Says("#letter-decoded", `"seq": 5`)
	b.Shoot("letter")
	b.Click("#letter-close")
	if n := pagetest.Eval[int](b, `document.querySelectorAll("main img, main b:not(.legend b), dialog img").length`); n > 0 || pagetest.Eval[string](b, "document.title") != "Cab telemetry" {
		t.Errorf("%d elements came out of a dead letter or an alert", n)
	}
	b.Looks("rgb(245, 247, 246)", "rgb(15, 23, 28)")

	stop()
	b.Until(`document.getElementById("status").dataset.state === "lost"`)
	w.measured(window("r", "zone-0-0", minute(5), 51))
	w.run()
	b.Until(`document.getElementById("status").dataset.state === "live"`)
	b.Says("#minute", "12:05–12:06")
}
