package kinesis

import (
	"math/bits"
	"strconv"
)

// wide is an unsigned 192-bit integer, most significant word first. Hash keys
// (128 bits) and sequence numbers (188 bits) travel as its decimal text; the
// arithmetic is done here because both are formatted once per record.
type wide [3]uint64

// decimalGroup is the largest power of ten in a word: text is handled in
// groups of 19 digits.
const (
	decimalGroup       = 10_000_000_000_000_000_000
	decimalGroupDigits = 19
)

// appendDecimal appends w's decimal digits to dst.
func (w wide) appendDecimal(dst []byte) []byte {
	var groups [4]uint64 // 2^192 has 58 digits
	last := 0
	for {
		var rem uint64
		w[0], rem = bits.Div64(0, w[0], decimalGroup)
		w[1], rem = bits.Div64(rem, w[1], decimalGroup)
		w[2], rem = bits.Div64(rem, w[2], decimalGroup)
		groups[last] = rem
		if w == (wide{}) {
			break
		}
		last++
	}
	dst = strconv.AppendUint(dst, groups[last], 10)
	for i := last - 1; i >= 0; i-- {
		var digits [decimalGroupDigits]byte
		rest := groups[i]
		for d := decimalGroupDigits - 1; d >= 0; d-- {
			digits[d] = byte('0' + rest%10)
			rest /= 10
		}
		dst = append(dst, digits[:]...)
	}
	return dst
}

// parseWide reads decimal digits; ok is false for anything else and for
// numbers of more than 192 bits.
func parseWide(text string) (w wide, ok bool) {
	if text == "" {
		return wide{}, false
	}
	for i := range len(text) {
		digit := text[i] - '0'
		if digit > 9 {
			return wide{}, false
		}
		carry := uint64(digit)
		for j := 2; j >= 0; j-- {
			hi, lo := bits.Mul64(w[j], 10)
			sum, over := bits.Add64(lo, carry, 0)
			w[j], carry = sum, hi+over
		}
		if carry != 0 {
			return wide{}, false
		}
	}
	return w, true
}
