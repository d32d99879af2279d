package wire

import (
	"net/http"
	"strings"
)

// Codec translates between HTTP bodies and the typed values of one protocol.
// Codecs keep no state between calls and are safe for concurrent use. Decode
// never panics and never takes memory out of proportion to the body.
type Codec interface {
	// Decode fills in from the call's body and, for REST, the path variables.
	// Its error is an *Error ready for the caller.
	Decode(call *Call, vars map[string]string, in any) error
	// Encode renders a successful output; nil is a reply without a body.
	Encode(call *Call, out any) (Reply, error)
	// EncodeError renders a failure.
	EncodeError(call *Call, err *Error) Reply
}

// Reply is one encoded HTTP response, complete but for the request ids.
type Reply struct {
	Status      int
	ContentType string
	Header      map[string]string // further headers, canonical or not
	Body        []byte
}

// StatusCoder is implemented by outputs of REST operations that succeed with a
// status other than 200.
type StatusCoder interface{ StatusCode() int }

// CodecFor picks the codec of a call by its service's protocol and its content
// type: replies use the content type of the request.
func CodecFor(p Protocol, contentType string) Codec {
	switch p.Kind {
	case Query:
		return queryCodec{namespace: p.Namespace}
	case REST:
		return restCodec{}
	case RPCv2CBOR:
		return cborCodec{cborDialect{contentType: rpcCBORContentType, rpc: true}}
	default:
		if IsCBOR(contentType) {
			return cborCodec{cborDialect{contentType: cborContentType}}
		}
		version := p.JSONVersion
		for _, v := range []string{"1.0", "1.1"} {
			if strings.HasPrefix(contentType, "application/x-amz-json-"+v) {
				version = v
			}
		}
		return jsonCodec{contentType: "application/x-amz-json-" + version}
	}
}

// errorHeaders are the headers by which SDKs recognise an error before they
// look into its body.
func errorHeaders(err *Error) map[string]string {
	h := map[string]string{"X-Amzn-Errortype": err.Code}
	if err.QueryCode != "" {
		h["X-Amzn-Query-Error"] = err.QueryCode + ";" + string(err.Fault())
	}
	return h
}

func statusOf(out any) int {
	if s, ok := out.(StatusCoder); ok {
		return s.StatusCode()
	}
	return http.StatusOK
}
