package location_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/scenarios/location"
)

// tab is one page of a headless browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// newTab opens home, or skips the test where no browser is installed. It fails
// the test for a script error and for a request that leaves the app.
func newTab(t *testing.T, home string) tab {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no chromium or chrome in PATH; install one (Debian: apt-get install chromium) to test the page")
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(),
		append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
			chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1400, 860))...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	b := tab{t, ctx}
	b.do("open a tab")
	var mu sync.Mutex
	var problems []string
	err := chromedp.Listen(ctx, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := ev.(type) {
		case *cdpruntime.EventExceptionThrown:
			problems = append(problems, fmt.Sprintf("script error: %+v", e.ExceptionDetails))
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, home+"/") {
				problems = append(problems, "request to "+e.Request.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, p := range problems {
			t.Error(p)
		}
	})
	b.do("watch the network", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
		return err
	}))
	return b
}

func (b tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

func eval[T any](b tab, script string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.t.Fatalf("evaluate %s: %v", script, err)
	}
	return v
}

func (b tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf("document.querySelector(%q).textContent", selector))
}

// until asks the page until the condition holds. (chromedp's own polling needs
// eval, which the page's security policy forbids.)
func (b tab) until(condition string) {
	b.t.Helper()
	for range 400 {
		if eval[bool](b, condition) {
			return
		}
		if err := (clock.Wall{}).Sleep(b.ctx, 50*time.Millisecond); err != nil {
			b.t.Fatal(err)
		}
	}
	b.t.Fatalf("never became true: %s; the page says %q", condition, b.text("body"))
}

// clickAt clicks the map at a position.
func (b tab) clickAt(lat, lon float64) {
	b.t.Helper()
	at := eval[struct{ X, Y float64 }](b, fmt.Sprintf(`(() => {
		const p = new DOMPoint(%v, %v).matrixTransform(document.getElementById("map").getScreenCTM());
		return {X: p.x, Y: p.y};
	})()`, (lon+180)*10, (90-lat)*10))
	b.do("click the map", chromedp.MouseClickXY(at.X, at.Y))
}

// answered waits until the page shows an offer for a place.
func (b tab) answered(place string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`!document.getElementById("offer").hidden && document.getElementById("place").textContent.includes(%q)`, place))
}

func (b tab) status(name string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.getElementById("status").dataset.state === %q`, name))
}

// dark asks for the dark colours and checks that the page has them.
func (b tab) dark() {
	b.t.Helper()
	b.do("ask for dark colours", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
		})
		return err
	}))
	b.until(`getComputedStyle(document.body).backgroundColor === "rgb(15, 23, 28)"`)
}

// shoot keeps a picture of the page in the directory WEIR_PAGE_SHOTS, if that is set.
func (b tab) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("WEIR_PAGE_SHOTS")
	if dir == "" {
		return
	}
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(dir+"/"+name+".png", shot, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// A person clicks on the map, signs up, and sees the offer arrive; then once
// more by keyboard alone; then the app goes away and comes back.
func TestPageInABrowser(t *testing.T) {
	w := newWorld(t, cloud.Config{})
	b := newTab(t, w.env.URL("app"))
	w.streams()
	w.function(1)
	stop := w.app(location.AppConfig{})

	b.do("open the page", chromedp.Navigate(w.env.URL("app")+"/"))
	b.status("live")
	b.clickAt(-1.29, 36.82)
	b.do("sign up", chromedp.Click(chromedp.ID("send")))
	b.answered("Kenya")
	if line := b.text("#line"); !strings.Contains(line, "Nairobi") {
		t.Errorf("by mouse: line %q", line)
	}
	if rows := eval[int](b, `document.querySelectorAll("#options tr").length`); rows != 5 {
		t.Errorf("by mouse: %d options, want 5", rows)
	}
	if accepted := b.text("#step-accepted time"); !strings.HasSuffix(accepted, " ms") {
		t.Errorf("by mouse: accepted %q", accepted)
	}

	// Others sign up meanwhile and appear as dots.
	for i := range 32 {
		place := [][2]float64{{51.5, -0.1}, {40.7, -74}, {-23.5, -46.6}, {19.1, 72.9}, {35.7, 139.7}, {64.1, -21.9}, {30, 31.2}, {-33.9, 151.2}}[i%8]
		w.ask("POST", "/signups", signupBody("", place[0]-float64(i)/3, place[1]-float64(i)/2), accept, eventStream)
	}
	b.until(`document.querySelectorAll("#dots circle").length > 0`)
	b.shoot("light")
	b.dark()
	b.shoot("dark")

	b.do("steer by keyboard", chromedp.Focus(chromedp.ID("map")),
		chromedp.KeyEvent(strings.Repeat(kb.ArrowUp, 6)+strings.Repeat(kb.ArrowRight, 3)), chromedp.KeyEvent(kb.Enter))
	b.answered("Ethiopia")

	// A second tab sees what the first sees and takes no connection of its own.
	ctx, closeTab := chromedp.NewContext(b.ctx)
	defer closeTab()
	other := tab{t, ctx}
	other.do("open another tab", chromedp.Navigate(w.env.URL("app")+"/"))
	other.status("live")
	if eval[bool](other, `events !== null`) {
		t.Error("the second tab holds a connection of its own")
	}

	stop()
	b.status("lost")
	other.status("lost")
	b.shoot("lost")
	w.app(location.AppConfig{})
	b.status("live")
}
