package iam

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type assumeRoleInput struct {
	RoleARN           string             `json:"RoleArn"`
	RoleSessionName   string             `json:"RoleSessionName"`
	DurationSeconds   *int32             `json:"DurationSeconds"`
	ExternalID        string             `json:"ExternalId"`
	Policy            string             `json:"Policy"`
	PolicyARNs        []policyDescriptor `json:"PolicyArns"`
	Tags              []tag              `json:"Tags"`
	TransitiveTagKeys []string           `json:"TransitiveTagKeys"`
	SerialNumber      string             `json:"SerialNumber"`
	TokenCode         string             `json:"TokenCode"`
	SourceIdentity    string             `json:"SourceIdentity"`
	ProvidedContexts  []providedContext  `json:"ProvidedContexts"`
	TokenSize         string             `json:"MinimumSessionTokenSize"`
}

type providedContext struct {
	ProviderARN      string `json:"ProviderArn"`
	ContextAssertion string `json:"ContextAssertion"`
}

type policyDescriptor struct {
	ARN string `json:"arn"`
}

type tag struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}

type assumeRoleOutput struct {
	Credentials     Credentials     `json:"Credentials"`
	AssumedRoleUser assumedRoleUser `json:"AssumedRoleUser"`
}

type assumedRoleUser struct {
	AssumedRoleID string `json:"AssumedRoleId"`
	ARN           string `json:"Arn"`
}

var roleARNPattern = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[!-~]+$`)

var externalIDPattern = regexp.MustCompile(`^[\w+=,.@:/-]*$`)

// Validate checks AWS's constraints; the bound a role sets is checked later.
func (in *assumeRoleInput) Validate() error {
	var c checks
	switch {
	case in.RoleARN == "":
		c.Null("roleArn")
	case len(in.RoleARN) > 2048 || !roleARNPattern.MatchString(in.RoleARN):
		return validationError("%s is invalid", clip(in.RoleARN))
	}
	c.required("roleSessionName", in.RoleSessionName, 64)
	if len(in.RoleSessionName) == 1 {
		c.Add("roleSessionName", in.RoleSessionName, "Member must have length greater than or equal to 2")
	}
	switch id := in.ExternalID; {
	case id == "":
	case len(id) < 2:
		c.Add("externalId", id, "Member must have length greater than or equal to 2")
	case len(id) > 1224:
		c.Add("externalId", clip(id), lengthAtMost(1224))
	case !externalIDPattern.MatchString(id):
		c.Add("externalId", clip(id), `Member must satisfy regular expression pattern: [\w+=,.@:\/-]*`)
	}
	if d := in.DurationSeconds; d != nil && *d < 900 {
		c.Add("durationSeconds", *d, "Member must have value greater than or equal to 900")
	} else if d != nil && *d > 43200 {
		c.Add("durationSeconds", *d, "Member must have value less than or equal to 43200")
	}
	return c.err()
}

// unsupported names the first given parameter that would change what the
// session may do, and that this cloud does not have.
func (in *assumeRoleInput) unsupported() error {
	for _, gap := range []struct {
		given bool
		name  string
	}{
		{in.Policy != "" || len(in.PolicyARNs) > 0, "session policies (Policy, PolicyArns)"},
		{len(in.Tags) > 0 || len(in.TransitiveTagKeys) > 0, "session tags (Tags, TransitiveTagKeys)"},
		{in.SerialNumber != "" || in.TokenCode != "", "multi-factor authentication (SerialNumber, TokenCode)"},
		{in.SourceIdentity != "", "source identities (SourceIdentity)"},
		{len(in.ProvidedContexts) > 0, "provided contexts (ProvidedContexts)"},
		{in.TokenSize != "", "session tokens of a chosen size (MinimumSessionTokenSize)"},
	} {
		if gap.given {
			return wire.NotImplemented(gap.name)
		}
	}
	return nil
}

// assumeRole hands out a role's temporary credentials to callers its trust
// policy admits. It decides by itself, not through Access, because a trust
// policy that names the caller stands in for the caller's own. The root may
// assume roles whose trust policy admits the account, unlike on AWS.
func (s *Service) assumeRole() wire.Operation {
	return wire.Op("AssumeRole", nil,
		func(_ context.Context, call *wire.Call, in *assumeRoleInput) (*assumeRoleOutput, error) {
			if err := in.unsupported(); err != nil {
				return nil, err
			}
			s.mu.RLock()
			defer s.mu.RUnlock()
			r := s.roleByARN(in.RoleARN)
			if r == nil || !s.mayAssume(call, in, r) {
				return nil, &wire.Error{
					Code: "AccessDenied",
					Message: "User: " + call.Principal.ARN + " is not authorized to perform: sts:AssumeRole on resource: " +
						in.RoleARN,
					Status: http.StatusForbidden,
				}
			}
			lasts, err := sessionLength(call.Principal, r, in.DurationSeconds)
			if err != nil {
				return nil, err
			}
			credentials, v := s.newSession(r, in.RoleSessionName, lasts)
			return &assumeRoleOutput{credentials, assumedRoleUser{v.userID, v.arn}}, nil
		})
}

// mayAssume needs the trust policy's word, and the caller's own policies' too
// unless the trust policy names the caller. A deny on either side wins.
func (s *Service) mayAssume(call *wire.Call, in *assumeRoleInput, r *role) bool {
	p := call.Principal
	f := &facts{service: s, principal: &p, principalARN: p.ARN, call: call, assume: in}
	id, _, _ := strings.Cut(p.UserID, ":")
	holder := s.identities[id]
	if holder != nil {
		f.principalARN = holder.arn
	}
	trusted, named := r.trustDecision(p, "sts:AssumeRole", f)
	if trusted != allow {
		return false
	}
	if p.Root {
		return true
	}
	own := implicitDeny
	if holder != nil {
		own = holder.evaluate(newRequest("sts:AssumeRole", r.arn, f))
	}
	return own == allow || own == implicitDeny && named
}

// sessionLength is at most the role's maximum, and an hour where a role
// assumes a role.
func sessionLength(p wire.Principal, r *role, seconds *int32) (time.Duration, error) {
	const chained = time.Hour
	lasts := min(time.Hour, r.maxSessionDuration)
	if seconds != nil {
		lasts = time.Duration(*seconds) * time.Second
	}
	if lasts > r.maxSessionDuration {
		return 0, validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	if strings.HasPrefix(p.ARN, "arn:aws:sts:") && lasts > chained {
		return 0, validationError("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return lasts, nil
}
