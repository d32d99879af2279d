package oracle

import (
	"fmt"
	"strconv"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// intake grades what devices were told about their readings.
type intake struct {
	ledger *ledger.Ledger

	good, accepted int
	notAccepted    findings
	goodRefused    findings

	bad, refused int
	notRefused   findings
	misnamed     findings
}

// fate is what became of a planned reading, as far as a device knows.
type fate uint8

const (
	unknown fate = iota // not planned, or neither accepted nor refused
	inTime              // accepted, and in time for its window
	late                // accepted, and too late
	refused
)

// wellFormed grades a reading that the hub must take.
func (i *intake) wellFormed(id ledger.ID) (accepted bool) {
	i.good++
	switch {
	case i.ledger.WasRejected(id):
		why, _ := i.ledger.RefusalOf(id)
		i.goodRefused.add("%s: %s", id, why)
	case i.ledger.WasAcknowledged(id):
		i.accepted++
		return true
	default:
		i.notAccepted.add("%s: %s", id, i.why(id))
	}
	return false
}

func (i *intake) why(id ledger.ID) string {
	switch {
	case !i.ledger.WasSent(id):
		return "not sent"
	case i.ledger.Has(event.OverloadPoint, id):
		return "not sent, the simulator was at its limit"
	case i.ledger.Has(event.AbandonedPoint, id):
		return "sent, given up after the longest wait"
	}
	return "sent, neither accepted nor refused"
}

// mistaken grades a reading that the hub must refuse.
func (i *intake) mistaken(p scenario.Planned) {
	i.bad++
	want := "field " + strconv.Quote(p.Labels[event.FieldLabel])
	got, told := i.ledger.RefusalOf(p.ID)
	switch {
	case i.ledger.WasAcknowledged(p.ID):
		i.notRefused.add("%s: accepted with %s", p.ID, p.Labels[event.MistakeLabel])
	case !i.ledger.WasRejected(p.ID):
		i.notRefused.add("%s: %s", p.ID, i.why(p.ID))
	case !told || got != want:
		i.misnamed.add("%s: %s: got %s, want %s", p.ID, p.Labels[event.MistakeLabel], got, want)
	default:
		i.refused++
	}
}

func (i *intake) outcomes() []scenario.Outcome {
	return []scenario.Outcome{
		promise("every well-formed reading accepted",
			fmt.Sprintf("%d accepted", i.accepted), fmt.Sprintf("%d accepted", i.good),
			problem{"not accepted", &i.notAccepted}, problem{"refused", &i.goodRefused}),
		promise("rubbish and wrong clocks refused naming the field",
			fmt.Sprintf("%d refused", i.refused), fmt.Sprintf("%d refused", i.bad),
			problem{"not refused", &i.notRefused}, problem{"named wrongly", &i.misnamed}),
	}
}
