// Package ledger is the account book of one run: what simulators sent, when
// they meant to, what was acknowledged, and what arrived at every hop. It
// keeps bit sets per device sequence, so ten million events cost megabytes,
// not gigabytes, and reconciles every hop at the end, tail included.
package ledger

import (
	"fmt"
	"strconv"
	"strings"
)

// ID names one event of a run: a device and its per-device sequence number,
// dense from 0, so that a gap is visible.
type ID struct {
	Device uint32
	Seq    uint32
}

// String is the form events carry: "d000042-000007".
func (id ID) String() string {
	text := append(make([]byte, 0, 20), 'd')
	text = appendPadded(text, id.Device)
	text = append(text, '-')
	return string(appendPadded(text, id.Seq))
}

func appendPadded(text []byte, n uint32) []byte {
	for limit := uint32(100_000); limit > max(n, 1); limit /= 10 {
		text = append(text, '0')
	}
	return strconv.AppendUint(text, uint64(n), 10)
}

// MaxDevice and MaxSeq bound what ParseID accepts, so that a hostile id cannot
// make a bit set grow without bound.
const (
	MaxDevice = 1<<24 - 1
	MaxSeq    = 1<<24 - 1
)

// ParseID reads what String wrote, and nothing else: an id that comes back in
// another spelling was changed on its way.
func ParseID(text string) (ID, error) {
	device, seq, ok := strings.Cut(text, "-")
	if !ok || !strings.HasPrefix(device, "d") {
		return ID{}, fmt.Errorf("event id %.60q: want dDEVICE-SEQUENCE", text)
	}
	d, ok := parsePadded(device[1:], MaxDevice)
	if !ok {
		return ID{}, fmt.Errorf("event id %.60q: device is not six digits or more, up to %d", text, MaxDevice)
	}
	s, ok := parsePadded(seq, MaxSeq)
	if !ok {
		return ID{}, fmt.Errorf("event id %.60q: sequence is not six digits or more, up to %d", text, MaxSeq)
	}
	return ID{Device: d, Seq: s}, nil
}

func parsePadded(digits string, most uint32) (n uint32, ok bool) {
	const width = 6
	if len(digits) < width || len(digits) > 9 || len(digits) > width && digits[0] == '0' {
		return 0, false
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint32(c-'0')
	}
	return n, n <= most
}
