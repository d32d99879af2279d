package event

// The families of indexes. There is one index a day of event time for each:
// cab-zones-2026.11.21. In all of them a document tells its run in run_id, and its
// own id begins with it.
const (
	ZonesIndex  = "cab-zones"
	HealthIndex = "cab-health"
	CabsIndex   = "cab-cabs"
	AlertsIndex = "cab-alerts"
)

// IndexOf is the index of a family for the day of an instant.
func IndexOf(family string, at Millis) string {
	return string(at.Time().AppendFormat(append(make([]byte, 0, 24), family...), "-2006.01.02"))
}
