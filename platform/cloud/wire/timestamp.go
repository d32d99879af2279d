package wire

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Timestamp is an instant as JSON protocols write it: epoch seconds with
// millisecond fraction, as a number.
type Timestamp struct{ time.Time }

// MarshalJSON writes seconds with three decimals.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	ms := t.UnixMilli()
	return strconv.AppendFloat(nil, float64(ms)/1000, 'f', 3, 64), nil
}

// UnmarshalJSON reads a number of seconds; fractions beyond a millisecond are cut.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	switch {
	case string(data) == "null":
		return nil
	case len(data) == 0:
	case data[0] == '"':
		return serializationError("STRING_VALUE can not be converted to milliseconds since epoch")
	case data[0] == 't', data[0] == 'f':
		return serializationError("BOOLEAN_VALUE can not be converted to milliseconds since epoch")
	case data[0] == '{':
		return serializationError("Start of structure or map found where not expected.")
	case data[0] == '[':
		return serializationError("Start of list found where not expected")
	}
	seconds, err := strconv.ParseFloat(string(data), 64)
	if err != nil || math.IsNaN(seconds) || math.Abs(seconds) > 1e12 {
		return fmt.Errorf("timestamp %.40q: want epoch seconds as a number", data)
	}
	t.Time = time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	return nil
}
