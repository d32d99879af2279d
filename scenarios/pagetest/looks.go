package pagetest

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Likes asks for light or dark colours, and waits until the page has the
// background, such as "rgb(15, 23, 28)".
func (b Tab) Likes(scheme, background string) {
	b.T.Helper()
	call(b, "ask for "+scheme, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	b.Until(fmt.Sprintf("getComputedStyle(document.body).backgroundColor === %q", background))
}

// sticksOut lists the beginnings of elements that end right of the window.
const sticksOut = `[...document.querySelectorAll("body *")]
	.filter((e) => e.getBoundingClientRect().right > innerWidth)
	.map((e) => e.outerHTML.slice(0, 80)).slice(0, 5)`

// Sized gives the window a size in pixels and checks that nothing sticks out of
// its width.
func (b Tab) Sized(width, height int64) {
	b.T.Helper()
	call(b, "resize", emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1,
	})
	b.Until(fmt.Sprintf("innerWidth === %d", width))
	if wide := Eval[int64](b, "document.documentElement.scrollWidth"); wide > width {
		b.T.Errorf("at %d pixels the page is %d wide: %q", width, wide, Eval[[]string](b, sticksOut))
	}
}

// Shoot keeps a picture of the page in the directory WEIR_PAGE_SHOTS, if that is set.
func (b Tab) Shoot(name string) {
	b.T.Helper()
	dir := os.Getenv("WEIR_PAGE_SHOTS")
	if dir == "" {
		return
	}
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o644)
	}
	if err != nil {
		b.T.Fatal(err)
	}
}
