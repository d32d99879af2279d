package lambda

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"
)

const (
	stateBytesMax = 1 << 20
	// latePuts is how long after a window's end its last records may still
	// become visible: they are stamped a moment before they can be read.
	latePuts = 100 * time.Millisecond
)

// openWindow is a tumbling window that the function has aggregated records of.
// Its bounds are simulated time, as every window is.
type openWindow struct {
	Start time.Time       `json:"start"`
	End   time.Time       `json:"end"`
	State json.RawMessage `json:"state"`
	Span  span            `json:"span"`            // of the records in State
	Early bool            `json:"early,omitempty"` // State is too large: the final invocation is due now
}

// span is a run of records as on-failure documents tell it.
type span struct {
	First        string    `json:"first"` // sequence numbers
	Last         string    `json:"last"`
	FirstArrival time.Time `json:"first_arrival"`
	LastArrival  time.Time `json:"last_arrival"`
	Records      int       `json:"records"`
}

func spanOf(records []Record) span {
	first, last := records[0], records[len(records)-1]
	return span{first.SequenceNumber, last.SequenceNumber, first.Arrival, last.Arrival, len(records)}
}

// join is the span of two runs, one after the other.
func (s span) join(next span) span {
	if s.Records == 0 {
		return next
	}
	s.Last, s.LastArrival, s.Records = next.Last, next.LastArrival, s.Records+next.Records
	return s
}

// windowAt is the window of a simulated instant, with nothing in it yet.
func windowAt(at time.Time, seconds int) *openWindow {
	length := int64(seconds)
	start := at.Unix() - ((at.Unix()%length)+length)%length
	return &openWindow{
		Start: time.Unix(start, 0).UTC(), End: time.Unix(start+length, 0).UTC(), State: json.RawMessage(`{}`),
	}
}

// with is the window after the function has taken records into a new state.
func (w *openWindow) with(records []Record, state json.RawMessage) *openWindow {
	next := *w
	next.State, next.Span = state, w.Span.join(spanOf(records))
	next.Early = len(state) > stateBytesMax
	return &next
}

// again is the same window with a fresh state, after it was terminated early.
func (w *openWindow) again() *openWindow {
	return &openWindow{Start: w.Start, End: w.End, State: json.RawMessage(`{}`)}
}

// windowEvent is what a function receives while a tumbling window is open.
type windowEvent struct {
	kinesisEvent
	Window                  windowBounds    `json:"window"`
	State                   json.RawMessage `json:"state"`
	ShardID                 string          `json:"shardId"`
	EventSourceARN          string          `json:"eventSourceARN"`
	IsFinalInvokeForWindow  bool            `json:"isFinalInvokeForWindow"`
	IsWindowTerminatedEarly bool            `json:"isWindowTerminatedEarly"`
}

type windowBounds struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// stateOf reads the state in a function's response: without one the invocation
// has failed. null is an empty one.
func stateOf(response []byte) (json.RawMessage, error) {
	var reply struct {
		State json.RawMessage `json:"state"`
	}
	if err := json.Unmarshal(response, &reply); err != nil || reply.State == nil {
		return nil, errors.New("the response has no state, which a function with a tumbling window must return")
	}
	if bytes.Equal(reply.State, []byte("null")) {
		return json.RawMessage(`{}`), nil
	}
	return reply.State, nil
}
