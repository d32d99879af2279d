package sqs

import (
	"container/heap"
	"container/list"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/weirstream/weir/platform/cloud/store"
)

// inFlightMax is how many received, undeleted messages a queue may have.
const inFlightMax = 120_000

// queue is one standard queue. A message is ready, or hidden until an instant:
// delayed before its first receive, in flight after it.
type queue struct {
	name      string
	arn       string
	unlimited bool
	data      *store.Data

	mu       sync.Mutex
	settings settings
	created  time.Time
	modified time.Time
	purged   time.Time
	gone     bool

	messages map[string]*message
	arrivals *list.List    // every message, oldest first, for retention
	ready    messageHeap   // by arrival
	hidden   messageHeap   // by the instant it becomes visible
	inFlight int           // messages of hidden that were received
	seq      uint64        // of the latest arrival
	changed  chan struct{} // closed and replaced when a waiting receiver should look again
}

type message struct {
	outgoing
	id            string
	seq           uint64
	sent          time.Time
	firstReceived time.Time
	receives      int
	visibleAt     time.Time
	heap          *messageHeap // the heap it is in
	index         int          // its place there
	arrival       *list.Element
}

// outgoing is what a sender gives.
type outgoing struct {
	body       string
	attributes map[string]attribute
	delay      *time.Duration // nil means the queue's
	sender     string
}

func (s *Service) newQueue(name string, set settings, now time.Time) *queue {
	return &queue{
		name: name, arn: s.arn(name), unlimited: s.cfg.QuotasOff, data: s.cfg.Data,
		settings: set, created: now, modified: now,
		messages: map[string]*message{},
		arrivals: list.New(),
		ready:    messageHeap{less: func(a, b *message) bool { return a.seq < b.seq }},
		hidden:   messageHeap{less: func(a, b *message) bool { return a.visibleAt.Before(b.visibleAt) }},
		changed:  make(chan struct{}),
	}
}

// send stores one message and wakes receivers.
func (q *queue) send(now time.Time, out outgoing) (*message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		return nil, errNoQueue()
	}
	if err := q.settings.checkSize(out); err != nil {
		return nil, err
	}
	q.expire(now)
	delay := q.settings.delay
	if out.delay != nil {
		delay = *out.delay
	}
	q.seq++
	m := &message{outgoing: out, id: uuid.NewString(), seq: q.seq, sent: now, visibleAt: now.Add(delay)}
	m.arrival = q.arrivals.PushBack(m)
	q.messages[m.id] = m
	q.place(m, now)
	q.keepMessage(m)
	return m, nil
}

// place puts a message that is in no heap where its visibility says, and tells
// waiting receivers: of a ready message, or of an earlier one to wait for.
func (q *queue) place(m *message, now time.Time) {
	if m.visibleAt.After(now) {
		m.heap = &q.hidden
		if m.receives > 0 {
			q.inFlight++
		}
	} else {
		m.heap = &q.ready
	}
	heap.Push(m.heap, m)
	close(q.changed)
	q.changed = make(chan struct{})
}

func (q *queue) lift(m *message) {
	if m.heap == &q.hidden && m.receives > 0 {
		q.inFlight--
	}
	heap.Remove(m.heap, m.index)
	m.heap = nil
}

// receive takes up to limit visible messages and hides them for visibility.
// next is when the next hidden one becomes visible, zero without one; changed
// is closed when a caller that got nothing should look again.
func (q *queue) receive(now time.Time, limit int, visibility *time.Duration) (got []received, next time.Time, changed <-chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		return nil, time.Time{}, nil, errNoQueue()
	}
	q.settle(now)
	hide := q.settings.visibility
	if visibility != nil {
		hide = *visibility
	}
	if !q.unlimited && q.inFlight >= inFlightMax {
		return nil, time.Time{}, nil, errOverLimit()
	}
	limit = min(limit, len(q.ready.list))
	taken := make([]*message, limit)
	for i := range taken {
		m := q.ready.list[0]
		q.lift(m)
		taken[i] = m
		m.receives++
		if m.firstReceived.IsZero() {
			m.firstReceived = now
		}
		m.visibleAt = now.Add(hide)
		got = append(got, m.received())
	}
	for _, m := range taken { // after the loop: a hide of 0 must not yield a message twice
		q.place(m, now)
	}
	q.keepReceives(taken...)
	if len(q.hidden.list) > 0 {
		next = q.hidden.list[0].visibleAt
	}
	return got, next, q.changed, nil
}

// settle drops what is too old and moves what became visible to ready.
func (q *queue) settle(now time.Time) {
	q.expire(now)
	for len(q.hidden.list) > 0 && !q.hidden.list[0].visibleAt.After(now) {
		m := q.hidden.list[0]
		q.lift(m)
		m.heap = &q.ready
		heap.Push(&q.ready, m)
	}
}

func (q *queue) expire(now time.Time) {
	for e := q.arrivals.Front(); e != nil; e = q.arrivals.Front() {
		m := e.Value.(*message)
		if m.sent.Add(q.settings.retention).After(now) {
			return
		}
		q.drop(m)
	}
}

func (q *queue) drop(m *message) {
	q.lift(m)
	q.arrivals.Remove(m.arrival)
	delete(q.messages, m.id)
	q.keepMessageGone(m)
}

// delete forgets the message of a receipt. One that was deleted or received
// again since is left alone and reported as success, as AWS's standard queues do.
func (q *queue) delete(now time.Time, r receipt) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		return errNoQueue()
	}
	q.settle(now)
	if m := q.messages[r.messageID]; m != nil && m.receives == r.receives {
		q.drop(m)
	}
	return nil
}

// hide makes the message of a receipt visible after d from now.
func (q *queue) hide(now time.Time, r receipt, d time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		return errNoQueue()
	}
	q.settle(now)
	m := q.messages[r.messageID]
	if m == nil || m.receives != r.receives || m.heap != &q.hidden {
		return errNotInflight()
	}
	q.lift(m)
	m.visibleAt = now.Add(d)
	q.place(m, now)
	q.keepReceives(m)
	return nil
}

// clear drops every message; close also turns every present and later caller away.
func (q *queue) clear() {
	q.messages = map[string]*message{}
	q.arrivals.Init()
	q.ready.list, q.hidden.list, q.inFlight = nil, nil, 0
}

// Callers hold q.mu.
func (q *queue) close() {
	q.gone = true
	q.clear()
	close(q.changed)
	q.changed = make(chan struct{})
}

// messageHeap is a container/heap that keeps each message's place in it.
type messageHeap struct {
	list []*message
	less func(a, b *message) bool
}

func (h *messageHeap) Len() int           { return len(h.list) }
func (h *messageHeap) Less(i, j int) bool { return h.less(h.list[i], h.list[j]) }
func (h *messageHeap) Swap(i, j int) {
	h.list[i], h.list[j] = h.list[j], h.list[i]
	h.list[i].index, h.list[j].index = i, j
}

func (h *messageHeap) Push(x any) {
	m := x.(*message)
	m.index = len(h.list)
	h.list = append(h.list, m)
}

func (h *messageHeap) Pop() any {
	last := len(h.list) - 1
	m := h.list[last]
	h.list[last] = nil
	h.list = h.list[:last]
	return m
}
