package lambda

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// Why an event ended, in the words of AWS's invocation record.
const (
	conditionSuccess   = "Success"
	conditionExhausted = "RetriesExhausted"
	conditionEventAge  = "EventAgeExceeded"
	conditionStopped   = "ZeroReservedConcurrency"
)

const (
	eventRetriesMax = 2
	eventAgeMax     = 6 * time.Hour
	refusalWaitMax  = 5 * time.Minute
)

// asyncEvent is one accepted asynchronous invocation: all that must survive for
// it to end as promised, as one value that JSON can hold. Its methods return
// what it becomes and touch nothing else.
type asyncEvent struct {
	ID        string    `json:"id"`        // the request's; every attempt carries it
	Reference string    `json:"reference"` // the function as it was named
	Payload   []byte    `json:"-"`         // has an entry of its own: it never changes
	Accepted  time.Time `json:"accepted"`
	Due       time.Time `json:"due"` // when to go on with it

	Invokes  int     `json:"invokes,omitempty"`  // attempts that the function saw
	Failures int     `json:"failures,omitempty"` // of them, those that failed
	Refusals int     `json:"refusals,omitempty"` // attempts in a row that the function did not see, or sends in a row that failed
	Last     *answer `json:"last,omitempty"`     // of the last attempt

	Condition string        `json:"condition,omitempty"` // why it ended; "" before
	Role      string        `json:"role,omitempty"`      // that sends to the targets
	Targets   []eventTarget `json:"targets,omitempty"`   // that do not have it yet
}

// answer is how an attempt ended.
type answer struct {
	Status        int    `json:"status"`
	Version       string `json:"version,omitempty"` // "" if the function did not see the event
	FunctionError string `json:"function_error,omitempty"`
	Payload       []byte `json:"payload,omitempty"` // or the text of a refusal
}

// eventTarget is where an event that has ended is still to be sent.
type eventTarget struct {
	ARN        string `json:"arn"`
	DeadLetter bool   `json:"dead_letter,omitempty"` // the event itself, not a record of the invocation
}

// eventLimits are what holds for a function's events at one moment.
type eventLimits struct {
	retryMax                         int
	ageMax                           time.Duration
	onSuccess, onFailure, deadLetter string // ARNs, or ""
	role                             string
	stopped                          bool // no concurrency is reserved for it
}

// verdict is the condition under which an event ends before another attempt, or "".
func (e asyncEvent) verdict(now time.Time, limits eventLimits) string {
	switch {
	case now.Sub(e.Accepted) >= limits.ageMax:
		return conditionEventAge
	case limits.stopped:
		return conditionStopped
	default:
		return ""
	}
}

// attempted is e after the function has seen it: it succeeded, waits one minute
// and then two for its retries, or is exhausted.
func (e asyncEvent) attempted(now time.Time, r Result, limits eventLimits) asyncEvent {
	e.Invokes++
	e.Refusals = 0
	e.Last = &answer{Status: 200, Version: r.Version, FunctionError: r.FunctionError, Payload: r.Payload}
	if r.FunctionError == "" {
		return e.ended(now, conditionSuccess, limits)
	}
	if e.Failures++; e.Failures > limits.retryMax {
		return e.ended(now, conditionExhausted, limits)
	}
	return e.waiting(now, time.Duration(e.Failures)*time.Minute, limits)
}

// refused is e after a throttle or a failure of the service, which do not count
// as attempts: it waits ever longer, until its age ends it.
func (e asyncEvent) refused(now time.Time, err error, limits eventLimits) asyncEvent {
	e.Refusals++
	if e.Invokes == 0 {
		e.Last = &answer{Status: 500, Payload: []byte(err.Error())}
		if typed := (*wire.Error)(nil); errors.As(err, &typed) {
			e.Last = &answer{Status: typed.HTTPStatus(), Payload: []byte(typed.Message)}
		}
	}
	return e.waiting(now, refusalWait(e.Refusals), limits)
}

// waiting is e put off, but not beyond its age.
func (e asyncEvent) waiting(now time.Time, wait time.Duration, limits eventLimits) asyncEvent {
	e.Due = now.Add(wait)
	if end := e.Accepted.Add(limits.ageMax); end.Before(e.Due) {
		e.Due = end
	}
	return e
}

// ended is e with its fate decided; what remains is to send it to its targets.
func (e asyncEvent) ended(now time.Time, condition string, limits eventLimits) asyncEvent {
	e.Condition, e.Role, e.Due, e.Refusals = condition, limits.role, now, 0
	add := func(target eventTarget) {
		if target.ARN != "" {
			e.Targets = append(e.Targets, target)
		}
	}
	if condition == conditionSuccess {
		add(eventTarget{ARN: limits.onSuccess})
		return e
	}
	add(eventTarget{ARN: limits.onFailure})
	add(eventTarget{ARN: limits.deadLetter, DeadLetter: true})
	return e
}

// sent is e after its first target has it.
func (e asyncEvent) sent() asyncEvent {
	e.Targets, e.Refusals = e.Targets[1:], 0
	return e
}

// unsent is e after its first target refused it.
func (e asyncEvent) unsent(now time.Time) asyncEvent {
	e.Refusals++
	e.Due = now.Add(refusalWait(e.Refusals))
	return e
}

// settled reports that nothing is left to do for e.
func (e asyncEvent) settled() bool { return e.Condition != "" && len(e.Targets) == 0 }

// errorMessage is what a dead-letter queue is told: the first KB of the error.
func (e asyncEvent) errorMessage() string {
	if e.Last == nil {
		return e.Condition
	}
	text := string(e.Last.Payload)
	var posted struct{ ErrorMessage string }
	if json.Unmarshal(e.Last.Payload, &posted) == nil && posted.ErrorMessage != "" {
		text = posted.ErrorMessage
	}
	if text == "" {
		return e.Condition
	}
	return firstBytes(text, 1<<10)
}

// refusalWait is the wait after the nth refusal in a row, n from 1: doubling
// from a second to five minutes.
func refusalWait(n int) time.Duration {
	return min(refusalWaitMax, time.Second<<min(n-1, 20))
}
