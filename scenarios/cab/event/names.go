package event

import "strconv"

// CabName is the name of a device's cab: cab-00000123.
func CabName(device uint32) string {
	return string(appendPadded([]byte("cab-"), uint64(device), cabDigits))
}

// TelemetryID is the id of a device's reading, as the ledger of a run writes
// it: d000123-000045.
func TelemetryID(device, seq uint32) string {
	text := append(make([]byte, 0, 24), 'd')
	text = append(appendPadded(text, uint64(device), idDigits), '-')
	return string(appendPadded(text, uint64(seq), idDigits))
}

// IncidentID is the same whoever finds the incident, and however often.
func IncidentID(cab, kind string, openedSeq int64) string {
	return cab + "|" + kind + "|" + strconv.FormatInt(openedSeq, 10)
}

const (
	cabDigits = 8
	idDigits  = 6 // at least
	numberMax = 1<<24 - 1
)

func appendPadded(text []byte, n uint64, width int) []byte {
	var digits [20]byte
	at := len(digits)
	for n > 0 || at > len(digits)-width {
		at--
		digits[at] = byte('0' + n%10)
		n /= 10
	}
	return append(text, digits[at:]...)
}

// cabNumber reads what CabName wrote and nothing else.
func cabNumber(cab string) (uint64, bool) {
	if len(cab) != len("cab-")+cabDigits || cab[:4] != "cab-" {
		return 0, false
	}
	return number(cab[4:])
}

// idNumbers reads what TelemetryID wrote and nothing else.
func idNumbers(id string) (device, seq uint64, ok bool) {
	if len(id) < 2+2*idDigits || id[0] != 'd' {
		return 0, 0, false
	}
	for at := 1 + idDigits; at < len(id); at++ {
		if id[at] != '-' {
			continue
		}
		device, one := padded(id[1:at])
		seq, two := padded(id[at+1:])
		return device, seq, one && two
	}
	return 0, 0, false
}

func padded(digits string) (uint64, bool) {
	if len(digits) < idDigits || len(digits) > idDigits && digits[0] == '0' {
		return 0, false
	}
	return number(digits)
}

func number(digits string) (n uint64, ok bool) {
	if len(digits) > 9 {
		return 0, false
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, n <= numberMax
}
