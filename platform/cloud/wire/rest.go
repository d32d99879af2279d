package wire

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// restCodec is restJson1: members come from the body, the path and the query.
type restCodec struct{}

func (restCodec) Decode(call *Call, vars map[string]string, in any) error {
	return DecodeREST(call, vars, in)
}

func (restCodec) Encode(_ *Call, out any) (Reply, error) {
	return encodeJSON("application/json", out)
}

func (restCodec) EncodeError(_ *Call, err *Error) Reply {
	who := "User"
	if err.Fault() == Receiver {
		who = "Service"
	}
	return Reply{
		Status:      err.HTTPStatus(),
		ContentType: "application/json",
		Header:      errorHeaders(err),
		Body:        errorBody(map[string]any{"Type": who, "message": err.Message}, err.Fields),
	}
}

// DecodeREST is the default decoding of REST calls: the JSON body, if any, then
// query parameters, then path variables, into fields whose json tag equals the
// name up to the case of its first letter. Names without a field are ignored.
func DecodeREST(call *Call, vars map[string]string, in any) error {
	if len(bytes.TrimSpace(call.Body)) > 0 {
		if err := DecodeJSON(call.Body, in); err != nil {
			return err
		}
	}
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	if call.HTTP != nil {
		for name, values := range call.HTTP.URL.Query() {
			if err := setNamed(v.Elem(), name, values); err != nil {
				return err
			}
		}
	}
	for name, value := range vars {
		if err := setNamed(v.Elem(), name, []string{value}); err != nil {
			return err
		}
	}
	return nil
}

func setNamed(v reflect.Value, name string, values []string) error {
	field, ok := fieldByName(v, name)
	if !ok || len(values) == 0 {
		return nil
	}
	if field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.String {
		field.Set(reflect.MakeSlice(field.Type(), len(values), len(values)))
		for i, value := range values {
			field.Index(i).SetString(value)
		}
		return nil
	}
	if err := setScalar(field, values[0]); err != nil {
		return serializationError("%s: %s", name, err.Error())
	}
	return nil
}

// fieldByName finds the exported field with the json name, comparing first
// letters without case: {FunctionName} and functionName are one member.
func fieldByName(v reflect.Value, name string) (reflect.Value, bool) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			if found, ok := fieldByName(v.Field(i), name); ok {
				return found, true
			}
			continue
		}
		if tag, _ := jsonName(f); tag != "" && sameName(tag, name) {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func sameName(a, b string) bool {
	return len(a) == len(b) && len(a) > 0 && strings.EqualFold(a[:1], b[:1]) && a[1:] == b[1:]
}

// jsonName is the member name of a field, "" for one that is not on the wire.
func jsonName(f reflect.StructField) (name string, omitEmpty bool) {
	tag := f.Tag.Get("json")
	if tag == "-" || !f.IsExported() {
		return "", false
	}
	name, options, _ := strings.Cut(tag, ",")
	if name == "" {
		name = f.Name
	}
	return name, strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
}

// setScalar parses text into a field of a basic kind, or a pointer to one.
func setScalar(v reflect.Value, text string) error {
	if v.Kind() == reflect.Pointer {
		target := reflect.New(v.Type().Elem())
		if err := setScalar(target.Elem(), text); err != nil {
			return err
		}
		v.Set(target)
		return nil
	}
	if isTime(v.Type()) {
		return setTime(v, text)
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%.100q is not a Boolean", text)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%.100q is not an Integer", text)
		}
		v.SetInt(n)
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(text, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%.100q is not a Double", text)
		}
		v.SetFloat(n)
	case reflect.Slice:
		return setBlob(v, text)
	default:
		return fmt.Errorf("a single value was found where a %s is expected", v.Kind())
	}
	return nil
}
