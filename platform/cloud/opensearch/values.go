package opensearch

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// guess looks at the value to come and says what field holds its kind.
func (r *reading) guess() (map[string]any, error) {
	ahead := r.scan
	switch ahead.next() {
	case '"':
		text, err := ahead.text()
		if err != nil {
			return nil, err
		}
		if given := guessDate(string(text)); given != nil {
			return given, nil
		}
		return map[string]any{"type": "text", "fields": map[string]any{
			"keyword": map[string]any{"type": "keyword", "ignore_above": jsonInt(256)},
		}}, nil
	case 't', 'f':
		return map[string]any{"type": "boolean"}, nil
	}
	_, integer, err := ahead.number()
	if integer {
		return map[string]any{"type": "long"}, err
	}
	return map[string]any{"type": "float"}, err
}

// guessDate is the field for a text that reads as a date. What could be a number
// is none, so a year alone is not.
func guessDate(text string) map[string]any {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return nil
	}
	if _, isDate := parseISO(text, false); isDate {
		return map[string]any{"type": "date"}
	}
	for _, layout := range []string{"2006/01/02 15:04:05", "2006/01/02"} {
		if _, err := time.Parse(layout, text); err == nil {
			return map[string]any{"type": "date", "format": "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis", "print_format": "yyyy/MM/dd HH:mm:ss"}
		}
	}
	return nil
}

// agrees: all values that a document has for a field that it brings along have
// to make it of one type, also where later documents may have either.
func (r *reading) agrees(f *field) error {
	given, err := r.guess()
	if err != nil {
		return err
	}
	if kind := string(f.kind); given["type"] != kind {
		return illegal("mapper [%s] cannot be changed from type [%s] to [%s]", f.path, kind, given["type"])
	}
	return nil
}

// field reads the values of a field: one, null, or an array.
func (r *reading) field(f *field) error {
	start := r.scan.pos
	c := r.scan.next()
	if f.kind == kindGeo {
		if c != 'n' {
			r.values = append(r.values, value{field: f})
		}
		return r.scan.skip()
	}
	if c != '[' && c != '{' && c != 'n' && slices.Contains(r.fresh, f) {
		if err := r.agrees(f); err != nil {
			return err
		}
	}
	switch c {
	case '[':
		return r.scan.array(func() error { return r.field(f) })
	case '{':
		err := r.scan.skip()
		if err != nil {
			return err
		}
		return r.refuse(f, bytes.TrimSpace(r.scan.src[start:r.scan.pos]), &Error{
			Type: "illegal_state_exception", Reason: fmt.Sprintf("Can't get text on a START_OBJECT at 1:%d", start+1),
		})
	case '"':
		text, err := r.scan.text()
		if err != nil {
			return err
		}
		return r.scalar(f, text, '"')
	case 't', 'f', 'n':
		word, err := r.scan.word()
		if err != nil || word == "null" {
			return err
		}
		return r.scalar(f, []byte(word), 't')
	}
	literal, _, err := r.scan.number()
	if err != nil {
		return err
	}
	return r.scalar(f, literal, '0')
}

// termMax is how many bytes a keyword has at most.
const termMax = 32766

func immense(path string) *Error {
	return illegal("Document contains at least one immense term in field=\"%s\" (whose UTF8 encoding is longer than the max length %d), all of which were skipped. "+
		"Please correct the analyzer to not produce such terms.", path, termMax)
}

// units is a text's length as Java counts it.
func units(text []byte) int {
	n := 0
	for _, r := range string(text) {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// scalar is one value, written as a string ("), a number (0) or a boolean (t).
func (r *reading) scalar(f *field, text []byte, form byte) error {
	for _, sub := range f.multi {
		if err := r.scalar(sub, text, form); err != nil {
			return err
		}
	}
	if f.kind == kindKeyword || f.kind == kindText {
		switch {
		case f.ignoreAbove > 0 && len(text) > f.ignoreAbove && units(text) > f.ignoreAbove:
			return nil
		case f.kind == kindKeyword && len(text) > termMax:
			return immense(f.path)
		}
		r.values = append(r.values, value{field: f, term: text})
		return nil
	}
	if len(text) == 0 && form == '"' && f.kind.isNumber() { // as null
		return nil
	}
	bits, cause := f.bitsOf(text, form)
	if cause != nil {
		return r.refuse(f, text, cause)
	}
	r.values = append(r.values, value{field: f, bits: bits})
	return nil
}

func (r *reading) refuse(f *field, text []byte, cause *Error) error {
	return mapperParsing(cause, "failed to parse field [%s] of type [%s] in document with id '%s'. Preview of field's value: '%s'",
		f.path, f.kind, r.id, text)
}

// bitsOf is a scalar as the field's column holds it.
func (f *field) bitsOf(text []byte, form byte) (int64, *Error) {
	switch {
	case f.kind == kindBoolean:
		switch string(text) {
		case "true":
			return 1, nil
		case "false", "":
			return 0, nil
		}
		return 0, illegal("Failed to parse value [%s] as only [true] or [false] are allowed.", text)
	case f.kind == kindDate:
		if ms, ok := f.format.parse(string(text), false); ok && form != 't' {
			return ms, nil
		}
		return 0, dateError(string(text), f.format.text)
	case form == 't':
		return 0, illegal("For input string: \"%s\"", text)
	}
	return numberBits(f.kind, strings.TrimSpace(string(text)))
}

// numberBits reads a number; integers take what is left of a fraction.
func numberBits(k kind, text string) (int64, *Error) {
	if strings.Contains(text, "_") { // which strconv takes for a number's
		return 0, illegal("For input string: \"%s\"", text)
	}
	if k.isInteger() {
		n, err := strconv.ParseInt(text, 10, 64)
		if errors.Is(err, strconv.ErrRange) {
			return 0, illegal("Value [%s] is out of range for a long", text)
		}
		if err != nil {
			v, failed := strconv.ParseFloat(text, 64)
			if failed != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return 0, illegal("For input string: \"%s\"", text)
			}
			if v >= 1<<63 || v < -1<<63 {
				return 0, illegal("Value [%s] is out of range for a long", text)
			}
			n = int64(v)
		}
		most := map[kind]int64{kindLong: math.MaxInt64, "integer": math.MaxInt32, "short": math.MaxInt16, "byte": math.MaxInt8}[k]
		if n > most || n < -most-1 {
			article := "a"
			if k == "integer" {
				article = "an"
			}
			return 0, illegal("Value [%s] is out of range for %s %s", text, article, k)
		}
		return n, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, illegal("For input string: \"%s\"", text)
	}
	if k == kindFloat {
		v = float64(float32(v))
	}
	if math.IsInf(v, 0) {
		return 0, illegal("[%s] supports only finite values, but got [%s]", k, text)
	}
	return int64(math.Float64bits(v)), nil
}
