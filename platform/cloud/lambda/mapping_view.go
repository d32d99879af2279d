package lambda

import (
	"context"
	"net/http"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// EventSourceMappingConfiguration is a mapping as the API shows it.
type EventSourceMappingConfiguration struct {
	UUID                           string
	EventSourceMappingArn          string
	EventSourceArn                 string
	FunctionArn                    string
	State                          string
	StateTransitionReason          string
	LastProcessingResult           string
	LastModified                   wire.Timestamp
	StartingPosition               string
	StartingPositionTimestamp      *wire.Timestamp `json:",omitempty"`
	BatchSize                      int
	MaximumBatchingWindowInSeconds int
	ParallelizationFactor          int
	BisectBatchOnFunctionError     bool
	MaximumRetryAttempts           int
	MaximumRecordAgeInSeconds      int
	TumblingWindowInSeconds        int
	FunctionResponseTypes          []string
	DestinationConfig              destinationConfig
	FilterCriteria                 *filterCriteria `json:",omitempty"`
}

// accepted is a mapping as create, update and delete answer it: 202.
type accepted struct {
	EventSourceMappingConfiguration
}

// Respond writes the mapping with status 202.
func (a accepted) Respond(_ context.Context, w http.ResponseWriter) error {
	return writeJSON(w, http.StatusAccepted, a.EventSourceMappingConfiguration)
}

// view renders m.
func (m *mapping) view() EventSourceMappingConfiguration {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := EventSourceMappingConfiguration{
		UUID: m.id, EventSourceMappingArn: m.arn, EventSourceArn: m.source.arn(),
		FunctionArn: m.deps.functions.functionARN(m.function),
		State:       m.state, StateTransitionReason: "User action", LastProcessingResult: m.result,
		LastModified: wire.Timestamp{Time: m.modified}, StartingPosition: m.start.Type,
		BatchSize: m.settings.batchRecords, MaximumBatchingWindowInSeconds: m.settings.windowSeconds,
		ParallelizationFactor: m.settings.lanes, TumblingWindowInSeconds: m.settings.tumblingSeconds,
		BisectBatchOnFunctionError: m.settings.bisect,
		MaximumRetryAttempts:       m.settings.retryMax, MaximumRecordAgeInSeconds: -1,
		FunctionResponseTypes: []string{}, FilterCriteria: m.settings.criteria(),
		DestinationConfig: destinationConfig{OnFailure: &destination{m.settings.destination}},
	}
	if m.settings.recordAgeMax >= 0 {
		out.MaximumRecordAgeInSeconds = int(m.settings.recordAgeMax / time.Second)
	}
	if m.settings.partialResults {
		out.FunctionResponseTypes = []string{reportBatchItemFailures}
	}
	if m.start.Type == AtTimestamp {
		out.StartingPositionTimestamp = &wire.Timestamp{Time: m.start.Timestamp}
	}
	return out
}
