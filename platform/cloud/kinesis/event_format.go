package kinesis

import (
	"encoding/json"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// eventFormat is how the events of a subscription are encoded: as its request
// was, because Java's clients read events with the codec they wrote it with.
type eventFormat struct{ cbor bool }

func (f eventFormat) contentType() string {
	if f.cbor {
		return wire.CBORContentType()
	}
	return "application/json"
}

// empty is a payload without members.
func (f eventFormat) empty() []byte {
	if f.cbor {
		return []byte{0xa0}
	}
	return []byte("{}")
}

func (f eventFormat) event(e *SubscribeToShardEvent, dst []byte) ([]byte, error) {
	if f.cbor {
		return wire.AppendCBOR(dst, e)
	}
	return e.AppendJSON(dst), nil
}

// message is the payload of an exception.
func (f eventFormat) message(text string) ([]byte, error) {
	payload := struct {
		Message string `json:"message"`
	}{text}
	if f.cbor {
		return wire.AppendCBOR(nil, payload)
	}
	return json.Marshal(payload)
}
