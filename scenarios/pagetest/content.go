package pagetest

import (
	"fmt"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/weirstream/weir/platform/clock"
)

// Eval gives what a script comes to in the page.
func Eval[T any](b Tab, script string) T {
	b.T.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.T.Fatalf("evaluate %s: %v", script, err)
	}
	return v
}

// Text gives the text of the first element that the CSS selector matches.
func (b Tab) Text(selector string) string {
	b.T.Helper()
	return Eval[string](b, fmt.Sprintf("document.querySelector(%q).textContent", selector))
}

// Until asks the page until the condition holds, for a minute. (chromedp's
// own polling needs eval, which the pages' security policy forbids.)
func (b Tab) Until(condition string) {
	b.T.Helper()
	for deadline := (clock.Wall{}).Now().Add(time.Minute); (clock.Wall{}).Now().Before(deadline); {
		if Eval[bool](b, condition) {
			return
		}
		if err := (clock.Wall{}).Sleep(b.ctx, 50*time.Millisecond); err != nil {
			b.T.Fatal(err)
		}
	}
	b.T.Fatalf("never became true: %s; the page says %q", condition, Eval[string](b, "document.body.innerText"))
}

// Says waits until the first element that the CSS selector matches holds the text.
func (b Tab) Says(selector, text string) {
	b.T.Helper()
	b.Until(fmt.Sprintf("document.querySelector(%q)?.textContent.includes(%q) ?? false", selector, text))
}
