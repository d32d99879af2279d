package event

// The kinds of alerts.
const (
	EngineOverLimit = "engine-over-limit" // a cab has an open incident of kind Engine
	NoFreeCab       = "no-free-cab"       // a zone had no free cab for NoFreeWindowsMin windows
)

// NoFreeWindowsMin is how many windows in a row without a free cab raise an alert.
const NoFreeWindowsMin = 3

// Alert is a document of index cab-alerts-DAY, by the day of Start.
type Alert struct {
	ID     string `json:"id"` // AlertID(Kind, Entity, Start)
	RunID  string `json:"run_id"`
	Kind   string `json:"kind"`
	Entity string `json:"entity"` // the cab or the zone
	// Start is when the incident opened, or the start of the first window without
	// a free cab.
	Start Millis `json:"start"`
	// Last is what the alert knows last: the reading that opened or closed the
	// incident, or the start of the last window without a free cab.
	Last Millis `json:"last"`
	// Revision is the document's external version: 1 for an open incident, 2 for a
	// closed one; for a zone, the windows without a free cab so far.
	Revision int64 `json:"revision"`
	Over     bool  `json:"over"` // the incident is closed; of a zone, the next window tells
}

// AlertID is the same whoever raises the alert, and however often.
func AlertID(kind, entity string, start Millis) string {
	return kind + "|" + entity + "|" + start.String()
}
