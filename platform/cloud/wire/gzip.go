package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
)

// ErrBodyTooLarge is a body beyond its service's limit, or one that inflates
// beyond it.
var ErrBodyTooLarge = errors.New("request body is too large")

// Gzipped reports whether a request's body is compressed, as SDKs do from
// 10 KB on for operations that allow it.
func Gzipped(h http.Header) bool { return strings.EqualFold(h.Get("Content-Encoding"), "gzip") }

// Inflate unpacks a compressed body. One that is larger than limit costs no
// more than limit before it is refused.
func Inflate(body []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, serializationError("The body is not valid gzip")
	}
	// Growing from its packed size, a body that lies about its length gains nothing.
	out := bytes.NewBuffer(make([]byte, 0, len(body)))
	n, err := io.Copy(out, io.LimitReader(r, limit+1))
	if err != nil {
		return nil, serializationError("The body is not valid gzip")
	}
	if n > limit {
		return nil, ErrBodyTooLarge
	}
	return out.Bytes(), nil
}
