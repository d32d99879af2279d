package app

import (
	"fmt"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/scenarios/cab/event"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A browser that takes nothing costs a bounded number of messages and is told
// everything anew; the others miss nothing.
func TestASlowViewerHoldsUpNobody(t *testing.T) {
	t.Parallel()
	v := newViewers(10)
	slow, _ := v.add()
	quick, _ := v.add()
	<-slow.stale // what both are told first
	<-quick.stale
	for i := range 100 {
		v.tell([]byte(fmt.Sprint(i)))
		if got := string(<-quick.messages); got != fmt.Sprint(i) {
			t.Fatalf("message %d is %s", i, got)
		}
	}
	if n := len(slow.messages); n != viewerMessages {
		t.Errorf("%d messages wait", n)
	}
	select {
	case <-slow.stale:
	default:
		t.Error("the slow viewer is not stale")
	}
	select {
	case <-quick.stale:
		t.Error("the quick viewer is stale")
	default:
	}
	slow.drop()
	v.tell([]byte("next"))
	if got := string(<-slow.messages); got != "next" {
		t.Errorf("then %s", got)
	}
	v.remove(slow)
	v.remove(quick)
	if v.any() {
		t.Error("somebody looks on")
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	t.Parallel()
	s := newStore("")
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 3 * minutesMax {
		start := event.MillisOf(now.Add(time.Duration(i) * time.Minute))
		for zone := range 70 { // six of them are none
			name := fmt.Sprintf("zone-%d-%d", zone/8, zone%8)
			s.window(event.Metrics{RunID: "r", Zone: name, WindowStart: start, Revision: 1}, now)
		}
		s.tick(sample{At: int64(i)})
	}
	s.window(event.Metrics{RunID: "r", Zone: "zone-0-0", WindowStart: event.MillisOf(now), Revision: 1}, now) // long gone
	for i := range 3 * lettersMax {
		s.letter(newLetter(kafka.ReadDeadLetter(&kgo.Record{Topic: "t", Offset: int64(i), Value: make([]byte, 1<<20)})))
	}
	for i := range 5 * runsMax {
		s.window(event.Metrics{RunID: fmt.Sprint("before ", i), Zone: "zone-0-0", Revision: 1}, now.Add(-time.Hour))
	}
	all := s.all()
	first := event.Millis(all.Cells[0][0]).Time()
	if len(all.Cells) != minutesMax*64 || !first.Equal(now.Add(2*minutesMax*time.Minute)) {
		t.Errorf("%d cells from %v on", len(all.Cells), first)
	}
	if len(all.Samples) != min(3*minutesMax, samplesMax) || len(all.Letters) != lettersMax || all.LettersLost != 2*lettersMax {
		t.Errorf("%d samples, %d letters, %d lost", len(all.Samples), len(all.Letters), all.LettersLost)
	}
	if all.Letters[lettersMax-1].ID != "t/0/599" || cap(all.Letters[0].value) > 2*letterBytesMax {
		t.Errorf("the last letter is %s, the first keeps %d bytes", all.Letters[lettersMax-1].ID, cap(all.Letters[0].value))
	}
	if n := len(s.tick(sample{}).Letters); n != lettersMax {
		t.Errorf("%d new letters", n)
	}
	if n := len(s.tick(sample{}).Letters); n != 0 {
		t.Errorf("%d new letters after that", n)
	}
	if len(s.began) > runsMax || s.run != "r" {
		t.Errorf("%d runs are known, %s is shown", len(s.began), s.run)
	}
}
