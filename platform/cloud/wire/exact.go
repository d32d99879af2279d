package wire

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"
)

// unmarshalExact is json.Unmarshal as AWS's services read JSON: member names
// match to the letter, so a misspelt one is unknown and ignored; a blob is a
// string of base64 and never a list of numbers; and text that is not UTF-8 is
// refused, where encoding/json would store something else in its place.
func unmarshalExact(body []byte, in any) error {
	if !utf8.Valid(body) {
		return serializationError("The body is not valid UTF-8")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		return err
	}
	return setExact(whole, reflect.ValueOf(in).Elem())
}

// setExact fills v from one valid JSON value; null leaves v as it is.
func setExact(raw json.RawMessage, v reflect.Value) error {
	if string(raw) == "null" {
		return nil
	}
	if v.CanAddr() {
		if own, ok := v.Addr().Interface().(json.Unmarshaler); ok {
			return own.UnmarshalJSON(raw)
		}
	}
	switch kind := v.Kind(); {
	case kind == reflect.Pointer:
		target := reflect.New(v.Type().Elem())
		if err := setExact(raw, target.Elem()); err != nil {
			return err
		}
		v.Set(target)
		return nil
	case kind == reflect.Struct:
		members, err := object(raw, "Expected null")
		if err != nil {
			return err
		}
		return setMembers(members, v)
	case kind == reflect.Map:
		return setMap(raw, v)
	case kind == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		return setList(raw, v)
	case raw[0] == '{' && kind != reflect.Interface:
		return serializationError("Start of structure or map found where not expected.")
	case raw[0] == '[' && kind != reflect.Interface:
		return serializationError("Start of list found where not expected")
	case kind == reflect.Float64 && raw[0] == '"':
		return setNamedNumber(raw, v)
	default:
		return json.Unmarshal(raw, v.Addr().Interface())
	}
}

// setNamedNumber takes the three doubles that JSON has no numbers for and AWS's
// protocols write as strings. Whether a service wants them is its own matter.
func setNamedNumber(raw json.RawMessage, v reflect.Value) error {
	switch string(raw) {
	case `"NaN"`:
		v.SetFloat(math.NaN())
	case `"Infinity"`:
		v.SetFloat(math.Inf(1))
	case `"-Infinity"`:
		v.SetFloat(math.Inf(-1))
	default:
		return json.Unmarshal(raw, v.Addr().Interface())
	}
	return nil
}

// setMembers fills the fields of a struct, those of embedded ones included.
func setMembers(members map[string]json.RawMessage, v reflect.Value) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && field.Type.Kind() == reflect.Struct && tag == "":
			if err := setMembers(members, v.Field(i)); err != nil {
				return err
			}
		case !field.IsExported() || tag == "-":
		default:
			name := field.Name
			if tag != "" {
				name = tag
			}
			if raw, given := members[name]; given {
				if err := setExact(raw, v.Field(i)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func setMap(raw json.RawMessage, v reflect.Value) error {
	members, err := object(raw, "Expected map or null")
	if err != nil {
		return err
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(members)))
	for name, raw := range members {
		value := reflect.New(v.Type().Elem()).Elem()
		if err := setExact(raw, value); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), value)
	}
	return nil
}

func setList(raw json.RawMessage, v reflect.Value) error {
	switch raw[0] {
	case '[':
	case '{':
		return serializationError("Start of structure or map found where not expected.")
	default:
		return serializationError("Expected list or null")
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return err
	}
	list := reflect.MakeSlice(v.Type(), len(elements), len(elements))
	for i, raw := range elements {
		if err := setExact(raw, list.Index(i)); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

// object splits an object into its members; of a name given twice the last counts.
func object(raw json.RawMessage, otherwise string) (members map[string]json.RawMessage, err error) {
	switch raw[0] {
	case '{':
		err = json.Unmarshal(raw, &members)
	case '[':
		err = serializationError("Start of list found where not expected")
	default:
		err = serializationError("%s", otherwise)
	}
	return members, err
}
