package kinesis

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// ReadJSON reads the usual form of the request without encoding/json. It
// reports false, leaving in as it was, where that has to look itself.
func (in *PutRecordsInput) ReadJSON(body []byte) bool {
	s := jsonScan{body: string(body), ok: true}
	out := PutRecordsInput{}
	slab := make([]byte, base64.StdEncoding.DecodedLen(len(body))) // of all Data together
	likely := min(bytes.Count(body, []byte(`"Data"`)), putRecordsMax)
	texts := make([]string, 0, likely+1) // of keys, in slabs, so that pointers into them stay
	keep := func(text string) *string {
		if len(texts) == cap(texts) {
			texts = make([]string, 0, likely+1)
		}
		texts = append(texts, text)
		return &texts[len(texts)-1]
	}
	var e *PutRecordsEntry
	member := func(name string) {
		switch name {
		case "Data":
			e.Data, slab = s.blob(slab)
		case "PartitionKey":
			e.PartitionKey = keep(s.text())
		case "ExplicitHashKey":
			e.ExplicitHashKey = keep(s.text())
		default:
			s.fail()
		}
	}
	s.object(func(name string) {
		switch name {
		case "StreamName":
			out.StreamName = keep(s.text())
		case "StreamARN":
			out.StreamARN = keep(s.text())
		case "Records":
			if out.Records != nil { // named twice: encoding/json's rules for that are its own
				s.fail()
				return
			}
			out.Records = make([]PutRecordsEntry, 0, likely)
			s.expect('[')
			for s.ok && !(len(out.Records) == 0 && s.token(']')) {
				out.Records = append(out.Records, PutRecordsEntry{})
				e = &out.Records[len(out.Records)-1]
				s.object(member)
				if s.ok && !s.token(',') {
					s.expect(']')
					break
				}
			}
		default:
			s.fail()
		}
	})
	if !s.done() {
		return false
	}
	*in = out
	return true
}

// AppendJSON appends the reply as JSON.
func (out *PutRecordsOutput) AppendJSON(dst []byte) []byte {
	if out.EncryptionType != "" {
		dst = append(dst, `{"EncryptionType":`...)
		dst = appendText(dst, out.EncryptionType)
		dst = append(dst, `,"FailedRecordCount":`...)
	} else {
		dst = append(dst, `{"FailedRecordCount":`...)
	}
	dst = appendInt(dst, int64(out.FailedRecordCount))
	dst = append(dst, `,"Records":[`...)
	for i := range out.Records {
		if i > 0 {
			dst = append(dst, ',')
		}
		r := &out.Records[i]
		if r.ErrorCode == "" && r.ErrorMessage == "" && r.SequenceNumber != "" && r.ShardID != "" {
			dst = append(dst, `{"SequenceNumber":`...)
			dst = appendText(dst, r.SequenceNumber)
			dst = append(dst, `,"ShardId":`...)
			dst = appendText(dst, r.ShardID)
			dst = append(dst, '}')
			continue
		}
		body, _ := json.Marshal(r) // strings only: cannot fail
		dst = append(dst, body...)
	}
	return append(dst, "]}"...)
}
