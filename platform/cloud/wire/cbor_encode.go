package wire

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// cborWriter writes values as CBOR: structs as maps of indefinite length, in
// the order of their fields, everything else with its length in front.
type cborWriter struct {
	dialect cborDialect
	buf     []byte
	plans   map[reflect.Type][]cborMember
}

type cborMember struct {
	index   int
	options string // of the json tag
	head    []byte // the member's name, encoded; nil for an embedded struct
}

func appendCBOR(dst []byte, dialect cborDialect, value any) ([]byte, error) {
	w := cborWriter{dialect: dialect, buf: dst, plans: make(map[reflect.Type][]cborMember)}
	if err := w.value(reflect.ValueOf(value)); err != nil {
		return nil, fmt.Errorf("encode cbor output %T: %w", value, err)
	}
	return w.buf, nil
}

func (w *cborWriter) head(major byte, n uint64) { w.buf = appendCBORHead(w.buf, major, n) }

func appendCBORHead(dst []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	default:
		return binary.BigEndian.AppendUint64(append(dst, major|27), n)
	}
}

func (w *cborWriter) text(s string) {
	w.head(cborText, uint64(len(s)))
	w.buf = append(w.buf, s...)
}

func (w *cborWriter) integer(n int64) {
	if n < 0 {
		w.head(cborNegative, uint64(-1-n))
		return
	}
	w.head(cborUint, uint64(n))
}

func (w *cborWriter) double(f float64) {
	w.buf = binary.BigEndian.AppendUint64(append(w.buf, cborSimple<<5|27), math.Float64bits(f))
}

// instant writes milliseconds in the older dialect, seconds in rpc-v2-cbor.
func (w *cborWriter) instant(t time.Time) {
	w.head(cborTag, cborTagInstant)
	if w.dialect.rpc {
		w.double(float64(t.UnixMilli()) / 1000)
		return
	}
	w.integer(t.UnixMilli())
}

func (w *cborWriter) value(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Invalid:
		w.buf = append(w.buf, cborNull)
		return nil
	case reflect.Pointer, reflect.Interface:
		return w.value(v.Elem()) // nothing to point at is Invalid
	case reflect.String:
		if n, ok := v.Interface().(json.Number); ok {
			number, err := numberOf(n)
			if err != nil {
				return fmt.Errorf("number %q: %w", n, err)
			}
			return w.value(reflect.ValueOf(number))
		}
		w.text(strings.ToValidUTF8(v.String(), "\ufffd"))
	case reflect.Bool:
		if v.Bool() {
			w.buf = append(w.buf, cborTrue)
		} else {
			w.buf = append(w.buf, cborFalse)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.integer(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		w.head(cborUint, v.Uint())
	case reflect.Float32, reflect.Float64:
		w.double(v.Float())
	case reflect.Slice:
		return w.list(v)
	case reflect.Map:
		return w.entries(v)
	case reflect.Struct:
		return w.structure(v)
	default:
		return fmt.Errorf("kind %s is not on the wire", v.Kind())
	}
	return nil
}

func (w *cborWriter) list(v reflect.Value) error {
	if v.IsNil() {
		w.buf = append(w.buf, cborNull)
		return nil
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		w.head(cborBytes, uint64(v.Len()))
		w.buf = append(w.buf, v.Bytes()...)
		return nil
	}
	w.head(cborArray, uint64(v.Len()))
	for i := range v.Len() {
		if err := w.value(v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// entries writes a map in the order of its keys, so replies are reproducible.
func (w *cborWriter) entries(v reflect.Value) error {
	if v.IsNil() {
		w.buf = append(w.buf, cborNull)
		return nil
	}
	if v.Type().Key().Kind() != reflect.String {
		return fmt.Errorf("map keys of kind %s are not on the wire", v.Type().Key().Kind())
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	w.head(cborMap, uint64(len(keys)))
	for _, key := range keys {
		w.text(strings.ToValidUTF8(key.String(), "\ufffd"))
		if err := w.value(v.MapIndex(key)); err != nil {
			return err
		}
	}
	return nil
}

func (w *cborWriter) structure(v reflect.Value) error {
	switch at := v.Interface().(type) {
	case Timestamp:
		w.instant(at.Time)
		return nil
	case time.Time:
		w.instant(at)
		return nil
	}
	w.buf = append(w.buf, cborMap<<5|31)
	if err := w.members(v); err != nil {
		return err
	}
	w.buf = append(w.buf, cborBreak)
	return nil
}

func (w *cborWriter) members(v reflect.Value) error {
	for _, m := range w.plan(v.Type()) {
		field := v.Field(m.index)
		if m.head == nil {
			if err := w.members(field); err != nil {
				return err
			}
			continue
		}
		if m.options != "" && memberEmpty(field, m.options) {
			continue
		}
		w.buf = append(w.buf, m.head...)
		if err := w.value(field); err != nil {
			return err
		}
	}
	return nil
}

func (w *cborWriter) plan(t reflect.Type) []cborMember {
	if plan, ok := w.plans[t]; ok {
		return plan
	}
	var plan []cborMember
	for i := range t.NumField() {
		f := t.Field(i)
		if embedded(f) {
			plan = append(plan, cborMember{index: i})
			continue
		}
		name, _ := jsonName(f)
		if name == "" {
			continue
		}
		_, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		head := append(appendCBORHead(nil, cborText, uint64(len(name))), name...)
		plan = append(plan, cborMember{index: i, options: options, head: head})
	}
	w.plans[t] = plan
	return plan
}

// embedded reports whether a field's members count as its holder's own.
func embedded(f reflect.StructField) bool {
	return f.Anonymous && f.Type.Kind() == reflect.Struct && f.Tag.Get("json") == "" && !isTime(f.Type)
}
