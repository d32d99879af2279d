package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
)

func severalProtocols() Service {
	return Service{
		SigningName: "monitoring",
		Protocol:    Protocol{Kind: RPCv2CBOR, TargetPrefix: "Granite"},
		Also:        []Protocol{{Kind: JSON, TargetPrefix: "Granite", JSONVersion: "1.0"}, {Kind: Query, Version: "2010-08-01"}},
		Operations:  []Operation{Op("Put", nil, nothing)},
	}
}

func TestOneServiceInSeveralProtocols(t *testing.T) {
	t.Parallel()
	router, err := NewRouter([]Service{severalProtocols()})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, method, path, header, value, body string
		kind                                    ProtocolKind
		found                                   bool
	}{
		{"rpc", "POST", "/service/Granite/operation/Put", "Smithy-Protocol", "rpc-v2-cbor", "\xa0", RPCv2CBOR, true},
		{"rpc, unknown operation", "POST", "/service/Granite/operation/Pull", "Smithy-Protocol", "rpc-v2-cbor", "", RPCv2CBOR, false},
		{"rpc, another service", "POST", "/service/Basalt/operation/Put", "Smithy-Protocol", "rpc-v2-cbor", "", RPCv2CBOR, false},
		{"rpc by GET", "GET", "/service/Granite/operation/Put", "Smithy-Protocol", "rpc-v2-cbor", "", RPCv2CBOR, false},
		{"rpc without a path", "POST", "/", "Smithy-Protocol", "rpc-v2-cbor", "", RPCv2CBOR, false},
		{"json", "POST", "/", "X-Amz-Target", "Granite.Put", "{}", JSON, true},
		{"json, unknown operation", "POST", "/", "X-Amz-Target", "Granite.Pull", "{}", JSON, false},
		{"query", "POST", "/", "Content-Type", "application/x-www-form-urlencoded", "Action=Put&Version=2010-08-01", Query, true},
		{"query, another version", "POST", "/", "Content-Type", "application/x-www-form-urlencoded", "Action=Put&Version=2009-05-15", Query, false},
		{"query, no version", "POST", "/", "Content-Type", "application/x-www-form-urlencoded", "Action=Put", Query, false},
		{"query, unknown operation", "POST", "/", "Content-Type", "application/x-www-form-urlencoded", "Action=Pull", Query, false},
	} {
		r := httptest.NewRequest(tc.method, tc.path, nil)
		if tc.kind == JSON {
			r.Header.Set("Content-Type", "application/x-amz-json-1.0")
		}
		r.Header.Set(tc.header, tc.value)
		service := router.Service("monitoring", r.Header)
		if got := service.ProtocolOf(r).Kind; got != tc.kind {
			t.Errorf("%s: protocol %d, want %d", tc.name, got, tc.kind)
		}
		route, err := router.Find(service, &Call{HTTP: r, Body: []byte(tc.body)})
		if found := err == nil && route.Operation.Name == "Put"; found != tc.found {
			t.Errorf("%s: found %t, %v", tc.name, found, err)
		}
	}
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("X-Amz-Target", "Granite.Put")
	if router.Service("", r.Header) == nil {
		t.Error("a target of a further protocol names no service")
	}
}

func TestInflate(t *testing.T) {
	t.Parallel()
	pack := func(text string) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(text))
		_ = w.Close()
		return b.Bytes()
	}
	for name, tc := range map[string]struct {
		body []byte
		want error
	}{
		"fits exactly": {pack(strings.Repeat("x", 1000)), nil},
		"a bomb":       {pack(strings.Repeat("x", 1001)), ErrBodyTooLarge},
		"no gzip":      {[]byte("{}"), serializationError("")},
		"cut short":    {pack(strings.Repeat("xyz", 100))[:20], serializationError("")},
		"nothing":      {nil, serializationError("")},
	} {
		out, err := Inflate(tc.body, 1000)
		var refusal *Error
		switch {
		case tc.want == nil && (err != nil || len(out) != 1000):
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		case errors.Is(tc.want, ErrBodyTooLarge) && !errors.Is(err, ErrBodyTooLarge):
			t.Errorf("%s: %v", name, err)
		case errors.As(tc.want, &refusal) && (!errors.As(err, &refusal) || refusal.Code != codeSerialization):
			t.Errorf("%s: %v", name, err)
		}
	}
}
