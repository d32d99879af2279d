package kinesis

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/http"
	"time"
)

// frameWriter writes AWS event stream messages: total length, headers length,
// CRC of both, headers, payload, CRC of all that; big-endian. Every message is
// flushed at once.
type frameWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buf     []byte
}

func newFrameWriter(w http.ResponseWriter) *frameWriter {
	return &frameWriter{w: w, control: http.NewResponseController(w)}
}

// event writes a message of the given event type.
func (f *frameWriter) event(eventType, contentType string, payload []byte) error {
	return f.write(payload,
		":message-type", "event",
		":event-type", eventType,
		":content-type", contentType)
}

// exception writes a modelled error into the stream.
func (f *frameWriter) exception(code, contentType string, payload []byte) error {
	return f.write(payload,
		":message-type", "exception",
		":exception-type", code,
		":content-type", contentType)
}

func (f *frameWriter) write(payload []byte, headers ...string) error {
	f.buf = appendFrame(f.buf[:0], payload, headers...)
	if _, err := f.w.Write(f.buf); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	if err := f.control.Flush(); err != nil {
		return fmt.Errorf("flush event: %w", err)
	}
	return nil
}

// unblock makes pending and later writes fail after a deadline; zero lifts it.
// A writer without deadlines is left as it is: its writes end with its connection.
func (f *frameWriter) unblock(at time.Time) { _ = f.control.SetWriteDeadline(at) }

const (
	framePrelude  = 12
	headerString  = 7
	frameOverhead = framePrelude + 4
)

// appendFrame appends one message; headers alternate names and string values.
func appendFrame(dst, payload []byte, headers ...string) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, framePrelude)...)
	for i := 0; i+1 < len(headers); i += 2 {
		name, value := headers[i], headers[i+1]
		dst = append(dst, byte(len(name)))
		dst = append(dst, name...)
		dst = append(dst, headerString)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(value)))
		dst = append(dst, value...)
	}
	prelude := dst[start : start+framePrelude]
	headerBytes := len(dst) - start - framePrelude
	binary.BigEndian.PutUint32(prelude[0:], uint32(frameOverhead+headerBytes+len(payload)))
	binary.BigEndian.PutUint32(prelude[4:], uint32(headerBytes))
	binary.BigEndian.PutUint32(prelude[8:], crc32.ChecksumIEEE(prelude[:8]))
	dst = append(dst, payload...)
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}
