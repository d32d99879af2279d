package lambda

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const reportBatchItemFailures = "ReportBatchItemFailures"

// mappingSettings are the settled parameters of a mapping; a value is never
// changed in place.
type mappingSettings struct {
	batchRecords   int
	windowSeconds  int
	bisect         bool
	retryMax       int // -1: without end
	recordAgeMax   time.Duration
	partialResults bool
	destination    string // ARN; "" discards without a trace

	lanes           int // ParallelizationFactor
	tumblingSeconds int // 0: no tumbling windows
	filters         []filter
}

func defaultMappingSettings() mappingSettings {
	return mappingSettings{batchRecords: 100, retryMax: -1, recordAgeMax: -1, lanes: 1}
}

// mappingInput holds the members CreateEventSourceMapping and
// UpdateEventSourceMapping share; nil means not given.
type mappingInput struct {
	Enabled                        *bool
	BatchSize                      *int
	MaximumBatchingWindowInSeconds *int
	ParallelizationFactor          *int
	BisectBatchOnFunctionError     *bool
	MaximumRetryAttempts           *int
	MaximumRecordAgeInSeconds      *int
	TumblingWindowInSeconds        *int
	FunctionResponseTypes          *[]string
	DestinationConfig              *destinationConfig
	FilterCriteria                 *filterCriteria

	// Parts of Lambda this service lacks: refused by name when given.
	SourceAccessConfigurations          json.RawMessage
	ScalingConfig                       json.RawMessage
	ProvisionedPollerConfig             json.RawMessage
	DocumentDBEventSourceConfig         json.RawMessage
	AmazonManagedKafkaEventSourceConfig json.RawMessage
	SelfManagedKafkaEventSourceConfig   json.RawMessage
	KMSKeyArn                           json.RawMessage
	MetricsConfig                       json.RawMessage
	LoggingConfig                       json.RawMessage
}

type destinationConfig struct {
	OnSuccess *destination `json:",omitempty"`
	OnFailure *destination `json:",omitempty"`
}

type destination struct {
	Destination string `json:",omitempty"`
}

func (in *mappingInput) check(v *wire.Violations) {
	within(v, "batchSize", in.BatchSize, 1, 10000)
	within(v, "maximumBatchingWindowInSeconds", in.MaximumBatchingWindowInSeconds, 0, 300)
	within(v, "parallelizationFactor", in.ParallelizationFactor, 1, 10)
	within(v, "maximumRetryAttempts", in.MaximumRetryAttempts, -1, 10000)
	within(v, "maximumRecordAgeInSeconds", in.MaximumRecordAgeInSeconds, -1, 604800)
	within(v, "tumblingWindowInSeconds", in.TumblingWindowInSeconds, 0, 900)
	if in.FilterCriteria != nil {
		in.FilterCriteria.check(v)
	}
	if in.FunctionResponseTypes != nil {
		for _, kind := range *in.FunctionResponseTypes {
			if kind != reportBatchItemFailures {
				v.Add("functionResponseTypes", "["+kind+"]", "Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]")
			}
		}
	}
}

// unsupported refuses what this service lacks.
func (in *mappingInput) unsupported() error {
	return refuseGiven([]gap{
		{"SourceAccessConfigurations", in.SourceAccessConfigurations},
		{"ScalingConfig", in.ScalingConfig},
		{"ProvisionedPollerConfig", in.ProvisionedPollerConfig},
		{"DocumentDBEventSourceConfig", in.DocumentDBEventSourceConfig},
		{"AmazonManagedKafkaEventSourceConfig", in.AmazonManagedKafkaEventSourceConfig},
		{"SelfManagedKafkaEventSourceConfig", in.SelfManagedKafkaEventSourceConfig},
		{"KMSKeyArn", in.KMSKeyArn},
		{"MetricsConfig", in.MetricsConfig},
		{"LoggingConfig", in.LoggingConfig},
	})
}

// apply writes what is given over base.
func (in *mappingInput) apply(base mappingSettings) (mappingSettings, error) {
	if err := in.unsupported(); err != nil {
		return base, err
	}
	set(&base.batchRecords, in.BatchSize)
	set(&base.windowSeconds, in.MaximumBatchingWindowInSeconds)
	set(&base.lanes, in.ParallelizationFactor)
	set(&base.tumblingSeconds, in.TumblingWindowInSeconds)
	if base.lanes > 1 && base.tumblingSeconds > 0 {
		return base, wire.NotImplemented("tumbling windows of event source mappings with a ParallelizationFactor above 1")
	}
	if in.FilterCriteria != nil {
		filters, err := in.FilterCriteria.compile()
		if err != nil {
			return base, err
		}
		base.filters = filters
	}
	set(&base.bisect, in.BisectBatchOnFunctionError)
	set(&base.retryMax, in.MaximumRetryAttempts)
	if age := in.MaximumRecordAgeInSeconds; age != nil {
		if *age > -1 && *age < 60 {
			return base, invalidParameter("Maximum record age in seconds must be -1 or at least 60, and is %d.", *age)
		}
		base.recordAgeMax = time.Duration(*age) * time.Second
		if *age < 0 {
			base.recordAgeMax = -1
		}
	}
	if in.FunctionResponseTypes != nil {
		base.partialResults = slices.Contains(*in.FunctionResponseTypes, reportBatchItemFailures)
	}
	if in.DestinationConfig == nil {
		return base, nil
	}
	if d := in.DestinationConfig.OnSuccess; d != nil && d.Destination != "" {
		return base, invalidParameter("OnSuccess destination is not supported for event source mappings.")
	}
	base.destination = ""
	if d := in.DestinationConfig.OnFailure; d != nil && d.Destination != "" {
		if err := supportedDestination(d.Destination); err != nil {
			return base, err
		}
		base.destination = d.Destination
	}
	return base, nil
}

func supportedDestination(arn string) error {
	switch parts := strings.SplitN(arn, ":", 6); {
	case len(parts) == 6 && parts[0] == "arn" && parts[2] == "sqs":
		return nil
	case len(parts) == 6 && parts[0] == "arn" && (parts[2] == "sns" || parts[2] == "s3"):
		return wire.NotImplemented(strings.ToUpper(parts[2]) + " on-failure destinations (" + arn + ") of event source mappings")
	default:
		return invalidParameter("The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination=%s)) is invalid.", arn)
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
