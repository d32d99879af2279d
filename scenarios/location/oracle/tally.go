package oracle

import (
	"fmt"
	"strconv"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/event"
)

// tally counts what is right and keeps the first examples of what is not.
type tally struct {
	ledger  *ledger.Ledger
	planned int

	good, taken, correct int      // well-formed signups: all, accepted, rightly answered
	notTaken             findings // not sent, or never accepted nor refused
	refusedGood          findings
	noOffer              findings // accepted, no offer
	noAnswer             findings // accepted, neither an offer nor a time-out
	wrong                findings

	malformedCount, refused int
	notRefused              findings
	misnamed                findings
}

// signup grades a well-formed event.
func (t *tally) signup(p scenario.Planned, signup event.Signup, book *rulebook) {
	t.good++
	l, id := t.ledger, p.ID
	switch {
	case l.WasRejected(id):
		why, _ := l.RefusalOf(id)
		t.refusedGood.add(id, "well-formed but refused with "+why)
		return
	case !l.WasAcknowledged(id):
		t.notTaken.add(id, t.whyNotTaken(id))
		return
	}
	t.taken++
	got := l.OutcomeOf(id)
	if got == "" {
		t.noOffer.add(id, "")
		if !l.Has(event.TimedOutPoint, id) {
			t.noAnswer.add(id, "")
		}
		return
	}
	want, err := book.offer(p.Labels[event.CountryLabel], signup.Location)
	switch {
	case err != nil:
		t.wrong.add(id, fmt.Sprintf("got %s, but %v", got, err))
	case got != want.Answer():
		t.wrong.add(id, fmt.Sprintf("got %s, want %s (%s)", got, want.Answer(), p.Labels[event.PlaceLabel]))
	default:
		t.correct++
	}
}

func (t *tally) whyNotTaken(id ledger.ID) string {
	switch {
	case !t.ledger.WasSent(id):
		return "not sent"
	case t.ledger.Has(event.OverloadPoint, id):
		return "not sent, the simulator was at its limit"
	}
	return "sent, never accepted"
}

// malformed grades a planted mistake.
func (t *tally) malformed(p scenario.Planned) {
	t.malformedCount++
	l, id := t.ledger, p.ID
	want := "field " + strconv.Quote(p.Labels[event.FieldLabel])
	got, told := l.RefusalOf(id)
	switch {
	case l.WasAcknowledged(id):
		t.notRefused.add(id, "accepted with "+p.Labels[event.MistakeLabel])
	case !l.WasRejected(id):
		t.notRefused.add(id, t.whyNotTaken(id)+" nor refused")
	case !told || got != want:
		t.misnamed.add(id, fmt.Sprintf("%s: got %s, want %s", p.Labels[event.MistakeLabel], got, want))
	default:
		t.refused++
	}
}

// outcomes are the scenario's promises, each with what came of it.
func (t *tally) outcomes() []scenario.Outcome {
	return []scenario.Outcome{
		t.sentAndAccepted(),
		t.exactlyOnce(),
		promise("every offer correct",
			fmt.Sprintf("%d right", t.correct), fmt.Sprintf("%d right, 0 wrong", t.taken-t.noOffer.count),
			problem{"wrong", &t.wrong}),
		promise("nobody waits forever",
			fmt.Sprintf("%d answered", t.taken-t.noAnswer.count), fmt.Sprintf("%d answered", t.taken),
			problem{"neither got an offer nor were told that none came", &t.noAnswer}),
		promise("malformed signups refused naming the field",
			fmt.Sprintf("%d refused", t.refused), fmt.Sprintf("%d refused, no other", t.malformedCount),
			problem{"not refused", &t.notRefused}, problem{"named wrongly", &t.misnamed},
			problem{"refused though well-formed", &t.refusedGood}),
	}
}

func (t *tally) sentAndAccepted() scenario.Outcome {
	return promise("every planned signup sent and accepted",
		fmt.Sprintf("%d accepted", t.taken), fmt.Sprintf("%d accepted", t.good),
		problem{"not accepted", &t.notTaken}, problem{"refused", &t.refusedGood})
}

func (t *tally) exactlyOnce() scenario.Outcome {
	twice := findings{count: t.ledger.Count(event.BrowserPoint).Duplicates, first: named(t.ledger.Duplicated(event.BrowserPoint))}
	conflicts, ids := t.ledger.Conflicts()
	differing := findings{count: conflicts, first: named(ids)}
	return promise("exactly one offer per signup",
		fmt.Sprintf("%d with an offer", t.taken-t.noOffer.count), fmt.Sprintf("%d with one offer each", t.taken),
		problem{"without an offer", &t.noOffer}, problem{"offers too many", &twice},
		problem{"that contradict an earlier one", &differing})
}
