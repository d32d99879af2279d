package scenario

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/weirstream/weir/platform/clock"
)

// signing signs each request as a component for a service of AWS. It is safe
// for concurrent use.
type signing struct {
	as      aws.Config
	service string
	wall    clock.Clock
	signer  *v4.Signer
}

func newSigning(as aws.Config, service string, wall clock.Clock) *signing {
	return &signing{as: as, service: service, wall: wall, signer: v4.NewSigner()}
}

// RoundTrip implements http.RoundTripper.
func (s *signing) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		if err = errors.Join(err, r.Body.Close()); err != nil {
			return nil, fmt.Errorf("read the request's body: %w", err)
		}
	}
	identity, err := s.as.Credentials.Retrieve(r.Context())
	if err != nil {
		return nil, fmt.Errorf("credentials to sign with: %w", err)
	}
	signed := r.Clone(r.Context())
	signed.Body, signed.ContentLength = http.NoBody, int64(len(body))
	if len(body) > 0 {
		signed.Body = io.NopCloser(bytes.NewReader(body))
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	signed.Header.Set("X-Amz-Content-Sha256", hash)
	if err := s.signer.SignHTTP(r.Context(), identity, signed, hash, s.service, s.as.Region, s.wall.Now()); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return s.as.HTTPClient.Do(signed)
}
