package wire

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// Double is a floating-point number as AWS writes it: with a decimal point even
// where it is whole, so that clients of languages that tell integers from
// floats read what they expect.
type Double float64

// MarshalJSON refuses what JSON has no number for.
func (d Double) MarshalJSON() ([]byte, error) {
	if f := float64(d); math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("encode %g: JSON has no such number", f)
	}
	return appendDouble(nil, float64(d)), nil
}

func appendDouble(dst []byte, f float64) []byte {
	begin := len(dst)
	dst = strconv.AppendFloat(dst, f, 'g', -1, 64)
	if bytes.ContainsAny(dst[begin:], ".eIN") {
		return dst
	}
	return append(dst, ".0"...)
}
