package eventpattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// numberMax bounds the numbers of numeric.
const numberMax = 5e9

// numeric is a range; equal bounds that are included are one number.
type numeric struct {
	low, high         float64
	hasLow, hasHigh   bool
	openLow, openHigh bool // the bound itself is outside
}

func (n numeric) matches(v scalar) bool {
	if v.isString || (v.text[0] != '-' && (v.text[0] < '0' || v.text[0] > '9')) {
		return false
	}
	x, err := strconv.ParseFloat(string(v.text), 64)
	switch {
	case err != nil && x == 0, // not a number; beyond the range it is infinite
		n.hasLow && (x < n.low || (n.openLow && x == n.low)),
		n.hasHigh && (x > n.high || (n.openHigh && x == n.high)):
		return false
	}
	return true
}

// compileNumeric takes comparisons: "=" alone, or a lower bound, an upper one, or both.
func compileNumeric(v any) (test, error) {
	malformed := errors.New(`numeric takes "=", "<", "<=", ">" or ">=" and a number, or a lower and then an upper bound`)
	l, ok := v.(list)
	if !ok || (len(l) != 2 && len(l) != 4) {
		return nil, malformed
	}
	var n numeric
	for i := 0; i < len(l); i += 2 {
		op, _ := l[i].(string)
		number, ok := l[i+1].(json.Number)
		if !ok {
			return nil, malformed
		}
		x, err := strconv.ParseFloat(number.String(), 64)
		if err != nil || math.Abs(x) > numberMax {
			return nil, fmt.Errorf("numeric takes numbers from -5.0e9 to 5.0e9, not %s", number)
		}
		if !n.bound(op, x, i > 0, len(l) > 2) {
			return nil, malformed
		}
	}
	if n.hasLow && n.hasHigh && (n.low > n.high || (n.low == n.high && (n.openLow || n.openHigh))) {
		return nil, errors.New("the lower bound of numeric is not below the upper one")
	}
	return n, nil
}

// bound sets what one comparison says; second tells which of several it is.
func (n *numeric) bound(op string, x float64, second, several bool) bool {
	switch {
	case op == "=" && !several:
		n.low, n.high, n.hasLow, n.hasHigh = x, x, true, true
	case strings.HasPrefix(op, ">") && !second:
		n.low, n.hasLow, n.openLow = x, true, op == ">"
	case strings.HasPrefix(op, "<") && second == several:
		n.high, n.hasHigh, n.openHigh = x, true, op == "<"
	default:
		return false
	}
	return len(op) == 1 || op == ">=" || op == "<="
}
