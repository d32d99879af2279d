package cloud

import (
	"net/http"
	"strings"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// authority decides who calls and what they may do.
type authority interface {
	authenticate(r *http.Request, body []byte) (wire.Principal, error)
	authorize(p wire.Principal, a wire.Access) error
}

// openAuthority lets everybody in as root.
type openAuthority struct {
	account string
	wall    clock.Clock
}

func (o openAuthority) authenticate(*http.Request, []byte) (wire.Principal, error) {
	return wire.Principal{AccountID: o.account, ARN: "arn:aws:iam::" + o.account + ":root", UserID: o.account, Root: true}, nil
}

func (openAuthority) authorize(wire.Principal, wire.Access) error { return nil }

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
