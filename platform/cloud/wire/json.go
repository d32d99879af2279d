package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
)

// jsonCodec is awsJson 1.0 and 1.1. encoding/json refuses nesting deeper than
// 10,000 levels, so hostile depth costs an error, not the stack.
type jsonCodec struct{ contentType string }

func (jsonCodec) Decode(call *Call, _ map[string]string, in any) error {
	return DecodeJSON(call.Body, in)
}

func (c jsonCodec) Encode(_ *Call, out any) (Reply, error) {
	return encodeJSON(c.contentType, out)
}

func (c jsonCodec) EncodeError(_ *Call, err *Error) Reply {
	// AWS spells the key "Message" on serialization errors and "message" elsewhere.
	key := "message"
	if err.Code == codeSerialization {
		key = "Message"
	}
	return Reply{
		Status:      err.HTTPStatus(),
		ContentType: c.contentType,
		Header:      errorHeaders(err),
		Body:        errorBody(map[string]any{"__type": err.Code, key: err.Message}, err.Fields),
	}
}

const codeSerialization = "SerializationException"

func serializationError(format string, args ...any) *Error {
	return Errorf(codeSerialization, format, args...)
}

// errorBody merges the extra fields of an error into its standard ones.
func errorBody(standard, fields map[string]any) []byte {
	maps.Copy(standard, fields)
	body, err := json.Marshal(standard)
	if err != nil { // a field that JSON cannot hold: the standard ones still go out
		body = []byte(`{"__type":"InternalFailure"}`)
	}
	return body
}

// JSONReader is implemented by inputs that read the usual form of their own
// JSON faster than encoding/json. ReadJSON reports false, leaving the input as
// it was, for every body that it does not take, right or wrong: encoding/json
// reads that.
type JSONReader interface{ ReadJSON(body []byte) bool }

// JSONAppender is implemented by outputs that append themselves as JSON faster
// than encoding/json.
type JSONAppender interface{ AppendJSON(dst []byte) []byte }

// DecodeJSON reads one JSON object. Unknown members are ignored; a body that
// does not parse, is no object, or holds a value of the wrong type is a
// SerializationException.
func DecodeJSON(body []byte, in any) error {
	if fast, ok := in.(JSONReader); ok && fast.ReadJSON(body) {
		return nil
	}
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return serializationError("Start of structure or map expected")
	}
	err := unmarshalExact(trimmed, in)
	if err == nil {
		return nil
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		return serializationError("%s", wrongTypeText(wrongType))
	}
	var badBase64 base64.CorruptInputError
	if errors.As(err, &badBase64) {
		return serializationError("The blob is not valid base64: %s", badBase64.Error())
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return serializationError("The body is not valid JSON at byte %d", syntax.Offset)
	}
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	return serializationError("%s", err.Error())
}

func wrongTypeText(e *json.UnmarshalTypeError) string {
	kind, _, _ := strings.Cut(e.Value, " ") // "number -1"; objects and lists are told apart before
	got := map[string]string{
		"string": "STRING_VALUE", "number": "NUMBER_VALUE", "bool": "BOOLEAN_VALUE",
	}[kind]
	return fmt.Sprintf("%s can not be converted to %s", got, wantedType(e.Type))
}

func wantedType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a String"
	case reflect.Bool:
		return "a Boolean"
	case reflect.Float32, reflect.Float64:
		return "a Double"
	case reflect.Slice:
		return "a Blob"
	default:
		return "an Integer"
	}
}

func encodeJSON(contentType string, out any) (Reply, error) {
	reply := Reply{Status: statusOf(out), ContentType: contentType}
	if isNil(out) {
		return reply, nil
	}
	if fast, ok := out.(JSONAppender); ok {
		reply.Body = fast.AppendJSON(nil)
		return reply, nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return Reply{}, fmt.Errorf("encode json output %T: %w", out, err)
	}
	reply.Body = bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
	return reply, nil
}

// isNil also sees typed nil pointers, which Op wraps in an interface.
func isNil(out any) bool {
	if out == nil {
		return true
	}
	v := reflect.ValueOf(out)
	return v.Kind() == reflect.Pointer && v.IsNil()
}
