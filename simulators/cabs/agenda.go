package cabs

import (
	"container/heap"
	"time"

	"github.com/weirstream/weir/platform/scenario"
)

// appointment is a reading that was taken and not sent yet.
type appointment struct {
	planned scenario.Planned
	cab     *cab          // of a late sender; else nil
	taken   time.Duration // of a late sender
}

// agenda orders appointments by when they are due and then by id, so that
// the order is the same however they came in.
type agenda struct{ queue queue }

func (a *agenda) due(at time.Duration) bool {
	return len(a.queue) > 0 && a.queue[0].planned.At <= at
}

func (a *agenda) add(next appointment) { heap.Push(&a.queue, next) }

func (a *agenda) pop() appointment {
	next, _ := heap.Pop(&a.queue).(appointment)
	return next
}

type queue []appointment

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q queue) Less(i, j int) bool {
	a, b := q[i].planned, q[j].planned
	switch {
	case a.At != b.At:
		return a.At < b.At
	case a.ID.Device != b.ID.Device:
		return a.ID.Device < b.ID.Device
	}
	return a.ID.Seq < b.ID.Seq
}

// Push is for package heap.
func (q *queue) Push(x any) {
	next, _ := x.(appointment)
	*q = append(*q, next)
}

// Pop is for package heap.
func (q *queue) Pop() any {
	last := len(*q) - 1
	next := (*q)[last]
	(*q)[last] = appointment{} // let its reading go
	*q = (*q)[:last]
	return next
}
