package kafka

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"sort"
	"sync"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// headMax is the largest head of a request up to its tags.
const headMax = frameHead + 2 + math.MaxInt16 + 5

// flexibleFrom is, by a request's key, the first version with tags in its head;
// 0 stands for keys that kfake does not know.
var flexibleFrom = sync.OnceValue(func() []int { //nolint:gochecknoglobals // A constant that kmsg has no name for.
	first := make([]int, kmsg.MaxKey+1)
	for key := range first {
		request := kmsg.RequestForKey(int16(key))
		if request == nil {
			continue
		}
		first[key] = 1 + sort.Search(math.MaxInt16+1, func(version int) bool {
			request.SetVersion(int16(version))
			return request.IsFlexible()
		})
	}
	return first
})

// flexible tells whether a request has tags, and whether kfake knows its key.
func flexible(key, version int16) (tagged, known bool) {
	if key < 0 || key > kmsg.MaxKey {
		return false, false
	}
	from := flexibleFrom()[key]
	return int(version)+1 >= from, from > 0
}

// checkTags refuses a request of so many bytes whose head claims more tags than
// fit in: each has a key and a length. It takes nothing off the connection.
func (c *guarded) checkTags(size int) error {
	if size < frameHead+2 {
		return fmt.Errorf("%w: its head ends early", errFrame)
	}
	head, err := c.peek(frameHead + 2)
	if err != nil {
		return err
	}
	at := frameHead + 2 + max(0, int(int16(binary.BigEndian.Uint16(head[frameHead:])))) // behind the client's id
	if at >= size {
		return fmt.Errorf("%w: its head ends early", errFrame)
	}
	// A count of one byte is all but certain, and more may not have come yet.
	for end := at + 1; end <= min(size, at+5); end++ {
		if head, err = c.peek(end); err != nil {
			return err
		}
		if head[end-1] >= 0x80 {
			continue
		}
		if count, width := kbin.Uvarint(head[at:]); width > 0 && int(count) <= (size-end)/2 {
			return nil
		}
		break
	}
	return fmt.Errorf("%w: more tags than it has room for", errFrame)
}

// peek looks at the next n bytes, headMax at most.
func (c *guarded) peek(n int) ([]byte, error) {
	if n > c.in.Size() {
		c.in = bufio.NewReaderSize(c.in, headMax)
	}
	return c.in.Peek(n)
}

// skipTags skips tags. kmsg's own way counts through as many as are claimed,
// four billion at most, whether they are there or not.
func skipTags(r *kbin.Reader) {
	for left := r.Uvarint(); left > 0 && r.Ok(); left-- {
		r.Uvarint()
		r.Span(int(r.Uvarint()))
	}
}
