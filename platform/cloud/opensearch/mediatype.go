package opensearch

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// mediaType is a Content-Type without its parameters, as OpenSearch reads one.
var mediaType = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*$")

// checkMediaType refuses a body that does not say it is JSON, or lines of JSON:
// every request takes either, as on OpenSearch. It is answered only to callers
// who are let in.
func (q *request) checkMediaType() (refusal any, err error) {
	if len(q.body) == 0 {
		return nil, nil
	}
	headers := q.http.Header.Values("Content-Type")
	if len(headers) == 0 {
		return notAcceptable("Content-Type header [] is not supported"), nil
	}
	if len(headers) > 1 {
		return nil, badMediaType("only one Content-Type header should be provided")
	}
	name, _, _ := strings.Cut(headers[0], ";")
	if !mediaType.MatchString(name) {
		return nil, badMediaType("invalid Content-Type header [" + headers[0] + "]")
	}
	switch name = strings.ToLower(strings.TrimSpace(name)); name {
	case "application/json", "application/x-ndjson", "application/*":
		return nil, nil
	case "application/yaml", "application/cbor", "application/smile":
		return nil, gap("bodies of type [%s]", name)
	}
	return notAcceptable(fmt.Sprintf("Content-Type header [%s] is not supported", headers[0])), nil
}

// notAcceptable is one of the errors that OpenSearch sends as text alone.
func notAcceptable(reason string) answer {
	return answer{http.StatusNotAcceptable, map[string]any{"error": reason, "status": http.StatusNotAcceptable}}
}

func badMediaType(reason string) *Error {
	return &Error{
		Type: "content_type_header_exception", Status: http.StatusBadRequest,
		Reason: "java.lang.IllegalArgumentException: " + reason,
		Cause:  &Error{Type: "illegal_argument_exception", Reason: reason},
	}
}
