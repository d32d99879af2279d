package iam

import (
	"net/http"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// Credentials are what a client signs with.
type Credentials struct {
	AccessKeyID     string    `json:"AccessKeyId"`
	SecretAccessKey string    `json:"SecretAccessKey"`
	SessionToken    string    `json:"SessionToken"`
	Expiration      time.Time `json:"Expiration"`
}

// serviceSession is how long ServiceCredentials last.
const serviceSession = 12 * time.Hour

// ServiceCredentials are what a service hands to code that runs under a role,
// as Lambda does to its functions: a session of the role, if its trust policy
// names the service (lambda.amazonaws.com). They last twelve hours.
func (s *Service) ServiceCredentials(roleARN, servicePrincipal, session string) (Credentials, error) {
	var c checks
	c.required("roleSessionName", session, 64)
	if err := c.err(); err != nil {
		return Credentials{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.roleByARN(roleARN)
	f := &facts{service: s, principal: &wire.Principal{}, assume: &assumeRoleInput{RoleSessionName: session}}
	if r == nil || !r.trustsService(servicePrincipal, f) {
		return Credentials{}, &wire.Error{
			Code:    "AccessDenied",
			Message: "Service: " + servicePrincipal + " is not authorized to perform: sts:AssumeRole on resource: " + clip(roleARN),
			Status:  http.StatusForbidden,
		}
	}
	credentials, _ := s.newSession(r, session, serviceSession)
	return credentials, nil
}

// newSession makes temporary credentials of a role. Nothing of it is stored:
// the token carries it.
func (s *Service) newSession(r *role, name string, lasts time.Duration) (Credentials, session) {
	v := session{
		accessKeyID: uniqueID("ASIA", 20),
		secret:      newSecret(),
		arn:         "arn:aws:sts::" + s.account + ":assumed-role/" + r.name + "/" + name,
		userID:      r.id + ":" + name,
		expires:     s.now().Truncate(time.Second).Add(lasts),
	}
	return Credentials{v.accessKeyID, v.secret, s.tokens.seal(v), v.expires}, v
}
