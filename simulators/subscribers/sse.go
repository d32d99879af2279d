package subscribers

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxEventBytes bounds one event's data: an app gone wrong cannot fill memory.
const maxEventBytes = 1 << 20

// sse reads server-sent events. Its slices are valid until the next event; a
// reader can be used again for another stream after reset.
type sse struct {
	r    *bufio.Reader
	name []byte
	data []byte
	long []byte
}

func newSSE() *sse { return &sse{r: bufio.NewReaderSize(nil, 4096)} }

func (s *sse) reset(from io.Reader) { s.r.Reset(from) }

// next returns the next event that has data. An event the stream breaks off in
// is none: io.EOF is the clean end of the stream, and of an unfinished event too.
func (s *sse) next() (name, data []byte, err error) {
	s.name, s.data = s.name[:0], s.data[:0]
	hasData := false
	for {
		line, err := s.line()
		if err != nil {
			return nil, nil, err
		}
		if len(line) == 0 {
			if hasData {
				return s.name, s.data, nil
			}
			s.name = s.name[:0]
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			s.name = append(s.name[:0], value...)
		case "data":
			if hasData {
				s.data = append(s.data, '\n')
			}
			hasData = true
			s.data = append(s.data, value...)
			if len(s.data) > maxEventBytes {
				return nil, nil, errLongEvent
			}
		}
	}
}

var errLongEvent = errors.New("an event longer than a megabyte")

// line reads one line without its end.
func (s *sse) line() ([]byte, error) {
	line, err := s.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		s.long = s.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) {
			if s.long = append(s.long, line...); len(s.long) > maxEventBytes {
				return nil, errLongEvent
			}
			line, err = s.r.ReadSlice('\n')
		}
		s.long = append(s.long, line...)
		line = s.long
	}
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF // what the stream broke off in is not a line
	case err != nil:
		return nil, fmt.Errorf("read the event stream: %w", err)
	}
	line = line[:len(line)-1]
	return bytes.TrimSuffix(line, []byte("\r")), nil
}
