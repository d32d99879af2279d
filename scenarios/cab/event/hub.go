package event

// The hub's HTTP contract: POST NDJSON to TelemetryPath, one Telemetry a line,
// optionally with Content-Encoding: gzip. The answer comes when every accepted
// line is on the topic for good.
//
//	200 Receipt     lines were accepted; the others were refused, each on its own
//	400 Receipt     every line was refused, or as line 0 the body as a whole: it is
//	                no NDJSON, no gzip, nothing, or too much
//	408             the body did not come through: send the same lines again
//	503 Retry-After the topic takes nothing now, or the batches in hand take all
//	                memory there is for them: send the same lines again
//
// After a 503, or where the connection ends without an answer, any of the lines
// may be on the topic.
const (
	HubService    = "hub" // under which it is found
	TelemetryPath = "/telemetry"
	NDJSON        = "application/x-ndjson"
)

// Receipt says what became of the lines of one batch. Accepted and the refused
// lines add up to the lines sent, unless the body as a whole was refused.
type Receipt struct {
	Accepted int       `json:"accepted"`
	Refused  []Refusal `json:"refused,omitempty"`
}

// Refusal is why a line was refused for good: sending it again is no use.
type Refusal struct {
	Line   int    `json:"line"`  // from 1; 0 is the whole body
	Field  string `json:"field"` // as in JSON; "" is the line as a whole
	Value  string `json:"value"` // as received, shortened
	Remedy string `json:"remedy"`
}
