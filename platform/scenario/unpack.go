package scenario

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
)

// unpack gives the user records inside a stored record: itself, unless it is an
// aggregate in the Kinesis Producer Library's format: magic, a protobuf message
// whose fields 3 are records whose fields 3 are data, and the message's MD5.
// The audit has this decoder of its own, as it has its own reads, so that a
// mistake of the clients' stays visible. It looks at data only: keys are no part
// of what it counts.
func unpack(stored []byte) [][]byte {
	body, framed := bytes.CutPrefix(stored, []byte("\xf3\x89\x9a\xc2"))
	if !framed || len(body) <= md5.Size {
		return [][]byte{stored}
	}
	message, digest := body[:len(body)-md5.Size], body[len(body)-md5.Size:]
	if sum := md5.Sum(message); !bytes.Equal(sum[:], digest) {
		return [][]byte{stored}
	}
	records, ok := bytesFields(message)
	if !ok {
		return [][]byte{stored}
	}
	users := make([][]byte, 0, len(records))
	for _, record := range records {
		data, ok := bytesFields(record)
		if !ok || len(data) == 0 {
			return [][]byte{stored}
		}
		users = append(users, data[len(data)-1])
	}
	return users
}

// bytesFields gives the contents of a message's fields 3. The format has no
// other fields than numbers and bytes; a message with others is not read.
func bytesFields(message []byte) (contents [][]byte, ok bool) {
	const number, text, wanted = 0, 2, 3<<3 | 2
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return nil, false
		}
		value, m := binary.Uvarint(message[n:])
		if m <= 0 {
			return nil, false
		}
		message = message[n+m:]
		switch tag & 7 {
		case number:
		case text:
			if value > uint64(len(message)) {
				return nil, false
			}
			if tag == wanted {
				contents = append(contents, message[:value])
			}
			message = message[value:]
		default:
			return nil, false
		}
	}
	return contents, true
}
