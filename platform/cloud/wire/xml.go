package wire

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"
)

const xmlContentType = "text/xml"

// encodeXML renders <OpResponse><OpResult>…</OpResult><ResponseMetadata>…, the
// shape of every awsQuery reply; an output of nil has no result element.
func encodeXML(namespace string, call *Call, out any) (Reply, error) {
	w := &xmlWriter{}
	w.open(call.Operation+"Response", namespace)
	if !isNil(out) {
		w.open(call.Operation+"Result", "")
		v := reflect.Indirect(reflect.ValueOf(out))
		if v.Kind() != reflect.Struct {
			return Reply{}, fmt.Errorf("encode xml output %T: want a struct", out)
		}
		if err := w.members(v); err != nil {
			return Reply{}, fmt.Errorf("encode xml output %T: %w", out, err)
		}
		w.close(call.Operation + "Result")
	}
	w.open("ResponseMetadata", "")
	w.text("RequestId", call.RequestID)
	w.close("ResponseMetadata")
	w.close(call.Operation + "Response")
	return Reply{Status: http.StatusOK, ContentType: xmlContentType, Body: w.buf.Bytes()}, nil
}

func encodeXMLError(namespace string, call *Call, err *Error) Reply {
	w := &xmlWriter{}
	w.open("ErrorResponse", namespace)
	w.open("Error", "")
	w.text("Type", string(err.Fault()))
	w.text("Code", cmp.Or(err.QueryCode, err.Code)) // the code that this protocol had before others came
	w.text("Message", err.Message)
	w.close("Error")
	w.text("RequestId", call.RequestID)
	w.close("ErrorResponse")
	return Reply{
		Status: err.HTTPStatus(), ContentType: xmlContentType,
		Header: errorHeaders(err), Body: w.buf.Bytes(),
	}
}

type xmlWriter struct{ buf bytes.Buffer }

func (w *xmlWriter) open(name, namespace string) {
	w.buf.WriteByte('<')
	w.buf.WriteString(name)
	if namespace != "" {
		w.buf.WriteString(` xmlns="`)
		w.escape(namespace)
		w.buf.WriteByte('"')
	}
	w.buf.WriteByte('>')
}

func (w *xmlWriter) close(name string) { w.buf.WriteString("</" + name + ">") }

func (w *xmlWriter) text(name, value string) {
	w.open(name, "")
	w.escape(value)
	w.close(name)
}

// escape also replaces what XML cannot carry; a bytes.Buffer never fails.
func (w *xmlWriter) escape(value string) { _ = xml.EscapeText(&w.buf, []byte(value)) }

func (w *xmlWriter) members(v reflect.Value) error {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct && !isTime(f.Type) {
			if err := w.members(v.Field(i)); err != nil {
				return err
			}
			continue
		}
		name, omitEmpty := jsonName(f)
		if name == "" || omitEmpty && v.Field(i).IsZero() {
			continue
		}
		if err := w.element(name, v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func (w *xmlWriter) element(name string, v reflect.Value) error {
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		return w.element(name, v.Elem())
	}
	if text, ok := scalarText(v); ok {
		w.text(name, text)
		return nil
	}
	w.open(name, "")
	defer w.close(name)
	switch v.Kind() {
	case reflect.Struct:
		return w.members(v)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := w.element("member", v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		return w.entries(v)
	default:
		return fmt.Errorf("%s: kind %s is not on the wire", name, v.Kind())
	}
}

// entries writes a map in the order of its keys, so replies are reproducible.
func (w *xmlWriter) entries(v reflect.Value) error {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		return bytes.Compare([]byte(a.String()), []byte(b.String()))
	})
	for _, key := range keys {
		w.open("entry", "")
		w.text("key", key.String())
		if err := w.element("value", v.MapIndex(key)); err != nil {
			return err
		}
		w.close("entry")
	}
	return nil
}

func scalarText(v reflect.Value) (string, bool) {
	switch value := v.Interface().(type) {
	case time.Time:
		return value.UTC().Format("2006-01-02T15:04:05Z"), true
	case Timestamp:
		return value.UTC().Format("2006-01-02T15:04:05Z"), true
	case []byte:
		return base64.StdEncoding.EncodeToString(value), true
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), true
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), true
	case reflect.Float32, reflect.Float64:
		return string(appendDouble(nil, v.Float())), true
	}
	return "", false
}
