package wire

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ErrDropReply, returned by a Hook, makes the server close the connection
// without a reply, as if the network had lost it.
var ErrDropReply = errors.New("reply dropped by a hook")

// Fault says whose mistake an Error is, as AWS's XML errors spell it.
type Fault string

// The two sides of an error.
const (
	Sender   Fault = "Sender"
	Receiver Fault = "Receiver"
)

// Error is one AWS wire error: its code, message and HTTP status.
type Error struct {
	Code    string // e.g. ResourceNotFoundException
	Message string
	Status  int // HTTP status; 0 means 400
	// Fields are extra members of the JSON error body (Lambda's Type, DynamoDB's CancellationReasons).
	Fields map[string]any
	// QueryCode is the code that the service's former query protocol used, sent
	// in the x-amzn-query-error header (SQS); empty sends no such header.
	QueryCode string
}

// Error is the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// HTTPStatus is Status, or 400.
func (e *Error) HTTPStatus() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// Fault is Sender below 500 and Receiver from there on.
func (e *Error) Fault() Fault {
	if e.HTTPStatus() >= http.StatusInternalServerError {
		return Receiver
	}
	return Sender
}

// Errorf builds a 400 error.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// NotImplemented is what a caller gets for a part of AWS this cloud does not
// have: a typed 501 that names the gap, never a fake success.
func NotImplemented(gap string) *Error {
	return &Error{
		Code:    "NotImplementedException",
		Message: "weir's embedded cloud does not have " + gap + "; see skipped.md of the service",
		Status:  http.StatusNotImplemented,
	}
}

// Violations collects constraint failures of one input and renders them as
// AWS's coral services do: "N validation error(s) detected: Value 'v' at 'path'
// failed to satisfy constraint: …; …". (Facts sheet §1.1.)
type Violations struct{ list []string }

// Add records that the value at the lowerCamel path broke a constraint, e.g.
// Add("streamName", "a b", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+").
func (v *Violations) Add(path string, value any, constraint string) {
	if v.full() {
		return
	}
	v.list = append(v.list, fmt.Sprintf("Value '%v' at '%s' failed to satisfy constraint: %s", value, path, constraint))
}

// Null records that a required member is missing.
func (v *Violations) Null(path string) {
	if v.full() {
		return
	}
	v.list = append(v.list, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", path))
}

// violationsMax is how many of them AWS names in one answer.
const violationsMax = 10

// full spares the wording of violations that nobody will read: a list of a
// million wrong elements has three million.
func (v *Violations) full() bool { return len(v.list) >= violationsMax }

// Err is nil without violations, else one ValidationException of the first ten.
func (v *Violations) Err() error {
	switch len(v.list) {
	case 0:
		return nil
	case 1:
		return Errorf("ValidationException", "1 validation error detected: %s", v.list[0])
	default:
		return Errorf("ValidationException", "%d validation errors detected: %s", len(v.list), strings.Join(v.list, "; "))
	}
}
