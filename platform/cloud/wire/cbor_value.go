package wire

import (
	"math"
	"reflect"
	"time"
)

// value reads one item into v, which may be of any kind that inputs have.
func (r *cborReader) value(v reflect.Value) error {
	r.tags()
	if r.at < len(r.body) && (r.body[r.at] == cborNull || r.body[r.at] == cborUndefined) {
		r.at++
		switch v.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
			v.SetZero()
		}
		return nil
	}
	if v.Kind() == reflect.Pointer {
		if err := r.spend(int(v.Type().Elem().Size())); err != nil {
			return err
		}
		target := reflect.New(v.Type().Elem())
		v.Set(target)
		return r.value(target.Elem())
	}
	item, err := r.next()
	if err != nil {
		return err
	}
	if isTime(v.Type()) {
		return r.instant(item, v)
	}
	switch item.major {
	case cborUint, cborNegative:
		return r.integer(item, v)
	case cborBytes:
		content, err := r.bytes(item)
		if err != nil {
			return err
		}
		if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Uint8 {
			return wrongCBOR("BLOB_VALUE", v)
		}
		v.SetBytes(content)
		return nil
	case cborText:
		content, err := r.text(item)
		if err != nil {
			return err
		}
		if v.Kind() != reflect.String {
			return wrongCBOR("STRING_VALUE", v)
		}
		v.SetString(string(content))
		return nil
	case cborArray:
		return r.list(item, v)
	case cborMap:
		return r.mapping(item, v)
	default:
		return r.simple(item, v)
	}
}

func wrongCBOR(got string, v reflect.Value) error {
	return serializationError("%s can not be converted to %s", got, wantedType(v.Type()))
}

// int64 is an integer item's value, if it fits.
func (item cborItem) int64() (int64, bool) {
	if item.n > math.MaxInt64 {
		return 0, false
	}
	if item.major == cborNegative {
		return -1 - int64(item.n), true
	}
	return int64(item.n), true
}

func (r *cborReader) integer(item cborItem, v reflect.Value) error {
	n, fits := item.int64()
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if !fits || v.OverflowInt(n) {
			return wrongCBOR("NUMBER_VALUE", v)
		}
		v.SetInt(n)
		return nil
	case reflect.Float32, reflect.Float64:
		f := float64(item.n)
		if item.major == cborNegative {
			f = -1 - f
		}
		v.SetFloat(f)
		return nil
	default:
		return wrongCBOR("NUMBER_VALUE", v)
	}
}

// float is the value of a floating-point item.
func (item cborItem) float() (float64, bool) {
	if item.major != cborSimple {
		return 0, false
	}
	switch item.info {
	case 25:
		return halfFloat(uint16(item.n)), true
	case 26:
		return float64(math.Float32frombits(uint32(item.n))), true
	case 27:
		return math.Float64frombits(item.n), true
	default:
		return 0, false
	}
}

func (r *cborReader) simple(item cborItem, v reflect.Value) error {
	if f, ok := item.float(); ok {
		if v.Kind() != reflect.Float64 && v.Kind() != reflect.Float32 {
			return wrongCBOR("NUMBER_VALUE", v)
		}
		v.SetFloat(f)
		return nil
	}
	if item.info != cborFalse&0x1f && item.info != cborTrue&0x1f {
		return r.malformed()
	}
	if v.Kind() != reflect.Bool {
		return wrongCBOR("BOOLEAN_VALUE", v)
	}
	v.SetBool(item.info == cborTrue&0x1f)
	return nil
}

// instant reads whole milliseconds, or seconds in rpc-v2-cbor; what has a
// fraction is seconds in both.
func (r *cborReader) instant(item cborItem, v reflect.Value) error {
	var millis float64
	if seconds, ok := item.float(); ok {
		millis = seconds * 1000
	} else if n, fits := item.int64(); fits && item.major <= cborNegative {
		if millis = float64(n); r.dialect.rpc {
			millis *= 1000
		}
	} else {
		return serializationError("A value that is no timestamp ends at byte %d", r.at)
	}
	if math.IsNaN(millis) || math.Abs(millis) > 1e15 {
		return serializationError("The timestamp that ends at byte %d is out of range", r.at)
	}
	at := time.UnixMilli(int64(math.Round(millis))).UTC()
	if v.Type() == reflect.TypeFor[Timestamp]() {
		v.Set(reflect.ValueOf(Timestamp{Time: at}))
	} else {
		v.Set(reflect.ValueOf(at))
	}
	return nil
}

func (r *cborReader) list(item cborItem, v reflect.Value) error {
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() == reflect.Uint8 {
		return serializationError("Unexpected list element termination: a list was found where none is expected")
	}
	size := int(v.Type().Elem().Size())
	if err := r.spend(int(item.n) * size); err != nil { // n is at most the body's size
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, int(item.n)))
	return r.each(item, func() error {
		if v.Len() == v.Cap() {
			grown := max(4, v.Cap())
			if err := r.spend(grown * size); err != nil {
				return err
			}
			v.Grow(grown)
		}
		i := v.Len()
		v.SetLen(i + 1)
		v.Index(i).SetZero()
		return r.value(v.Index(i))
	})
}

func (r *cborReader) mapping(item cborItem, v reflect.Value) error {
	switch {
	case v.Kind() == reflect.Struct:
		members := r.plan(v.Type())
		return r.each(item, func() error {
			name, err := r.key()
			if err != nil {
				return err
			}
			index, known := members[string(name)]
			if !known {
				return r.skip()
			}
			return r.value(v.FieldByIndex(index))
		})
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		return r.entries(item, v)
	default:
		return serializationError("Start of structure or map found where not expected.")
	}
}

func (r *cborReader) entries(item cborItem, v reflect.Value) error {
	t := v.Type()
	v.Set(reflect.MakeMap(t))
	size := 2 * int(t.Key().Size()+t.Elem().Size()) // a map is never full
	return r.each(item, func() error {
		if err := r.spend(size); err != nil {
			return err
		}
		name, err := r.key()
		if err != nil {
			return err
		}
		element := reflect.New(t.Elem()).Elem()
		if err := r.value(element); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(string(name)).Convert(t.Key()), element)
		return nil
	})
}

func (r *cborReader) key() ([]byte, error) {
	item, err := r.next()
	if err != nil {
		return nil, err
	}
	if item.major != cborText {
		return nil, serializationError("A name that is no text ends at byte %d", r.at)
	}
	return r.text(item)
}

// plan is where a struct's members are; those of embedded structs are its own.
func (r *cborReader) plan(t reflect.Type) map[string][]int {
	if plan, ok := r.members[t]; ok {
		return plan
	}
	plan := make(map[string][]int, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		if embedded(f) {
			for name, index := range r.plan(f.Type) {
				plan[name] = append([]int{i}, index...)
			}
			continue
		}
		if name, _ := jsonName(f); name != "" {
			plan[name] = []int{i}
		}
	}
	r.members[t] = plan
	return plan
}
