package event

import (
	"encoding/binary"
	"errors"
)

// Topics. Their names are fixed, so that a policy can name them.
const (
	TelemetryTopic    = "cab-telemetry"
	DeadTopic         = "cab-telemetry.dlq"
	LateTopic         = "cab-telemetry.late"
	ActivityTopic     = "cab-activity"
	ActivityDeadTopic = "cab-activity.dlq"
	MetricsTopic      = "cab-metrics"
	RefineStateTopic  = "cab-refine-state"
	MeasureStateTopic = "cab-measure-state"
	IndexDeadTopic    = "cab-index.dlq"
)

// Consumer groups of the stages.
const (
	RefineGroup  = "cab-refine"
	MeasureGroup = "cab-measure"
	IndexGroup   = "cab-index"
)

// Identify reads the first two fields of a reading or an activity, in Avro
// behind the registry's five bytes: the same in every version of the schemas.
func Identify(data []byte) (id, runID string, err error) {
	const header = 5
	if len(data) < header {
		return "", "", errors.New("no record") // a mark
	}
	rest := data[header:]
	for _, field := range []*string{&id, &runID} {
		n, used := binary.Varint(rest)
		if used <= 0 || n < 0 || n > int64(len(rest)-used) {
			return "", "", errors.New("no text where id and run id stand")
		}
		*field, rest = string(rest[used:used+int(n)]), rest[used+int(n):]
	}
	return id, runID, nil
}
