package location

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

func testDesk(waitingMax, keptBytesMax int) *desk {
	return newDesk(clock.Wall{}, 30*time.Second, waitingMax, keptBytesMax)
}

func TestDeskAnswersOnceWhicheverComesFirst(t *testing.T) {
	t.Parallel()
	d := testDesk(10, 1000)
	if !d.answer("early", []byte("offer")) {
		t.Error("an offer nobody waits for yet was not kept")
	}
	early, err := d.join("early")
	if err != nil || !isClosed(early.answered) || string(early.offer) != "offer" {
		t.Errorf("joined after the offer: %v", err)
	}
	if p, mine := d.try(early); mine || !p.isSettled() {
		t.Error("a signup whose offer is there was to be put again")
	}
	late, err := d.join("late")
	if err != nil || isClosed(late.answered) {
		t.Errorf("joined before the offer: %v", err)
	}
	if !d.answer("late", []byte("offer")) || !isClosed(late.answered) {
		t.Error("the offer did not reach who waits")
	}
	if d.answer("late", []byte("another")) || string(late.offer) != "offer" {
		t.Error("a repeated offer was taken")
	}
	if d.waiting() != 0 {
		t.Errorf("%d wait", d.waiting())
	}
}

func TestDeskPutsAgainOnlyAfterAFailure(t *testing.T) {
	t.Parallel()
	d := testDesk(10, 1000)
	first, _ := d.join("id")
	second, _ := d.join("id")
	if first != second {
		t.Fatal("one id has two tickets")
	}
	p, mine := d.try(first)
	if q, also := d.try(second); !mine || also || p != q {
		t.Fatal("two puts of one id")
	}
	d.settle(first, p, errors.New("lost"))
	if p.err == nil || !p.isSettled() {
		t.Error("the failure was not told")
	}
	p, mine = d.try(first)
	if !mine {
		t.Error("no new try after a failure")
	}
	d.settle(first, p, nil)
	if _, mine = d.try(second); mine {
		t.Error("put again after it was acknowledged")
	}
}

func TestDeskIsBounded(t *testing.T) {
	t.Parallel()
	d := testDesk(3, 100)
	for i := range 3 {
		if _, err := d.join(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.join("3"); !errors.Is(err, errFull) {
		t.Errorf("the fourth of three: %v", err)
	}
	if _, err := d.join("2"); err != nil {
		t.Errorf("a known one: %v", err)
	}
	for i := range 10 {
		d.answer(fmt.Sprint(i), make([]byte, 30))
	}
	if len(d.tickets) != 3 || d.keptBytes != 90 || d.tickets["9"] == nil || d.tickets["6"] != nil {
		t.Errorf("kept %d offers of %d bytes; want the last three of 30", len(d.tickets), d.keptBytes)
	}
}

func TestDeskForgetsAfterTheLongestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := testDesk(10, 1000)
		gone, _ := d.join("gone")
		d.leave(gone)
		waits, _ := d.join("waits")
		d.answer("answered", []byte("offer"))
		go func() { _ = d.expire(t.Context()) }()

		time.Sleep(29 * time.Second)
		d.answer("later", []byte("offer"))
		synctest.Wait()
		if got := ticketsOf(d); got != "answered gone later waits" {
			t.Errorf("before the longest wait there are %q", got)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if got := ticketsOf(d); got != "later waits" {
			t.Errorf("after the longest wait there are %q", got)
		}
		d.leave(waits)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := ticketsOf(d); got != "later" || d.waiting() != 0 {
			t.Errorf("what nobody waits for is kept: %q, %d waiting", got, d.waiting())
		}
	})
}

func ticketsOf(d *desk) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(d.tickets)), " ")
}
