package iam

import (
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// facts are what conditions and policy variables may ask about a request: who
// calls, from where, when. Values are worked out only when a policy asks. A nil
// *facts knows nothing.
type facts struct {
	service      *Service
	principal    *wire.Principal
	principalARN string     // a session's role; otherwise principal.ARN
	call         *wire.Call // nil where a service acts by itself
	own          wire.Fact  // the key that the action has besides the global ones
	assume       *assumeRoleInput
}

// lookup finds the value of a condition key in lower case. A key that does not
// exist, here or at all, is missing; AWS treats both alike. What calls have on
// AWS and not here (tags, organisations, VPCs, MFA) is missing too.
func (f *facts) lookup(key string) (value string, found bool) {
	if f == nil {
		return "", false
	}
	service, name, _ := strings.Cut(key, ":")
	switch service {
	case "aws":
		value = f.global(name)
	case "sts":
		value = f.session(name)
	}
	if value == "" && f.own.Key != "" && strings.EqualFold(key, f.own.Key) {
		value = f.own.Value
	}
	return value, value != ""
}

func (f *facts) global(name string) string {
	switch name {
	case "principalarn":
		return f.principalARN
	case "principalaccount":
		return f.principal.AccountID
	case "principaltype":
		return f.principalType()
	case "userid":
		return f.principal.UserID
	case "username":
		if f.principalType() == "User" {
			return lastSegment(f.principal.ARN)
		}
	case "requestedregion":
		return f.service.region
	case "currenttime":
		return f.service.now().Format(time.RFC3339)
	case "epochtime":
		return strconv.FormatInt(f.service.now().Unix(), 10)
	case "securetransport":
		return strconv.FormatBool(f.call == nil || f.call.HTTP != nil && f.call.HTTP.TLS != nil)
	case "sourceip":
		return f.sourceIP()
	case "useragent":
		if f.call != nil && f.call.HTTP != nil {
			return f.call.HTTP.UserAgent()
		}
	case "principalisawsservice", "viaawsservice":
		return "false"
	}
	return ""
}

// sourceIP is the connection's other end. A service's own calls have none.
func (f *facts) sourceIP() string {
	if f.call == nil || f.call.HTTP == nil {
		return ""
	}
	host, _, err := net.SplitHostPort(f.call.HTTP.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

func (f *facts) principalType() string {
	switch {
	case f.principal.Root:
		return "Account"
	case strings.Contains(f.principal.ARN, ":user/"):
		return "User"
	case f.principal.ARN != "":
		return "AssumedRole"
	}
	return ""
}

// session are the keys of AssumeRole.
func (f *facts) session(name string) string {
	if f.assume == nil {
		return ""
	}
	switch name {
	case "externalid":
		return f.assume.ExternalID
	case "rolesessionname":
		return f.assume.RoleSessionName
	}
	return ""
}
