package measure

import (
	"encoding/binary"
	"fmt"

	"github.com/weirstream/weir/platform/window"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// tally is what is counted in one zone and window.
type tally struct {
	events, hired, pickUps, dropOffs uint64
	missing, oldSchema               uint64 // how the devices are
	cabs                             window.Set[string]
	speedKmh                         window.Stats
}

func (t *tally) add(a *event.Activity) {
	t.events++
	if a.Hired {
		t.hired++
	}
	if a.PickUp {
		t.pickUps++
	}
	if a.DropOff {
		t.dropOffs++
	}
	t.missing += uint64(max(0, a.Gap))
	if a.Schema < event.Schema {
		t.oldSchema++
	}
	t.cabs.Add(a.Cab)
	t.speedKmh.Add(a.SpeedKmh)
}

// metrics is what the window came to.
func (t *tally) metrics(run, zone string, start int64, revision uint32) event.Metrics {
	return event.Metrics{
		RunID: run, Zone: zone, WindowStart: event.Millis(start), Revision: int64(revision) + 1,
		Events: int64(t.events), Hired: int64(t.hired), Free: int64(t.events - t.hired),
		PickUps: int64(t.pickUps), DropOffs: int64(t.dropOffs), ActiveCabs: int64(t.cabs.Len()),
		SpeedSumKmh: t.speedKmh.Sum(), SpeedCount: int64(t.speedKmh.Count()),
		Missing: int64(t.missing), OldSchema: int64(t.oldSchema),
	}
}

// tallyVersion stands before each saved tally. Whoever changes what is saved
// changes it, for state outlives the program.
const tallyVersion = 1

func tallies() window.Codec[tally] {
	return window.Codec[tally]{
		Append: func(b []byte, t *tally) []byte {
			b = binary.AppendUvarint(b, tallyVersion)
			for _, n := range []uint64{t.events, t.hired, t.pickUps, t.dropOffs, t.missing, t.oldSchema} {
				b = binary.AppendUvarint(b, n)
			}
			return t.speedKmh.Append(window.AppendTexts(b, &t.cabs))
		},
		Decode: func(data []byte, t *tally) error {
			r := window.NewReader(data)
			if v := r.Uvarint(); v != tallyVersion {
				return fmt.Errorf("saved in version %d, and this weir reads %d: let the weir that saved it end its run, or delete topic %s", v, tallyVersion, event.MeasureStateTopic)
			}
			for _, n := range []*uint64{&t.events, &t.hired, &t.pickUps, &t.dropOffs, &t.missing, &t.oldSchema} {
				*n = r.Uvarint()
			}
			t.cabs, t.speedKmh = r.Texts(), r.Stats()
			return r.Close()
		},
	}
}
