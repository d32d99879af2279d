package location_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/scenarios/location"
	"github.com/weirstream/weir/scenarios/pagetest"
)

// tab is the page of this scenario.
type tab struct{ pagetest.Tab }

// clickAt clicks the map at a position.
func (b tab) clickAt(lat, lon float64) {
	b.T.Helper()
	at := pagetest.Eval[struct{ X, Y float64 }](b.Tab, fmt.Sprintf(`(() => {
		const p = new DOMPoint(%v, %v).matrixTransform(document.getElementById("map").getScreenCTM());
		return {X: p.x, Y: p.y};
	})()`, (lon+180)*10, (90-lat)*10))
	b.Do("click the map", chromedp.MouseClickXY(at.X, at.Y))
}

// answered waits until the page shows an offer for a place.
func (b tab) answered(place string) {
	b.T.Helper()
	b.Until(fmt.Sprintf(`!document.getElementById("offer").hidden && document.getElementById("place").textContent.includes(%q)`, place))
}

func (b tab) status(name string) {
	b.T.Helper()
	b.Until(fmt.Sprintf(`document.getElementById("status").dataset.state === %q`, name))
}

// A person clicks on the map, signs up, and sees the offer arrive; then once
// more by keyboard alone; then the app goes away and comes back.
func TestPageInABrowser(t *testing.T) {
	w := newWorld(t, cloud.Config{})
	b := tab{pagetest.Open(t, w.env.URL("app"))}
	w.streams()
	w.function(1)
	stop := w.app(location.AppConfig{})

	b.Load()
	b.status("live")
	b.clickAt(-1.29, 36.82)
	b.Click("#send")
	b.answered("Kenya")
	if line := b.Text("#line"); !strings.Contains(line, "Nairobi") {
		t.Errorf("by mouse: line %q", line)
	}
	if rows := pagetest.Eval[int](b.Tab, `document.querySelectorAll("#options tr").length`); rows != 5 {
		t.Errorf("by mouse: %d options, want 5", rows)
	}
	if accepted := b.Text("#step-accepted time"); !strings.HasSuffix(accepted, " ms") {
		t.Errorf("by mouse: accepted %q", accepted)
	}

	// Others sign up meanwhile and appear as dots.
	for i := range 32 {
		place := [][2]float64{{51.5, -0.1}, {40.7, -74}, {-23.5, -46.6}, {19.1, 72.9}, {35.7, 139.7}, {64.1, -21.9}, {30, 31.2}, {-33.9, 151.2}}[i%8]
		w.ask("POST", "/signups", signupBody("", place[0]-float64(i)/3, place[1]-float64(i)/2), accept, eventStream)
	}
	b.Until(`document.querySelectorAll("#dots circle").length > 0`)
	b.Looks("rgb(245, 247, 246)", "rgb(15, 23, 28)")

	b.Press("#map", strings.Repeat(kb.ArrowUp, 6)+strings.Repeat(kb.ArrowRight, 3)+kb.Enter)
	b.answered("Ethiopia")

	// A second tab sees what the first sees and takes no connection of its own.
	other := tab{b.Another()}
	other.Load()
	other.status("live")
	if pagetest.Eval[bool](other.Tab, `events !== null`) {
		t.Error("the second tab holds a connection of its own")
	}

	stop()
	b.status("lost")
	other.status("lost")
	b.Shoot("lost")
	w.app(location.AppConfig{})
	b.status("live")
}
