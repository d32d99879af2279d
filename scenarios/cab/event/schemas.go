package event

import _ "embed"

// The Avro schemas of the topics' values. A registry keeps them under the
// subject TOPIC-value, with compatibility BACKWARD.
var (
	//go:embed telemetry-v1.avsc
	telemetryV1 string
	//go:embed telemetry-v2.avsc
	telemetryV2 string
	//go:embed activity.avsc
	activity string
	//go:embed metrics.avsc
	metrics string
)

// TelemetrySchema is the schema of cab-telemetry in a version; "" if there is none.
func TelemetrySchema(version int) string {
	switch version {
	case SchemaOld:
		return telemetryV1
	case Schema:
		return telemetryV2
	}
	return ""
}

// ActivitySchema is the schema of cab-activity.
func ActivitySchema() string { return activity }

// MetricsSchema is the schema of cab-metrics.
func MetricsSchema() string { return metrics }
