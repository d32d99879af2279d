package kinesis

import (
	"bytes"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// FuzzFrame holds the frames written here against AWS's own reader: whatever
// they carry, it finds as many, and in them the same headers and payload.
func FuzzFrame(f *testing.F) {
	f.Add("SubscribeToShardEvent", "application/json", []byte(`{"Records":[]}`))
	f.Add("initial-response", "application/cbor", []byte{0xa0})
	f.Add("", "", []byte(nil))
	f.Fuzz(func(t *testing.T, eventType, contentType string, payload []byte) {
		if len(eventType) > 1<<15 || len(contentType) > 1<<15 {
			return // beyond what a header's value holds; the cloud's own are short
		}
		written := appendFrame(nil, payload, ":event-type", eventType, ":content-type", contentType)
		written = appendFrame(written, payload, ":event-type", eventType)
		stream := bytes.NewReader(written)
		decoder := eventstream.NewDecoder()
		for n, headers := range [][]string{{":event-type", eventType, ":content-type", contentType}, {":event-type", eventType}} {
			message, err := decoder.Decode(stream, nil)
			if err != nil {
				t.Fatalf("frame %d: %v", n, err)
			}
			if !bytes.Equal(message.Payload, payload) || len(message.Headers) != len(headers)/2 {
				t.Fatalf("frame %d: headers %v, payload %q; want %q, %q", n, message.Headers, message.Payload, headers, payload)
			}
			for i := 0; i < len(headers); i += 2 {
				if got := message.Headers.Get(headers[i]); got == nil || got.String() != headers[i+1] {
					t.Fatalf("frame %d: %s is %v, want %q", n, headers[i], got, headers[i+1])
				}
			}
		}
		if _, err := decoder.Decode(stream, nil); err != io.EOF {
			t.Fatalf("after the last frame: %v", err)
		}
	})
}
