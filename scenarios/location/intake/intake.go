// Package intake is the strict reading of a signup: what the app does with a
// POST and the function with a record. A signup it accepts is safe to process;
// one it refuses comes with the field, the value and the remedy.
package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/weirstream/weir/scenarios/location/event"
)

// raw tells an absent field from a zero one.
type raw struct {
	ID            *string `json:"id"`
	RunID         *string `json:"run_id"`
	EventTime     *string `json:"event_time"`
	SchemaVersion *int    `json:"schema_version"`
	Subscriber    *struct {
		Name  *string `json:"name"`
		Email *string `json:"email"`
	} `json:"subscriber"`
	Location *struct {
		Latitude  *float64 `json:"latitude"`
		Longitude *float64 `json:"longitude"`
	} `json:"location"`
}

// Decode reads a signup. The envelope (id, run_id, event_time, schema_version)
// may be absent, as in a sign-up from the page; whatever is there must be valid.
// Unknown fields are ignored, so that a newer device can still sign up.
func Decode(data []byte) (event.Signup, *event.Rejection) {
	if !utf8.Valid(data) {
		return event.Signup{}, reject("", firstBadByte(data), "is not UTF-8", "encode the body as UTF-8")
	}
	var r raw
	if err := json.Unmarshal(data, &r); err != nil {
		return event.Signup{}, syntax(data, err)
	}
	if r.Subscriber == nil || r.Location == nil {
		field := "subscriber"
		if r.Subscriber != nil {
			field = "location"
		}
		return event.Signup{}, missing(field, "an object")
	}
	for _, f := range []struct {
		name    string
		missing bool
		want    string
	}{
		{"subscriber.name", r.Subscriber.Name == nil, "a text"},
		{"subscriber.email", r.Subscriber.Email == nil, "an email address"},
		{"location.latitude", r.Location.Latitude == nil, "a number from -90 to 90"},
		{"location.longitude", r.Location.Longitude == nil, "a number from -180 to 180"},
	} {
		if f.missing {
			return event.Signup{}, missing(f.name, f.want)
		}
	}
	return r.signup()
}

func (r raw) signup() (event.Signup, *event.Rejection) {
	s := event.Signup{
		ID: text(r.ID), RunID: text(r.RunID), SchemaVersion: event.SchemaVersion,
		Subscriber: event.Subscriber{Name: *r.Subscriber.Name, Email: *r.Subscriber.Email},
		Location:   event.Location{Latitude: *r.Location.Latitude, Longitude: *r.Location.Longitude},
	}
	if r.SchemaVersion != nil && *r.SchemaVersion != event.SchemaVersion {
		return s, reject("schema_version", fmt.Sprint(*r.SchemaVersion), "is not known here",
			fmt.Sprintf("send %d, or leave the field out", event.SchemaVersion))
	}
	if r.EventTime != nil {
		at, err := time.Parse(time.RFC3339Nano, *r.EventTime)
		if err != nil {
			return s, reject("event_time", *r.EventTime, "is not an RFC 3339 instant", "send e.g. 2026-01-02T03:04:05.678Z, or leave the field out")
		}
		s.EventTime = event.Time{Time: at}
	}
	return s, check(s, r.ID != nil)
}

// Complete refuses a signup that lacks a part of the envelope: on the stream
// everything must be there.
func Complete(s event.Signup) *event.Rejection {
	switch {
	case s.ID == "":
		return missing("id", "the signup's id")
	case s.RunID == "":
		return missing("run_id", "the id of the run")
	case s.EventTime.IsZero():
		return missing("event_time", "an RFC 3339 instant")
	}
	return nil
}

// syntax explains an error of encoding/json, with the offending value.
func syntax(data []byte, err error) *event.Rejection {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if wrong.Field == "" {
			return reject("", shorten(string(data)), "is not a JSON object", "send one signup as a JSON object")
		}
		want := map[string]string{"string": "a text", "float64": "a number", "int": "a whole number"}[wrong.Type.String()]
		if want == "" {
			want = "an object"
		}
		return reject(wrong.Field, valueAt(data, wrong.Field), "is a "+wrong.Value+", not "+want, "send "+want)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return reject("", "", "is empty", "send one signup as a JSON object")
	}
	return reject("", shorten(string(data)), "is not JSON: "+err.Error(), "send one signup as a JSON object")
}

// valueAt finds the raw value at a dotted path, for the message only.
func valueAt(data []byte, path string) string {
	value := json.RawMessage(data)
	for name := range strings.SplitSeq(path, ".") {
		var fields map[string]json.RawMessage
		if json.Unmarshal(value, &fields) != nil {
			return ""
		}
		value = fields[name]
	}
	return shorten(string(value))
}

func firstBadByte(data []byte) string {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return fmt.Sprintf("byte %#02x at offset %d", data[i], i)
		}
		i += size
	}
	return ""
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func missing(field, want string) *event.Rejection {
	return reject(field, "", "is missing", "send "+want)
}

func reject(field, value, problem, remedy string) *event.Rejection {
	subject := field
	if subject == "" {
		subject = "the body"
	}
	return &event.Rejection{
		Error: subject + " " + problem + "; " + remedy, Field: field, Value: shorten(value), Problem: problem, Remedy: remedy,
	}
}

// shorten keeps a hostile value from being echoed at length.
func shorten(s string) string {
	const limit = 80
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
