package lambda

import (
	"container/heap"
	"net/http"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
)

// asyncQueueBytes bounds what one function's waiting events hold.
const asyncQueueBytes = 64 << 20

// asyncQueue holds the events of one function that have not ended.
type asyncQueue struct {
	function string
	data     *store.Data

	mu      sync.Mutex
	events  map[string]asyncEvent // by id, those in hand included
	waiting dueHeap               // those not in hand
	bytes   int
	arrived uint64
	closed  bool
	changed chan struct{} // holds a token after put and close
}

func newAsyncQueue(function string, data *store.Data) *asyncQueue {
	return &asyncQueue{function: function, data: data, events: map[string]asyncEvent{}, changed: make(chan struct{}, 1)}
}

// accept takes on a new event, unless the function is gone or has too many.
func (q *asyncQueue) accept(e asyncEvent) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return notFound("Function not found: %s", e.Reference)
	case q.bytes+len(e.Payload) > asyncQueueBytes:
		err := apiError(http.StatusTooManyRequests, "TooManyRequestsException", "User",
			"The function's queue of asynchronous invocations is full here: it holds 64 MB.")
		err.Fields["Reason"] = "CallerRateLimitExceeded"
		return err
	}
	q.keepNew(e)
	q.put(e)
	return nil
}

// resume takes on an event that an earlier process had accepted.
func (q *asyncQueue) resume(e asyncEvent) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.put(e)
}

// putBack takes back an event that was in hand.
func (q *asyncQueue) putBack(e asyncEvent) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e.settled() || q.closed {
		q.drop(e.ID)
		return
	}
	q.keep(e)
	q.put(e)
}

// put gives an event its place in the order of work; q.mu is held.
func (q *asyncQueue) put(e asyncEvent) {
	q.bytes += len(e.Payload) - len(q.events[e.ID].Payload)
	q.events[e.ID] = e
	q.arrived++
	heap.Push(&q.waiting, dueEvent{e.ID, e.Due, q.arrived})
	q.signal()
}

// drop forgets an event; q.mu is held.
func (q *asyncQueue) drop(id string) {
	q.bytes -= len(q.events[id].Payload)
	delete(q.events, id)
	q.keepGone(id)
}

// take hands out the event that is due first. If none is due yet it says when
// to look again, the zero time for not before the queue changes.
func (q *asyncQueue) take(now time.Time) (e asyncEvent, ok bool, next time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return asyncEvent{}, false, time.Time{}
	}
	if first := q.waiting[0]; first.due.After(now) {
		return asyncEvent{}, false, first.due
	}
	first := heap.Pop(&q.waiting).(dueEvent)
	return q.events[first.id], true, time.Time{}
}

// close forgets everything that waits, with the function; what is in hand is
// forgotten when it comes back. It returns how many events that were.
func (q *asyncQueue) close() (forgotten int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	forgotten = len(q.events)
	for _, waiting := range q.waiting {
		q.drop(waiting.id)
	}
	q.waiting = nil
	q.signal()
	return forgotten
}

func (q *asyncQueue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// pending are the ids of the events that have not ended.
func (q *asyncQueue) pending() (ids []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for id := range q.events {
		ids = append(ids, id)
	}
	return ids
}

func (q *asyncQueue) signal() {
	select {
	case q.changed <- struct{}{}:
	default:
	}
}

// dueEvent is an event's place in the order of work.
type dueEvent struct {
	id      string
	due     time.Time
	arrived uint64
}

// dueHeap is a container/heap of what is due first.
type dueHeap []dueEvent

func (h dueHeap) Len() int { return len(h) }

func (h dueHeap) Less(i, j int) bool {
	if h[i].due.Equal(h[j].due) {
		return h[i].arrived < h[j].arrived
	}
	return h[i].due.Before(h[j].due)
}

func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)   { *h = append(*h, x.(dueEvent)) }

func (h *dueHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
