package app_test

import (
	"context"
	"errors"
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
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// tab is one page of a headless browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// newTab opens an empty one, or skips the test where no browser is installed. It
// fails the test for a script error and for a request that leaves the app.
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
			chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1400, 1000))...)
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
	b.call("watch the network", func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
		return err
	})
	return b
}

func (b tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

func (b tab) call(what string, f func(context.Context, *chromedp.Target) error) {
	b.t.Helper()
	b.do(what, chromedp.Func(f))
}

func eval[T any](b tab, script string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.t.Fatalf("evaluate %s: %v", script, err)
	}
	return v
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
	b.t.Fatalf("never became true: %s; the page says %q", condition, eval[string](b, "document.body.innerText"))
}

func (b tab) says(selector, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("document.querySelector(%q)?.textContent.includes(%q) ?? false", selector, text))
}

func (b tab) click(selector string) {
	b.t.Helper()
	b.do("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// likes asks for light or dark colours, and checks that the page has them.
func (b tab) likes(scheme, background string) {
	b.t.Helper()
	b.call("ask for "+scheme, func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
	b.until(fmt.Sprintf("getComputedStyle(document.body).backgroundColor === %q", background))
}

// sized makes the window as wide and checks that nothing sticks out of it.
func (b tab) sized(width, height int64) {
	b.t.Helper()
	b.call("resize", func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: height, DeviceScaleFactor: 1,
		})
		return err
	})
	b.until(fmt.Sprintf("innerWidth === %d", width))
	if wide := eval[int64](b, "document.documentElement.scrollWidth"); wide > width {
		out := eval[[]string](b, `[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.outerHTML.slice(0, 80)).slice(0, 5)`)
		b.t.Errorf("at %d pixels the page is %d wide: %q", width, wide, out)
	}
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
	b := newTab(t, w.home)
	stop := w.run()
	b.do("open the page", chromedp.Navigate(w.home+"/"))
	b.until(`document.getElementById("status").dataset.state === "live"`)
	b.says("#minute", "12:03–12:04")
	b.says("#run-id", "r")
	b.until(fmt.Sprintf(cellOf+` === "13" && `+cellOf+` === "37" && `+cellOf+` === ""`, 0, 63, 5))
	if q := eval[string](b, `document.querySelectorAll("#map g")[63].dataset.q`); q != "8" && q != "7" {
		t.Errorf("the busiest zone has colour %q", q)
	}

	b.do("go back in time by keyboard", chromedp.Focus(chromedp.ID("slider")), chromedp.KeyEvent(strings.Repeat(kb.ArrowLeft, 3)))
	b.says("#minute", "12:00–12:01")
	w.measured(window("r", "zone-0-0", minute(4), 50))
	b.until(`document.getElementById("slider").max === "4"`)
	b.says("#minute", "12:00–12:01") // what is looked at stays
	b.click("#latest")
	b.says("#minute", "12:04–12:05")
	b.click("#figures button:nth-child(4)")
	b.until(fmt.Sprintf(cellOf+` === "2"`, 0))
	b.says("#totals", "pick-ups2")

	b.says("#incident-list", "<b>cab</b>")
	b.says("#alert-list", "overno free cab · zone-0-0") // for there is a minute after it
	b.says("#alert-list", "open<b>new</b>")
	b.says("#letter-list", hostile)
	b.click("#letter-list tr:nth-child(2)")
	b.says("#letter-facts", hostile)
	b.says("#letter-decoded", "magic")
	b.says("#letter-bytes", "3c 69 6d 67")
	b.click("#letter-close")
	b.do("open the other by keyboard", chromedp.Focus(chromedp.CSS("#letter-list tr:first-child")), chromedp.KeyEvent(kb.Enter))
	b.says("#letter-decoded", `"seq": 5`)
	b.shoot("letter")
	b.click("#letter-close")
	if n := eval[int](b, `document.querySelectorAll("main img, main b:not(.legend b), dialog img").length`); n > 0 || eval[string](b, "document.title") != "Cab telemetry" {
		t.Errorf("%d elements came out of a dead letter or an alert", n)
	}
	looks(b)

	stop()
	b.until(`document.getElementById("status").dataset.state === "lost"`)
	w.measured(window("r", "zone-0-0", minute(5), 51))
	w.run()
	b.until(`document.getElementById("status").dataset.state === "live"`)
	b.says("#minute", "12:05–12:06")
}

// looks checks the page's forms.
func looks(b tab) {
	b.t.Helper()
	b.likes("light", "rgb(245, 247, 246)")
	b.shoot("light")
	b.likes("dark", "rgb(15, 23, 28)")
	b.shoot("dark")
	b.sized(390, 844)
	b.shoot("phone")
	b.sized(320, 640)
	b.sized(820, 1180)
	b.sized(1400, 1000)
}
