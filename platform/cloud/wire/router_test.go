package wire

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"testing"
)

func nothing(context.Context, *Call, *struct{}) (any, error) { return nil, nil }

func TestRESTRouting(t *testing.T) {
	t.Parallel()
	op := func(name, method, path string) Operation { return Op(name, nil, nothing).At(method, path) }
	s := Service{SigningName: "lambda", Protocol: Protocol{Kind: REST}, Operations: []Operation{
		op("GetFunction", "GET", "/2015-03-31/functions/{FunctionName}"),
		op("ListFunctions", "GET", "/2015-03-31/functions/"),
		op("Special", "GET", "/2015-03-31/functions/special"),
		op("Invoke", "POST", "/2015-03-31/functions/{FunctionName}/invocations"),
		op("ListTags", "GET", "/2017-03-31/tags/{Resource}"),
	}}
	router, err := NewRouter([]Service{s})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		method, url, want string
		vars              map[string]string
	}{
		{"GET", "/2015-03-31/functions/f", "GetFunction", map[string]string{"FunctionName": "f"}},
		{"GET", "/2015-03-31/functions/f/", "GetFunction", map[string]string{"FunctionName": "f"}},
		{"GET", "/2015-03-31/functions", "ListFunctions", nil},
		{"GET", "/2015-03-31/functions/", "ListFunctions", nil},
		{"GET", "/2015-03-31/functions/special", "Special", nil},
		{"POST", "/2015-03-31/functions/f/invocations?Qualifier=1", "Invoke", map[string]string{"FunctionName": "f"}},
		{"POST", "/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f/invocations", "Invoke", map[string]string{"FunctionName": "arn:aws:lambda:us-east-1:1:function:f"}},
		{"POST", "/2015-03-31/functions/arn%3Aaws%3Alambda%2Ff/invocations", "Invoke", map[string]string{"FunctionName": "arn:aws:lambda/f"}},
		{"DELETE", "/2015-03-31/functions/f", "", nil},
		{"GET", "/", "", nil},
		{"GET", "//", "", nil},
	} {
		req, err := http.NewRequest(tc.method, "http://h"+tc.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		route, err := router.Find(router.Service("lambda", req.Header), &Call{HTTP: req})
		if tc.want == "" {
			if e, ok := err.(*Error); !ok || e.Code != "UnknownOperationException" || e.HTTPStatus() != 404 || !strings.Contains(e.Message, tc.method+` "/`) {
				t.Errorf("%s %s: got %v", tc.method, tc.url, err)
			}
			continue
		}
		if err != nil || route.Operation.Name != tc.want || !maps.Equal(route.Vars, tc.vars) {
			t.Errorf("%s %s: got %+v %v, %v", tc.method, tc.url, route.Operation, route.Vars, err)
		}
	}
}

func TestJSONCallsThatNameNoOperation(t *testing.T) {
	t.Parallel()
	s := Service{SigningName: "a", Protocol: Protocol{TargetPrefix: "A_1", JSONVersion: "1.1"}, Operations: []Operation{Op("X", nil, nothing)}}
	router, err := NewRouter([]Service{s})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		method, contentType, target string
		code                        string
		status                      int
		message                     string
	}{
		{"POST", "application/x-amz-json-1.1", "A_1.X", "", 0, ""},
		{"POST", "application/x-amz-json-1.0; charset=utf-8", "A_1.X", "", 0, ""},
		{"POST", "Application/JSON", "A_1.X", "", 0, ""},
		{"POST", "application/x-amz-json-1.1", "A_1.Y", "UnknownOperationException", 400, `"A_1.Y" of a`},
		{"POST", "application/x-amz-json-1.1", "B_1.X", "UnknownOperationException", 400, `"B_1.X" of a`},
		{"POST", "application/x-amz-json-1.1", "", "UnknownOperationException", 400, ""},
		{"GET", "application/x-amz-json-1.1", "A_1.X", "AccessDeniedException", 403, "Unable to determine"},
		{"POST", "application/cbor", "A_1.X", "UnknownOperationException", 404, "content type"},
		{"POST", "application/x-www-form-urlencoded", "A_1.X", "UnknownOperationException", 404, "send application/x-amz-json-1.1"},
		{"POST", "", "A_1.X", "UnknownOperationException", 404, "content type"},
	} {
		req, err := http.NewRequest(tc.method, "http://h/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", tc.contentType)
		req.Header.Set("X-Amz-Target", tc.target)
		_, err = router.Find(router.Service("a", req.Header), &Call{HTTP: req})
		if tc.code == "" && err == nil {
			continue
		}
		if e, ok := err.(*Error); !ok || e.Code != tc.code || e.HTTPStatus() != tc.status || !strings.Contains(e.Message, tc.message) {
			t.Errorf("%s %q %q: got %v", tc.method, tc.contentType, tc.target, err)
		}
	}
}

func TestRouterRefusesDoubles(t *testing.T) {
	t.Parallel()
	s := Service{SigningName: "a", Protocol: Protocol{TargetPrefix: "A"}, Operations: []Operation{Op("X", nil, nothing), Op("X", nil, nothing)}}
	if _, err := NewRouter([]Service{s}); err == nil {
		t.Error("one operation twice was accepted")
	}
	s.Operations = s.Operations[:1]
	if _, err := NewRouter([]Service{s, s}); err == nil {
		t.Error("one service twice was accepted")
	}
}
