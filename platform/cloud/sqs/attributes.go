package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// attribute is one message attribute. DataType is String, Number or Binary,
// with an optional custom label after a dot.
type attribute struct {
	DataType         string
	StringValue      *string  `json:",omitempty"`
	BinaryValue      []byte   `json:",omitempty"`
	StringListValues []string `json:",omitempty"`
	BinaryListValues [][]byte `json:",omitempty"`
}

const attributesMax = 10

func validateAttributes(attributes map[string]attribute) error {
	if len(attributes) > attributesMax {
		return invalidParameter(len(attributes), "MessageAttributes", "A message can have at most 10 attributes.")
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if err := attributes[name].validate(name); err != nil {
			return err
		}
	}
	return nil
}

func (a attribute) validate(name string) error {
	if name == "" || len(name) > 256 || !onlyLetters(name, attributeNameLetters) {
		return invalidParameter(name, "MessageAttributes", "Message attribute names have 1 to 256 letters, digits, hyphens, underscores and periods.")
	}
	if reservedName(name) {
		return invalidParameter(name, "MessageAttributes", "Message attribute names must not start with AWS. or Amazon., start or end with a period, or have periods in succession.")
	}
	if len(a.StringListValues) > 0 || len(a.BinaryListValues) > 0 {
		return sqsError("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation",
			"Message attribute list values in SendMessage operation are not supported.")
	}
	kind, _, _ := strings.Cut(a.DataType, ".")
	switch {
	case kind != "String" && kind != "Number" && kind != "Binary" || len(a.DataType) > 256:
		return invalidParameter(name, "MessageAttributes", "The message attribute's type must be String, Number or Binary.")
	case kind == "Binary" && len(a.BinaryValue) == 0,
		kind != "Binary" && (a.StringValue == nil || *a.StringValue == ""):
		return invalidParameter(name, "MessageAttributes", "The message attribute must contain a non-empty value of its type.")
	case kind != "Binary" && !allowedText(*a.StringValue):
		return errMessageContents()
	case kind == "Number" && !isNumber(*a.StringValue):
		return invalidParameter(*a.StringValue, "MessageAttributes", "Can't cast the value of message (user) attribute '"+name+"' to a number.")
	}
	return nil
}

func reservedName(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.") ||
		strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.Contains(name, "..")
}

// isNumber says whether text is a decimal number in the range SQS takes, of up
// to 38 digits between -10^128 and 10^126.
func isNumber(text string) bool {
	if !onlyLetters(text, "0123456789+-.eE") {
		return false // ParseFloat would also read hexadecimals, underscores and Inf
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	digits := strings.TrimLeft(strings.NewReplacer(".", "", "-", "", "+", "").Replace(mantissa), "0")
	n, err := strconv.ParseFloat(text, 64)
	return err == nil && len(digits) <= 38 && n > -1e128 && n < 1e126
}

const attributeNameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

func onlyLetters(s, letters string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(letters, r) }) < 0
}

func (a attribute) value() []byte {
	if a.StringValue != nil {
		return []byte(*a.StringValue)
	}
	return a.BinaryValue
}

// attributesSize is what the attributes count towards the message size limit.
func attributesSize(attributes map[string]attribute) int {
	n := 0
	for name, a := range attributes {
		n += len(name) + len(a.DataType) + len(a.value())
	}
	return n
}

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// attributesMD5 is the digest that SDKs compare: attributes by name, each as
// length-prefixed name and type, one byte for the kind of value, and the
// length-prefixed value. It is "" without attributes.
func attributesMD5(attributes map[string]attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	var buf []byte
	field := func(value []byte) {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(value)))
		buf = append(buf, value...)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		field([]byte(name))
		field([]byte(a.DataType))
		kind := byte(1)
		if strings.HasPrefix(a.DataType, "Binary") {
			kind = 2
		}
		buf = append(buf, kind)
		field(a.value())
	}
	sum := md5.Sum(buf)
	return hex.EncodeToString(sum[:])
}

// selectAttributes picks what a receiver asked for: names, "prefix.*", "All" or ".*".
func selectAttributes(all map[string]attribute, wanted []string) map[string]attribute {
	out := make(map[string]attribute)
	for name, a := range all {
		for _, want := range wanted {
			prefix, wildcard := strings.CutSuffix(want, ".*")
			if want == "All" || want == name || wildcard && strings.HasPrefix(name, prefix) {
				out[name] = a
			}
		}
	}
	return out
}

// allowedText says whether SQS takes the text: XML 1.0's characters.
func allowedText(s string) bool {
	for _, r := range s {
		ok := r == 0x9 || r == 0xA || r == 0xD || r >= 0x20 && r <= 0xD7FF ||
			r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
		if !ok {
			return false
		}
	}
	return true
}
