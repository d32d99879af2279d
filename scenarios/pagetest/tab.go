// Package pagetest drives the pages of scenarios in a headless browser, for tests.
package pagetest

import (
	"context"
	"os/exec"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// Tab is one page of a headless browser. What it cannot do, and what does not
// come true, ends its test.
type Tab struct {
	T    testing.TB // the test that fails with the tab
	ctx  context.Context
	home string
}

// Open gives an empty tab for the page of the app at home, an address without a
// path; the app need not run yet. The test is skipped where no browser is
// installed, and fails in its end if the tab had a script error or wanted
// anything from outside the app. Tab and browser close with the test.
func Open(t testing.TB, home string) Tab {
	t.Helper()
	path := browser()
	if path == "" {
		t.Skip("no chromium or chrome in PATH; install one (Debian: apt-get install chromium) to test the page")
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(),
		append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
			chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1400, 1000))...)
	t.Cleanup(stop)
	return open(allocator, t, home)
}

// Another gives an empty tab of the same browser, watched like the first.
func (b Tab) Another() Tab {
	b.T.Helper()
	return open(b.ctx, b.T, b.home)
}

func open(parent context.Context, t testing.TB, home string) Tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(parent)
	t.Cleanup(closeTab)
	b := Tab{T: t, ctx: ctx, home: home}
	b.Do("open a tab")
	b.watch()
	return b
}

func browser() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Load opens the app's page in the tab.
func (b Tab) Load() {
	b.T.Helper()
	b.Do("open the page", chromedp.Navigate(b.home+"/"))
}

// Do takes steps that have no method of their own; what names them in a failure.
func (b Tab) Do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.T.Fatalf("%s: %v", what, err)
	}
}

// Click clicks the first element that the CSS selector matches.
func (b Tab) Click(selector string) {
	b.T.Helper()
	b.Do("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Press gives an element the focus, then presses keys one after the other.
func (b Tab) Press(selector, keys string) {
	b.T.Helper()
	b.Do("press keys on "+selector, chromedp.Focus(chromedp.CSS(selector)), chromedp.KeyEvent(keys))
}

// call sends one command of the browser's protocol; what names it in a failure.
func call[P, R any](b Tab, what string, command cdp.Command[P, R], params P) {
	b.T.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		b.T.Fatalf("%s: %v", what, err)
	}
}
