// Package sdkhttp keeps the AWS SDK's HTTP clients from tripping over servers
// that are as near as an embedded cloud.
package sdkhttp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Doer is the SDK's aws.HTTPClient.
type Doer interface {
	Do(r *http.Request) (*http.Response, error)
}

// Bodies sends a copy of each request's body through Next. smithy-go 1.28.8
// closes a request's body as soon as the reply has begun; if net/http is then
// still at it, it breaks the connection. So a near server seems to hang up in
// the midst of a reply, about once in some thousands of calls: a put is made
// twice, and a subscription ends and cannot be renewed for five seconds.
type Bodies struct{ Next Doer }

// Do implements aws.HTTPClient.
func (b Bodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return b.Next.Do(r)
	}
	body, err := readBody(r)
	if err = errors.Join(err, r.Body.Close()); err != nil {
		return nil, fmt.Errorf("copy the request's body: %w", err)
	}
	sent := r.WithContext(r.Context())
	sent.Body = io.NopCloser(bytes.NewReader(body))
	return b.Next.Do(sent)
}

// readBody reads the whole body, at its announced length if it has one.
func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength <= 0 {
		return io.ReadAll(r.Body)
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}
