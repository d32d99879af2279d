package pagetest

import (
	"fmt"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// problems are what a page did that no page may do.
type problems struct {
	mu   sync.Mutex
	seen []string
}

func (p *problems) add(problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, problem)
}

func (p *problems) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

// watch fails the test in its end for script errors, for requests that leave the
// app and for what the page's security policy forbade, which need not come to a
// request. It does not see what workers do.
func (b Tab) watch() {
	b.T.Helper()
	var found problems
	err := chromedp.Listen(b.ctx, func(ev any) {
		switch e := ev.(type) {
		case *runtime.EventExceptionThrown:
			found.add(fmt.Sprint("script error: ", &chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}))
		case *log.EventEntryAdded:
			if e.Entry.Source == log.EntrySourceSecurity {
				found.add("forbidden: " + e.Entry.Text)
			}
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, b.home+"/") {
				found.add("request to " + e.Request.URL)
			}
		}
	})
	if err != nil {
		b.T.Fatalf("listen to the tab: %v", err)
	}
	b.T.Cleanup(func() {
		for _, problem := range found.all() {
			b.T.Error(problem)
		}
	})
	call(b, "watch the network", network.Enable, network.EnableParams{})
}
