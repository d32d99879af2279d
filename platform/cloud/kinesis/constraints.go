package kinesis

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// The checks below add the violations of one member; a nil value that is not
// required violates nothing. The order within a member is AWS's: pattern,
// shortest, longest.

const namePattern = "[a-zA-Z0-9_.-]+"

func required[T any](v *wire.Violations, path string, value *T) bool {
	if value == nil {
		v.Null(path)
		return false
	}
	return true
}

func checkLength(v *wire.Violations, path, value string, least, most int) {
	n := utf8.RuneCountInString(value)
	if n < least {
		v.Add(path, value, fmt.Sprintf("Member must have length greater than or equal to %d", least))
	}
	if n > most {
		v.Add(path, value, fmt.Sprintf("Member must have length less than or equal to %d", most))
	}
}

func checkPattern(v *wire.Violations, path, value, pattern string, ok bool) {
	if !ok {
		v.Add(path, value, "Member must satisfy regular expression pattern: "+pattern)
	}
}

// checkName checks stream, shard and consumer names.
func checkName(v *wire.Violations, path string, value *string) {
	if value == nil {
		return
	}
	checkPattern(v, path, *value, namePattern, isName(*value))
	checkLength(v, path, *value, 1, 128)
}

func requireName(v *wire.Violations, path string, value *string) {
	if required(v, path, value) {
		checkName(v, path, value)
	}
}

func isName(text string) bool {
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return text != ""
}

// checkNumber checks hash keys and sequence numbers: no sign, no leading zero.
func checkNumber(v *wire.Violations, path string, value *string, digitsAfterFirst int) {
	if value == nil {
		return
	}
	pattern := fmt.Sprintf(`0|([1-9]\d{0,%d})`, digitsAfterFirst)
	checkPattern(v, path, *value, pattern, isNumber(*value, digitsAfterFirst+1))
}

func isNumber(text string, digitsMax int) bool {
	if text == "0" {
		return true
	}
	if text == "" || len(text) > digitsMax || text[0] == '0' {
		return false
	}
	return onlyDigits(text)
}

func onlyDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

const (
	hashKeyDigits  = 38
	sequenceDigits = 128
)

func checkLimit(v *wire.Violations, path string, value *int, least, most int) {
	if value == nil {
		return
	}
	if *value < least {
		v.Add(path, *value, fmt.Sprintf("Member must have value greater than or equal to %d", least))
	}
	if *value > most {
		v.Add(path, min(*value, math.MaxInt32), fmt.Sprintf("Member must have value less than or equal to %d", most))
	}
}

func checkLeast(v *wire.Violations, path string, value *int, least int) {
	if value != nil && *value < least {
		v.Add(path, *value, fmt.Sprintf("Member must have value greater than or equal to %d", least))
	}
}

func checkEnum(v *wire.Violations, path string, value *string, set ...string) {
	if value == nil {
		return
	}
	for _, allowed := range set {
		if *value == allowed {
			return
		}
	}
	v.Add(path, *value, "Member must satisfy enum value set: ["+strings.Join(set, ", ")+"]")
}

func checkData(v *wire.Violations, path string, data []byte, most int) {
	if len(data) > most {
		v.Add(path, byteBuffer(data), fmt.Sprintf("Member must have length less than or equal to %d", most))
	}
}

// byteBuffer is how AWS's messages show a blob.
func byteBuffer(data []byte) string {
	return fmt.Sprintf("java.nio.HeapByteBuffer[pos=0 lim=%d cap=%d]", len(data), len(data))
}
