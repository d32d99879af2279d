package schemaregistry

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestBodiesOfOtherTypesAreRefused(t *testing.T) {
	t.Parallel()
	_, url, _ := run(t, Config{})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	const refused = `{"error_code":415,"message":"HTTP 415 Unsupported Media Type"}`
	for _, test := range []struct{ method, path, body, media, want string }{
		{"POST", "/subjects/a/versions", `{"schema":"\"string\""}`, "text/plain", refused},
		{"POST", "/subjects/a/versions", `{"schema":"\"string\""}`, "application/x-www-form-urlencoded", refused},
		{"POST", "/subjects/a/versions", `{"schema":"\"string\""}`, "json", refused},
		{"PUT", "/config", `{"compatibility":"FULL"}`, "text/plain; charset=utf-8", refused},
		{"GET", "/subjects", "", "", `[]`},
		{"GET", "/config", "", "text/plain", `{"compatibilityLevel":"BACKWARD"}`},
		{"POST", "/nothing", `{}`, "text/plain", `{"error_code":404,"message":"HTTP 404 Not Found"}`},
		{"POST", "/subjects/a/versions", `{"schema":"\"string\""}`, "", `{"id":1}`},
		{"POST", "/subjects/a/versions", `{"schema":"\"string\""}`, "application/json; charset=utf-8", `{"id":1}`},
		{"POST", "/subjects/a/versions", `{"schema":"\"string\""}`, "Application/JSON", `{"id":1}`},
		{"POST", "/subjects/a/versions", `{"schema":"\"string\""}`, "application/octet-stream", `{"id":1}`},
		{"POST", "/subjects/a/versions", `{"schema":"\"string\""}`, "application/vnd.schemaregistry+json", `{"id":1}`},
		{"POST", "/subjects/a/versions", `{"schema":"\"string\""}`, "application/vnd.schemaregistry.v1+json", `{"id":1}`},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, url+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		if test.media != "" {
			r.Header.Set("Content-Type", test.media)
		}
		got, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(got.Body)
		got.Body.Close()
		if err != nil || strings.TrimSpace(string(body)) != test.want || (got.StatusCode == http.StatusUnsupportedMediaType) != (test.want == refused) {
			t.Errorf("%s %s as %q: %d %s, %v", test.method, test.path, test.media, got.StatusCode, body, err)
		}
	}
}
