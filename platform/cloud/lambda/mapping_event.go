package lambda

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
)

// kinesisEvent is what a function receives for a batch.
type kinesisEvent struct {
	Records []kinesisEventRecord
}

type kinesisEventRecord struct {
	Kinesis           kinesisData `json:"kinesis"`
	EventSource       string      `json:"eventSource"`
	EventVersion      string      `json:"eventVersion"`
	EventID           string      `json:"eventID"`
	EventName         string      `json:"eventName"`
	InvokeIdentityArn string      `json:"invokeIdentityArn"`
	AwsRegion         string      `json:"awsRegion"`
	EventSourceARN    string      `json:"eventSourceARN"`
}

type kinesisData struct {
	KinesisSchemaVersion        string      `json:"kinesisSchemaVersion"`
	PartitionKey                string      `json:"partitionKey"`
	SequenceNumber              string      `json:"sequenceNumber"`
	Data                        []byte      `json:"data"`
	ApproximateArrivalTimestamp json.Number `json:"approximateArrivalTimestamp"`
}

// encodeEvent renders a segment. The source of a fan-out mapping is its consumer's ARN (U).
func (d *delivery) encodeEvent(seg segment, role string) ([]byte, error) {
	source := d.source.arn()
	region := strings.SplitN(source, ":", 5)[3]
	event := kinesisEvent{Records: make([]kinesisEventRecord, len(seg.records))}
	for i, r := range seg.records {
		data := r.Data
		if data == nil {
			data = []byte{}
		}
		event.Records[i] = kinesisEventRecord{
			Kinesis: kinesisData{
				KinesisSchemaVersion: "1.0", PartitionKey: r.PartitionKey, SequenceNumber: r.SequenceNumber, Data: data,
				ApproximateArrivalTimestamp: json.Number(strconv.FormatFloat(float64(r.Arrival.UnixMilli())/1000, 'f', 3, 64)),
			},
			EventSource: "aws:kinesis", EventVersion: "1.0", EventID: d.shard + ":" + r.SequenceNumber,
			EventName: "aws:kinesis:record", InvokeIdentityArn: role, AwsRegion: region, EventSourceARN: source,
		}
	}
	if d.window == nil {
		return json.Marshal(event)
	}
	return json.Marshal(windowEvent{
		kinesisEvent: event, Window: windowBounds{d.window.Start, d.window.End}, State: d.window.State,
		ShardID: d.shard, EventSourceARN: source,
		IsFinalInvokeForWindow: seg.final, IsWindowTerminatedEarly: seg.final && d.window.Early,
	})
}

// eventOverhead bounds the bytes one record takes besides what recordBytes counts.
func (r *reader) eventOverhead() int {
	const envelope, arnBytes, shardIDBytes = 400, 256, 128
	return envelope + arnBytes + shardIDBytes + len(r.source.arn())
}

// recordBytes bounds what a record's own members take in an event: a key may
// grow sixfold by escaping, the sequence number stands there twice.
func recordBytes(r *Record) int {
	return base64.StdEncoding.EncodedLen(len(r.Data)) + 6*len(r.PartitionKey) + 2*len(r.SequenceNumber)
}

// firstFailed reads a function's response for ReportBatchItemFailures: the
// index of the first record to retry, or len(records) if all succeeded. A
// response that names no record of the batch, or names one wrongly, fails all.
func firstFailed(response []byte, records []Record) int {
	text := strings.TrimSpace(string(response))
	if text == "" || text == "null" {
		return len(records)
	}
	var reply struct {
		BatchItemFailures []struct {
			ItemIdentifier *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(response, &reply); err != nil {
		return 0
	}
	index := make(map[string]int, len(records))
	for i, r := range records {
		index[r.SequenceNumber] = i
	}
	lowest := len(records)
	for _, item := range reply.BatchItemFailures {
		if item.ItemIdentifier == nil {
			return 0
		}
		i, known := index[*item.ItemIdentifier]
		if !known {
			return 0
		}
		lowest = min(lowest, i)
	}
	return lowest
}
