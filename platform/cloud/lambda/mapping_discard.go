package lambda

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/google/uuid"
)

// Why records are discarded, in the words of the on-failure document. The
// second is not in AWS's published examples (U).
const (
	conditionRetries = "RetryAttemptsExhausted"
	conditionAge     = "MaximumRecordAgeExceeded"
)

// failureDocument is what an on-failure destination receives for discarded
// records: where they are, not what they hold.
type failureDocument struct {
	RequestContext   requestContext   `json:"requestContext"`
	ResponseContext  *responseContext `json:"responseContext,omitempty"` // absent if never invoked
	Version          string           `json:"version"`
	Timestamp        string           `json:"timestamp"`
	KinesisBatchInfo kinesisBatchInfo `json:"KinesisBatchInfo"`
}

type requestContext struct {
	RequestID              string `json:"requestId"`
	FunctionArn            string `json:"functionArn"`
	Condition              string `json:"condition"`
	ApproximateInvokeCount int    `json:"approximateInvokeCount"`
}

type responseContext struct {
	StatusCode      int     `json:"statusCode"`
	ExecutedVersion string  `json:"executedVersion"`
	FunctionError   *string `json:"functionError"` // null after a partial response
}

type kinesisBatchInfo struct {
	ShardID                         string `json:"shardId"`
	StartSequenceNumber             string `json:"startSequenceNumber"`
	EndSequenceNumber               string `json:"endSequenceNumber"`
	ApproximateArrivalOfFirstRecord string `json:"approximateArrivalOfFirstRecord"`
	ApproximateArrivalOfLastRecord  string `json:"approximateArrivalOfLastRecord"`
	BatchSize                       int    `json:"batchSize"`
	StreamArn                       string `json:"streamArn"`
}

// discard gives up on a segment: it sends the document, for as long as that
// takes, and only then moves the checkpoint past the records. Discarding a
// window's final invocation names all the records whose outcome is lost.
func (d *delivery) discard(ctx context.Context, seg segment, condition string) error {
	lost := d.lost(seg)
	if d.settings.destination != "" {
		body, err := json.Marshal(d.document(seg, lost, condition))
		if err != nil {
			return err
		}
		if err := d.send(ctx, body); err != nil {
			return err
		}
	}
	d.deps.log.Warn("event source mapping discarded records", "mapping", d.id, "condition", condition,
		"shard", d.shard, "lane", d.lane, "lanes", d.settings.lanes, "from", lost.First, "to", lost.Last,
		"records", lost.Records, "destination", d.settings.destination)
	if !seg.final {
		d.settle(seg.records, d.window)
	}
	return nil
}

// lost is what a discarded segment stands for.
func (d *delivery) lost(seg segment) span {
	if seg.final {
		return d.window.Span
	}
	return spanOf(seg.records)
}

// send retries until the destination has the document or ctx ends.
func (d *delivery) send(ctx context.Context, body []byte) error {
	for n := 1; ; n++ {
		problem := ""
		role, err := d.deps.functions.executionRole(d.function)
		switch {
		case err != nil:
			problem = "Function not found."
		case !d.deps.maySend(role, d.settings.destination):
			problem = "The function's execution role lacks the permission sqs:SendMessage on " + d.settings.destination + "."
		default:
			if err = d.deps.destinations.Send(ctx, d.settings.destination, body); err == nil {
				return nil
			}
			problem = "Cannot send to " + d.settings.destination + ": " + err.Error()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		d.deps.functions.totals(d.function).destinationFailed()
		d.problem(problem)
		if err := d.deps.wall.Sleep(ctx, backoff(n)); err != nil {
			return err
		}
	}
}

func (d *delivery) document(seg segment, lost span, condition string) failureDocument {
	doc := failureDocument{
		RequestContext: requestContext{
			RequestID: seg.last.RequestID, FunctionArn: d.deps.functions.functionARN(d.function),
			Condition: condition, ApproximateInvokeCount: seg.invokes,
		},
		Version: "1.0", Timestamp: timestamp(d.deps.wall.Now()),
		KinesisBatchInfo: kinesisBatchInfo{
			ShardID: d.shard, StartSequenceNumber: lost.First, EndSequenceNumber: lost.Last,
			ApproximateArrivalOfFirstRecord: timestamp(lost.FirstArrival),
			ApproximateArrivalOfLastRecord:  timestamp(lost.LastArrival),
			BatchSize:                       lost.Records, StreamArn: d.source.streamARN,
		},
	}
	if seg.invokes == 0 {
		doc.RequestContext.RequestID = uuid.NewString()
		return doc
	}
	doc.ResponseContext = &responseContext{StatusCode: 200, ExecutedVersion: cmp.Or(seg.last.Version, latestVersion)}
	if seg.last.FunctionError != "" {
		doc.ResponseContext.FunctionError = &seg.last.FunctionError
	}
	return doc
}
