package iam_test

import (
	"net/http/httptest"
	"testing"
)

// FuzzAuthenticate: no header or query crashes or hangs the verifier, and
// nothing passes that was not signed.
func FuzzAuthenticate(f *testing.F) {
	signed := call{}.sign(f)
	presigned := call{service: "sts", method: "GET", url: "http://h/?Action=GetCallerIdentity"}.presign(f)
	unsigned := call{service: "s3", method: "GET", url: "http://h/b/k"}.presign(f)
	f.Add(signed.Header.Get("Authorization"), "20260504T030201Z", "", "", "")
	f.Add("", "", presigned.URL.RawQuery, "", "")
	f.Add("", "", unsigned.URL.RawQuery, "", "UNSIGNED-PAYLOAD") // another method than the one signed
	f.Add("AWS4-HMAC-SHA256 Credential=test/20260504/us-east-1/sts/aws4_request, SignedHeaders=;host;, Signature=0", "20260504T030201Z", "Action=%zz&a;b&+", "token", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
	f.Add("AWS4-HMAC-SHA256 =,Credential=////,SignedHeaders,Signature", "Mon, 04 May 2026 03:02:01 GMT", "X-Amz-Algorithm", "", "0")
	s, _ := newService(f)
	f.Fuzz(func(t *testing.T, authorization, date, query, token, hash string) {
		r := httptest.NewRequest("POST", "http://h/", nil)
		r.URL.RawQuery = query
		for k, v := range map[string]string{"Authorization": authorization, "X-Amz-Date": date, "X-Amz-Security-Token": token, "X-Amz-Content-Sha256": hash} {
			if v != "" {
				r.Header.Set(k, v)
			}
		}
		// The body was never signed, so no signature in the corpus, whole or mutated, fits.
		if who, err := s.Authenticate(r, []byte("not what was signed")); err == nil {
			t.Fatalf("%q %q passed as %+v", authorization, query, who)
		} else if code, status := code(err); status < 400 {
			t.Fatalf("%q is no wire error: %v", code, err)
		}
	})
}
