package wire

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
)

// cborDialect is what AWS's two uses of CBOR differ in.
type cborDialect struct {
	contentType string
	// rpc marks Smithy's rpc-v2-cbor, whose instants are seconds. The older
	// dialect, which Java's clients speak to services of the JSON protocol,
	// writes instants as whole milliseconds.
	rpc bool
}

const (
	cborContentType    = "application/x-amz-cbor-1.1"
	rpcCBORContentType = "application/cbor"
	rpcCBORProtocol    = "rpc-v2-cbor"
)

// cborCodec reads and writes the structs that the JSON codec does, by the same
// member names; blobs are byte strings.
type cborCodec struct{ dialect cborDialect }

func (c cborCodec) Decode(call *Call, _ map[string]string, in any) error {
	if c.dialect.rpc && len(call.Body) == 0 { // an operation without input
		return nil
	}
	return decodeCBOR(c.dialect, call.Body, in)
}

func (c cborCodec) Encode(_ *Call, out any) (Reply, error) {
	reply := Reply{Status: statusOf(out), ContentType: c.dialect.contentType, Header: c.header(nil)}
	if isNil(out) {
		return reply, nil
	}
	if large, ok := out.(Sized); ok {
		reply.Body = make([]byte, 0, large.SizeHint())
	}
	var err error
	reply.Body, err = appendCBOR(reply.Body, c.dialect, out)
	if err != nil {
		return Reply{}, err
	}
	return reply, nil
}

// Sized is implemented by outputs that may be large: SizeHint is about how many
// bytes they take on the wire, so that their memory need not grow.
type Sized interface{ SizeHint() int }

func (c cborCodec) EncodeError(_ *Call, err *Error) Reply {
	key := "message"
	if err.Code == codeSerialization && !c.dialect.rpc {
		key = "Message"
	}
	fields := map[string]any{"__type": err.Code, key: err.Message}
	for name, value := range err.Fields {
		fields[name] = value
	}
	body, encodeErr := appendCBOR(nil, c.dialect, fields)
	if encodeErr != nil { // a field that CBOR cannot hold: the code still goes out
		body, _ = appendCBOR(nil, c.dialect, map[string]any{"__type": err.Code})
	}
	return Reply{
		Status:      err.HTTPStatus(),
		ContentType: c.dialect.contentType,
		Header:      c.header(errorHeaders(err)),
		Body:        body,
	}
}

func (c cborCodec) header(h map[string]string) map[string]string {
	if !c.dialect.rpc {
		return h
	}
	if h == nil {
		h = make(map[string]string, 1)
	}
	h["Smithy-Protocol"] = rpcCBORProtocol
	return h
}

// IsCBOR reports whether a request's content type asks for the CBOR form of
// the JSON protocol, which its reply then has too.
func IsCBOR(contentType string) bool { return strings.HasPrefix(contentType, cborContentType) }

// CBORContentType is the content type of the CBOR form of the JSON protocol.
func CBORContentType() string { return cborContentType }

// AppendCBOR appends value in the CBOR form of the JSON protocol, for outputs
// that write their own response.
func AppendCBOR(dst []byte, value any) ([]byte, error) {
	return appendCBOR(dst, cborDialect{contentType: cborContentType}, value)
}

// The major types of CBOR, RFC 8949 §3.1.
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborArray
	cborMap
	cborTag
	cborSimple
)

// Single bytes that mean something of their own.
const (
	cborFalse     = 0xf4
	cborTrue      = 0xf5
	cborNull      = 0xf6
	cborUndefined = 0xf7
	cborBreak     = 0xff
)

const cborTagInstant = 1 // RFC 8949 §3.4.2

// memberEmpty reports whether encoding/json would omit a member.
func memberEmpty(v reflect.Value, options string) bool {
	if strings.Contains(options, "omitzero") && v.IsZero() {
		return true
	}
	if !strings.Contains(options, "omitempty") {
		return false
	}
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return v.IsZero()
	}
}

// halfFloat widens IEEE 754's 16-bit form.
func halfFloat(bits uint16) float64 {
	exponent, fraction := int(bits>>10&0x1f), float64(bits&0x3ff)
	var value float64
	switch exponent {
	case 0:
		value = math.Ldexp(fraction, -24)
	case 0x1f:
		if value = math.Inf(1); fraction != 0 {
			value = math.NaN()
		}
	default:
		value = math.Ldexp(fraction+1024, exponent-25)
	}
	if bits&0x8000 != 0 {
		value = -value
	}
	return value
}

// numberOf is a json.Number's value as Go's own kinds; error fields may hold one.
func numberOf(n json.Number) (any, error) {
	if i, err := n.Int64(); err == nil {
		return i, nil
	}
	return n.Float64()
}
