package iam

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// Identity is who signed a request, and what for.
type Identity struct {
	Principal wire.Principal
	Service   string // the scope's service: what the caller meant to call
	Region    string // the scope's region
}

const (
	emptyPayload    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	unsignedPayload = "UNSIGNED-PAYLOAD"
)

// Authenticate verifies the request's Signature Version 4, in its header or its
// query, and says whose it is. body is the whole payload, already read. Every
// refusal is a *wire.Error spelled as the service in the scope spells it.
func (s *Service) Authenticate(r *http.Request, body []byte) (Identity, error) {
	return s.AuthenticateAt(s.clock.Now(), r, body)
}

// AuthenticateAt is Authenticate for a caller that tells the time it judges by.
func (s *Service) AuthenticateAt(now time.Time, r *http.Request, body []byte) (Identity, error) {
	sig, err := parseSignature(r)
	if err != nil {
		return Identity{}, err
	}
	sp := spellingOf(r, sig.service)
	if err := s.checkScope(&sig, sp); err != nil {
		return Identity{}, err
	}
	now = now.UTC()
	if err := checkAge(&sig, now, sp); err != nil {
		return Identity{}, err
	}
	principal, secret, err := s.credential(&sig, now, sp)
	if err != nil {
		return Identity{}, err
	}
	payload, err := payloadHash(r, body, &sig)
	if err != nil {
		return Identity{}, err
	}
	key := s.derived.get(signingKeyID{secret, sig.date, sig.region, sig.service})
	sent := r.URL.EscapedPath()
	if verify(r, sent, &sig, payload, key[:]) {
		return Identity{principal, sig.service, sig.region}, nil
	}
	if normal, differs := normalizePath(sent); differs && sig.service != "s3" && verify(r, normal, &sig, payload, key[:]) {
		return Identity{principal, sig.service, sig.region}, nil
	}
	return Identity{}, sp.mismatch(string(appendCanonicalRequest(nil, r, sent, &sig, payload)))
}

func (sp spelling) mismatch(canonical string) *wire.Error {
	return sp.invalidSignature("The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n" +
		"The Canonical String for this request should have been\n'" + canonical + "'\n")
}

// checkScope refuses what AWS's regional endpoints refuse. IAM and STS are also
// reached at us-east-1, where their global endpoints are.
func (s *Service) checkScope(sig *signature, sp spelling) error {
	global := (sig.service == "iam" || sig.service == "sts") && sig.region == "us-east-1"
	if sig.region != s.region && !global {
		return sp.invalidSignature("Credential should be scoped to a valid region, not '" + clip(sig.region) + "'. ")
	}
	if !sig.signsHost() {
		return sp.invalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return nil
}

// checkAge refuses signatures made more than five minutes from now, and
// presigned ones past their lifetime.
func checkAge(sig *signature, now time.Time, sp spelling) error {
	if latest := now.Add(maxSkew); sig.signedAt.After(latest) {
		return sp.invalidSignature("Signature not yet current: " + sig.amzDate + " is still later than " +
			latest.Format(amzDateLayout) + " (" + now.Format(amzDateLayout) + " + 5 min.)")
	}
	span, spanText := maxSkew, "5 min."
	if sig.presigned {
		span, spanText = sig.lifetime, sig.lifetime.String() // U: AWS's wording for presigned URLs
	}
	if earliest := now.Add(-span); sig.signedAt.Before(earliest) {
		return sp.invalidSignature("Signature expired: " + sig.amzDate + " is now earlier than " +
			earliest.Format(amzDateLayout) + " (" + now.Format(amzDateLayout) + " - " + spanText + ")")
	}
	return nil
}

// credential finds the secret behind the access key id: a session's inside its
// token, a user's or the root's in the account.
func (s *Service) credential(sig *signature, now time.Time, sp spelling) (wire.Principal, string, error) {
	if sig.token != "" {
		v, err := s.tokens.open(sig.token)
		if err != nil || v.accessKeyID != sig.accessKeyID {
			return wire.Principal{}, "", sp.unknownKey()
		}
		if !now.Before(v.expires) {
			return wire.Principal{}, "", sp.expiredToken()
		}
		return wire.Principal{
			AccountID: s.account, ARN: v.arn, UserID: v.userID, AccessKeyID: v.accessKeyID,
		}, v.secret, nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	key := s.accessKeys[sig.accessKeyID]
	if key == nil || !key.active {
		return wire.Principal{}, "", sp.unknownKey()
	}
	if key.owner == nil {
		return wire.Principal{
			AccountID: s.account, ARN: s.rootARN(), UserID: s.account, AccessKeyID: key.id, Root: true,
		}, key.secret, nil
	}
	return wire.Principal{
		AccountID: s.account, ARN: key.owner.arn, UserID: key.owner.id, AccessKeyID: key.id,
	}, key.secret, nil
}

// payloadHash is the last line of the canonical request. The payload itself is
// hashed, whatever x-amz-content-sha256 claims, so a changed body never
// passes; only S3 may leave its payload unsigned.
func payloadHash(r *http.Request, body []byte, sig *signature) (string, error) {
	claimed := r.Header.Get("X-Amz-Content-Sha256")
	if sig.service == "s3" {
		switch {
		case claimed == unsignedPayload, claimed == "" && sig.presigned:
			return unsignedPayload, nil
		case strings.HasPrefix(claimed, "STREAMING-"):
			return "", wire.NotImplemented("chunked payload signing (" + clip(claimed) + ")")
		}
	}
	actual := emptyPayload
	if len(body) > 0 {
		sum := sha256.Sum256(body)
		actual = hex.EncodeToString(sum[:])
	}
	if sig.service == "s3" && claimed != "" && claimed != actual {
		return "", &wire.Error{
			Code:    "XAmzContentSHA256Mismatch",
			Message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
			Status:  http.StatusBadRequest,
		}
	}
	return actual, nil
}

// verify computes the signature and compares it in constant time.
func verify(r *http.Request, path string, sig *signature, payload string, key []byte) bool {
	canonical := appendCanonicalRequest(make([]byte, 0, 1024), r, path, sig, payload)
	sum := sha256.Sum256(canonical)
	toSign := make([]byte, 0, 256)
	toSign = append(toSign, algorithm+"\n"...)
	toSign = append(toSign, sig.amzDate...)
	toSign = append(toSign, '\n')
	for _, part := range [...]string{sig.date, sig.region, sig.service} {
		toSign = append(toSign, part...)
		toSign = append(toSign, '/')
	}
	toSign = append(toSign, "aws4_request\n"...)
	toSign = hex.AppendEncode(toSign, sum[:])
	want := mac(key, string(toSign))
	var wantHex [2 * sha256.Size]byte
	hex.Encode(wantHex[:], want[:])
	return subtle.ConstantTimeCompare(wantHex[:], []byte(sig.hex)) == 1
}
