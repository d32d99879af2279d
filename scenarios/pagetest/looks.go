package pagetest

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Looks has the page in its forms: light and dark, which have their backgrounds,
// and as wide as a phone's screen, a tablet's and a desk's. It leaves it the last.
func (b Tab) Looks(light, dark string) {
	b.T.Helper()
	b.Likes("light", light)
	b.Shoot("light")
	b.Likes("dark", dark)
	b.Shoot("dark")
	b.Sized(390, 844)
	b.Shoot("phone")
	b.Sized(320, 640)
	b.Sized(820, 1180)
	b.Sized(1400, 1000)
}

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

// Shoot keeps a picture of the page in the directory WEIR_PAGE_SHOTS, if that is
// set, as FOLDER-NAME.png with the folder of the test's package.
func (b Tab) Shoot(name string) {
	b.T.Helper()
	dir := os.Getenv("WEIR_PAGE_SHOTS")
	if dir == "" {
		return
	}
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.T.Fatal(err)
	}
	folder, err := os.Getwd() // in which tests run
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, filepath.Base(folder)+"-"+name+".png"), shot, 0o644)
	}
	if err != nil {
		b.T.Fatal(err)
	}
}
