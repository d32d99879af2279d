package measure

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// busy counts, for each zone, its last windows in a row without a free cab. A
// window without readings ends the row, for there is none.
type busy struct {
	rows    map[string]row
	changed map[string]bool
}

// row is windows in a row of one zone.
type row struct {
	last    event.Millis // start of the last of them
	windows int64
}

const busyPrefix = "no-free/"

func newBusy() busy { return busy{rows: map[string]row{}, changed: map[string]bool{}} }

// next takes a zone's next window, in the order of time, and tells how long its
// row is: 0 if there was a free cab.
func (b *busy) next(m *event.Metrics) int64 {
	before, known := b.rows[m.Zone]
	if m.Free > 0 {
		if known {
			delete(b.rows, m.Zone)
			b.changed[m.Zone] = true
		}
		return 0
	}
	now := row{last: m.WindowStart, windows: 1}
	if known && before.last == m.WindowStart-event.Millis(event.Window.Milliseconds()) {
		now.windows += before.windows
	}
	b.rows[m.Zone], b.changed[m.Zone] = now, true
	return now.windows
}

// clear forgets all, for another run begins.
func (b *busy) clear() {
	for zone := range b.rows {
		b.changed[zone] = true
	}
	clear(b.rows)
}

func (b *busy) owns(key []byte) bool { return bytes.HasPrefix(key, []byte(busyPrefix)) }

func (b *busy) restore(key, value []byte) error {
	last, n := binary.Varint(value)
	windows, m := binary.Varint(value[max(n, 0):])
	if n <= 0 || m <= 0 || n+m != len(value) || windows < 1 {
		return fmt.Errorf("state %q: %x is no row of windows", key, value)
	}
	b.rows[string(key[len(busyPrefix):])] = row{event.Millis(last), windows}
	return nil
}

func (b *busy) snapshot(put func(key, value []byte)) {
	for _, zone := range slices.Sorted(maps.Keys(b.changed)) {
		var value []byte // nil: the row has ended
		if r, ok := b.rows[zone]; ok {
			value = binary.AppendVarint(binary.AppendVarint(nil, int64(r.last)), r.windows)
		}
		put([]byte(busyPrefix+zone), value)
	}
	clear(b.changed)
}
