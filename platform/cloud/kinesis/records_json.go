package kinesis

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
)

// AppendJSON appends the reply as JSON.
func (out *GetRecordsOutput) AppendJSON(dst []byte) []byte {
	dst = slices.Grow(dst, out.SizeHint())
	dst = append(dst, `{"Records":`...)
	dst = appendRecords(dst, out.Records)
	if out.NextShardIterator != nil {
		dst = append(dst, `,"NextShardIterator":`...)
		dst = appendText(dst, *out.NextShardIterator)
	}
	dst = append(dst, `,"MillisBehindLatest":`...)
	dst = appendInt(dst, out.MillisBehindLatest)
	dst = appendChildren(dst, out.ChildShards)
	return append(dst, '}')
}

// AppendJSON appends the event as JSON.
func (e *SubscribeToShardEvent) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"Records":`...)
	dst = appendRecords(dst, e.Records)
	if e.ContinuationSequenceNumber != nil {
		dst = append(dst, `,"ContinuationSequenceNumber":`...)
		dst = appendText(dst, *e.ContinuationSequenceNumber)
	}
	dst = append(dst, `,"MillisBehindLatest":`...)
	dst = appendInt(dst, e.MillisBehindLatest)
	dst = appendChildren(dst, e.ChildShards)
	return append(dst, '}')
}

func appendChildren(dst []byte, children []ChildShard) []byte {
	if len(children) == 0 {
		return dst
	}
	body, _ := json.Marshal(children) // strings only: cannot fail
	return append(append(dst, `,"ChildShards":`...), body...)
}

// SizeHint is how many bytes the reply takes in JSON; CBOR is shorter.
func (out *GetRecordsOutput) SizeHint() int {
	const rest = 512 // an iterator is about 250
	return rest + recordsJSONBytes(out.Records)
}

// recordsJSONBytes is how many bytes appendRecords takes, keys in need of
// escapes aside.
func recordsJSONBytes(records []DataRecord) int {
	const members = len(`{"SequenceNumber":"","ApproximateArrivalTimestamp":1234567890.123,"Data":"","PartitionKey":"","EncryptionType":"KMS"},`)
	n := 2
	for i := range records {
		r := &records[i]
		n += members + len(r.SequenceNumber) + base64.StdEncoding.EncodedLen(len(r.Data)) + len(r.PartitionKey)
	}
	return n
}

func appendRecords(dst []byte, records []DataRecord) []byte {
	dst = append(dst, '[')
	for i := range records {
		r := &records[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"SequenceNumber":`...)
		dst = appendText(dst, r.SequenceNumber)
		dst = append(dst, `,"ApproximateArrivalTimestamp":`...)
		dst = appendMillis(dst, r.ApproximateArrivalTimestamp.UnixMilli())
		dst = append(dst, `,"Data":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, r.Data)
		dst = append(dst, `","PartitionKey":`...)
		dst = appendText(dst, r.PartitionKey)
		if r.EncryptionType != "" {
			dst = append(dst, `,"EncryptionType":`...)
			dst = appendText(dst, r.EncryptionType)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendMillis appends Unix milliseconds as seconds with three decimals.
func appendMillis(dst []byte, millis int64) []byte {
	if millis < 0 { // before 1970: not worth arithmetic of its own
		return strconv.AppendFloat(dst, float64(millis)/1000, 'f', 3, 64)
	}
	dst = strconv.AppendInt(dst, millis/1000, 10)
	rest := millis % 1000
	return append(dst, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
}

func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// appendText appends a JSON string.
func appendText(dst []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			body, _ := json.Marshal(text) // a string: cannot fail
			return append(dst, body...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"')
}
