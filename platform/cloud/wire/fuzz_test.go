package wire

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The fuzz targets hold every decoder to one promise: a value or an *Error of
// status 4xx, and a reply that encodes again.

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"Name":"a","Count":1,"On":true,"Blob":"AA==","Stamp":1.5,"Names":["x"],"Map":{"a":1}}`,
		`{"Name":7}`, `{"Inner":{"Value":null},"List":[{"Key":"k"}]}`, `[`, `{"Stamp":1e999}`, strings.Repeat(`{"Inner":`, 50),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in everything
		if err := (jsonCodec{}).Decode(&Call{Body: body}, nil, &in); err != nil {
			refused(t, err)
			return
		}
		if _, err := (jsonCodec{}).Encode(nil, &in); err != nil {
			t.Fatalf("decoded from %q but does not encode: %v", body, err)
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"Action=X&Name=a", "Names.member.1=a&Names.2=b", "Map.entry.1.key=k&Map.entry.1.value=1",
		"Inner.Key=k&Pointer.Value=7", "A.B.C.D.E=1", "=&.=..&%zz", "At=2026-01-02T03:04:05Z&Stamp=1.5",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in everything
		if err := (queryCodec{}).Decode(&Call{Body: body}, nil, &in); err != nil {
			refused(t, err)
			return
		}
		reply, err := (queryCodec{}).Encode(&Call{Operation: "X"}, &in)
		if err != nil {
			t.Fatalf("decoded from %q but does not encode: %v", body, err)
		}
		wellFormed(t, reply.Body)
	})
}

func FuzzREST(f *testing.F) {
	f.Add("/2015-03-31/functions/f/invocations", "count=1", []byte(`{}`))
	f.Add("/2015-03-31/functions/arn%3Aaws", "Names=a&Names=b", []byte(``))
	f.Add("//%2F/..", "On=maybe", []byte(`{"Name":[]}`))
	op := Op("Invoke", nil, nothing).At("POST", "/2015-03-31/functions/{Name}/invocations")
	router, err := NewRouter([]Service{{SigningName: "l", Protocol: Protocol{Kind: REST}, Operations: []Operation{op}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, query string, body []byte) {
		u := &url.URL{RawPath: path, RawQuery: query}
		if unescaped, err := url.PathUnescape(path); err == nil {
			u.Path = unescaped
		}
		call := &Call{HTTP: &http.Request{Method: "POST", URL: u}, Body: body}
		route, err := router.Find(router.Service("l", nil), call)
		if err != nil {
			refused(t, err)
			return
		}
		var in everything
		if err := DecodeREST(call, route.Vars, &in); err != nil {
			refused(t, err)
		}
	})
}

func refused(t *testing.T, err error) {
	t.Helper()
	if e, ok := err.(*Error); !ok || e.HTTPStatus() >= 500 || e.Code == "" {
		t.Fatalf("got %v, want an *Error with a 4xx status", err)
	}
}
