package storetest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// Clock tells the instant that a test sets.
type Clock struct {
	clock.Wall
	At time.Time
}

// Now is At.
func (c *Clock) Now() time.Time { return c.At }

// Alike fails unless both sides answer alike: two services that got the same
// calls, of which side 0 was never reopened and side 1 now and then was.
func Alike(t TB, what string, answer func(side int) string) {
	t.Helper()
	if never, reopened := answer(0), answer(1); never != reopened {
		t.Fatal(fmt.Sprintf("%s: never reopened: %s\nreopened: %s", what, never, reopened))
	}
}

// Answer is what a call came to, as a text to compare. An output that has no
// JSON is a mistake of the test.
func Answer(out any, err error) string {
	text, unencodable := json.Marshal(out)
	if unencodable != nil {
		panic(unencodable)
	}
	return fmt.Sprintf("%s, error %v", text, err)
}
