package lambda

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// invocationRecord is what a destination learns of an event that has ended.
type invocationRecord struct {
	Version         string          `json:"version"`
	Timestamp       string          `json:"timestamp"`
	RequestContext  requestContext  `json:"requestContext"`
	RequestPayload  json.RawMessage `json:"requestPayload,omitempty"`
	ResponseContext *recordResponse `json:"responseContext,omitempty"` // absent if never invoked
	ResponsePayload json.RawMessage `json:"responsePayload,omitempty"`
}

type recordResponse struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion"`
	FunctionError   string `json:"functionError,omitempty"`
}

// record renders the invocation record; one too large for its destination is
// sent without the payloads.
func (e asyncEvent) record(now time.Time, arn string, payloads bool) []byte {
	r := invocationRecord{
		Version: "1.0", Timestamp: timestamp(now),
		RequestContext: requestContext{
			RequestID: e.ID, FunctionArn: arn, Condition: e.Condition, ApproximateInvokeCount: e.Invokes,
		},
	}
	if e.Invokes > 0 {
		r.ResponseContext = &recordResponse{e.Last.Status, e.Last.Version, e.Last.FunctionError}
	}
	if payloads {
		r.RequestPayload = asJSON(e.Payload)
		if e.Invokes > 0 {
			r.ResponsePayload = asJSON(e.Last.Payload)
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(r) // strings, numbers and valid JSON always encode
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// qualified is the event's reference with a qualifier, $LATEST if it has none.
func (e asyncEvent) qualified() string {
	if strings.Contains(e.Reference, ":") {
		return e.Reference
	}
	return e.Reference + ":" + latestVersion
}

// deadLetterAttributes are what AWS attaches to the event in the queue.
func (e asyncEvent) deadLetterAttributes() []Attribute {
	status := http.StatusTooManyRequests // it was never tried
	if e.Last != nil {
		status = e.Last.Status
	}
	return []Attribute{
		{"RequestID", "String", e.ID},
		{"ErrorCode", "Number", strconv.Itoa(status)},
		{"ErrorMessage", "String", e.errorMessage()},
	}
}

// asJSON is a payload as it is, or as a string if a runtime answered no JSON.
func asJSON(payload []byte) json.RawMessage {
	switch {
	case len(payload) == 0:
		return json.RawMessage("null")
	case utf8.Valid(payload) && json.Valid(payload):
		return payload
	}
	quoted, _ := json.Marshal(string(payload)) // a string always marshals
	return quoted
}

// firstBytes cuts text to n bytes, between characters.
func firstBytes(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
