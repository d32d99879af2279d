// Package iam is the embedded cloud's identity: it verifies Signature Version
// 4 on every call, decides what the caller may do, and serves the IAM and STS
// APIs. With Config.Data all of it survives the process, and so do the sessions
// that were handed out; without it, everything lives in memory. What AWS has
// and this has not is written in skipped.md.
package iam

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// Config describes the account. Zero fields take defaults.
type Config struct {
	Account             string      // twelve digits; "" means 123456789012
	Region              string      // the region calls must be signed for; "" means us-east-1
	RootAccessKeyID     string      // "" means test
	RootSecretAccessKey string      // "" means test
	Clock               clock.Clock // wall clock for skew and expiry; nil means clock.Wall
	Data                *store.Data // where identities are kept; nil keeps nothing
}

// Validate says every problem of a Config at once.
func (c Config) Validate() error {
	var problems []error
	if c.Account != "" && !accountPattern.MatchString(c.Account) {
		problems = append(problems, fmt.Errorf("account %q: want twelve digits", c.Account))
	}
	if strings.ContainsAny(c.Region, "/ ,") {
		problems = append(problems, fmt.Errorf("region %q: must not contain a slash, space or comma", c.Region))
	}
	if strings.ContainsAny(c.RootAccessKeyID, "/ ,") {
		problems = append(problems, errors.New("root access key id: must not contain a slash, space or comma"))
	}
	return errors.Join(problems...)
}

var accountPattern = regexp.MustCompile(`^\d{12}$`)

// Service holds the account's identities. It is safe for concurrent use, and
// every change of a user, role, key or policy holds for the next call.
type Service struct {
	account string
	region  string
	clock   clock.Clock
	data    *store.Data
	derived signingKeys
	tokens  *sealer

	mu         sync.RWMutex
	users      map[string]*user // by lower-cased name: IAM names are unique regardless of case
	roles      map[string]*role // by lower-cased name
	identities map[string]*identity
	accessKeys map[string]*accessKey
	managed    map[string]*managedPolicy // by ARN: the account's and AWS's
	policies   map[string]*managedPolicy // the account's, by lower-cased name
}

// New checks cfg and returns an account with what cfg.Data holds; without that
// its only identity is its root, whose key is always cfg's.
func New(cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("iam config: %w", err)
	}
	s := &Service{
		account:    cmp.Or(cfg.Account, "123456789012"),
		region:     cmp.Or(cfg.Region, "us-east-1"),
		clock:      cfg.Clock,
		data:       cfg.Data,
		users:      map[string]*user{},
		roles:      map[string]*role{},
		identities: map[string]*identity{},
		accessKeys: map[string]*accessKey{},
		policies:   map[string]*managedPolicy{},
	}
	if s.clock == nil {
		s.clock = clock.Wall{}
	}
	created, err := s.restoreRoot()
	if err != nil {
		return nil, fmt.Errorf("iam: %w", err)
	}
	if s.managed, err = awsManaged(); err != nil {
		return nil, err
	}
	if err := s.restore(); err != nil {
		return nil, fmt.Errorf("iam: %w", err)
	}
	rootKey := &accessKey{
		id:      cmp.Or(cfg.RootAccessKeyID, "test"),
		secret:  cmp.Or(cfg.RootSecretAccessKey, "test"),
		active:  true,
		created: created,
	}
	s.accessKeys[rootKey.id] = rootKey
	return s, nil
}

// Services are the two APIs that manage what this package enforces.
func (s *Service) Services() []wire.Service {
	return []wire.Service{
		{
			SigningName: "iam",
			Protocol: wire.Protocol{
				Kind:      wire.Query,
				Version:   "2010-05-08",
				Namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
			},
			Operations: s.iamOperations(),
		},
		{
			SigningName: "sts",
			Protocol: wire.Protocol{
				Kind:      wire.Query,
				Version:   "2011-06-15",
				Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
			},
			Operations: s.stsOperations(),
		},
	}
}

func (s *Service) now() time.Time { return s.clock.Now().UTC() }

func (s *Service) rootARN() string { return "arn:aws:iam::" + s.account + ":root" }
