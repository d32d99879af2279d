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
func (id ID) String() string { return fmt.Sprintf("d%06d-%06d", id.Device, id.Seq) }

// MaxDevice and MaxSeq bound what ParseID accepts, so that a hostile id cannot
// make a bit set grow without bound.
const (
	MaxDevice = 1<<24 - 1
	MaxSeq    = 1<<24 - 1
)

// ParseID reads what String wrote.
func ParseID(text string) (ID, error) {
	device, seq, ok := strings.Cut(text, "-")
	if !ok || !strings.HasPrefix(device, "d") {
		return ID{}, fmt.Errorf("event id %.60q: want dDEVICE-SEQUENCE", text)
	}
	d, err := strconv.ParseUint(device[1:], 10, 32)
	if err != nil || d > MaxDevice {
		return ID{}, fmt.Errorf("event id %.60q: device is not a number up to %d", text, MaxDevice)
	}
	s, err := strconv.ParseUint(seq, 10, 32)
	if err != nil || s > MaxSeq {
		return ID{}, fmt.Errorf("event id %.60q: sequence is not a number up to %d", text, MaxSeq)
	}
	return ID{Device: uint32(d), Seq: uint32(s)}, nil
}
