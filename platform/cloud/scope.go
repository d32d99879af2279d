package cloud

import (
	"net/http"
	"strings"
)

// scopeService is the service that a request's signature names, "" without
// one. It is a claim until the signature is verified.
func scopeService(r *http.Request) string {
	credential := ""
	if h := r.Header.Get("Authorization"); h != "" {
		_, rest, _ := strings.Cut(h, "Credential=")
		credential, _, _ = strings.Cut(rest, ",")
	} else if r.URL.RawQuery != "" {
		credential = r.URL.Query().Get("X-Amz-Credential")
	}
	// AKID/date/region/service/aws4_request
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if len(parts) != 5 {
		return ""
	}
	return parts[3]
}
