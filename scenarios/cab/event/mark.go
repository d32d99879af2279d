package event

import (
	"encoding/binary"
	"fmt"
)

// Mark says how far the source of a record of cab-activity is: the partition of
// cab-telemetry it came from. No activity of that source and run that follows
// has an earlier event time than its watermark.
type Mark struct {
	Run       string
	Source    int32
	Watermark Millis
}

// MarkHeader is the header that carries a Mark. A record without a value is
// nothing but its mark.
const MarkHeader = "mark"

// Append writes the mark: source and watermark, the highest byte first, and the run.
func (m Mark) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(m.Source))
	b = binary.BigEndian.AppendUint64(b, uint64(m.Watermark))
	return append(b, m.Run...)
}

// ParseMark reads what Append wrote.
func ParseMark(data []byte) (Mark, error) {
	const fixed = 4 + 8
	if len(data) <= fixed {
		return Mark{}, fmt.Errorf("a mark of %d bytes; want 12 and the run's name", len(data))
	}
	return Mark{
		Source:    int32(binary.BigEndian.Uint32(data)),
		Watermark: Millis(binary.BigEndian.Uint64(data[4:])),
		Run:       string(data[fixed:]),
	}, nil
}
