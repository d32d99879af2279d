package scenario

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/weirstream/weir/platform/clock"
)

// The components every scenario has besides its own.
const (
	Deployer = "deployer" // provisions
	Auditor  = "audit"    // reads every durable hop
	// Chaos disturbs; only scenarios that declare targets need it.
	Chaos = "chaos"
)

const policyName = "weir"

// roles hands out one assumed-role configuration per component of a scenario.
type roles struct {
	base     aws.Config
	scenario string
	account  string
	known    []string

	mu      sync.Mutex
	configs map[string]aws.Config
}

// newRoles asks who base is and lists the components of the scenario.
func newRoles(ctx context.Context, base aws.Config, s Scenario) (*roles, error) {
	who, err := sts.NewFromConfig(base).GetCallerIdentity(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("ask the endpoint who we are (are the credentials and the endpoint right?): %w", err)
	}
	known, err := components(s.Roles())
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", s.Name(), err)
	}
	return &roles{
		base: base, scenario: s.Name(), account: aws.ToString(who.Account), known: known,
		configs: map[string]aws.Config{},
	}, nil
}

// components are the policy files' names without their ending.
func components(policies fs.FS) ([]string, error) {
	files, err := fs.Glob(policies, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list policies: %w", err)
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(path.Base(file), ".json")
	}
	for _, required := range []string{Deployer, Auditor} {
		if !slices.Contains(names, required) {
			return nil, fmt.Errorf("policy %s.json is missing", required)
		}
	}
	return names, nil
}

func (r *roles) name(component string) string { return "weir-" + r.scenario + "-" + component }

// arn is the role of a component.
func (r *roles) arn(component string) string {
	return "arn:aws:iam::" + r.account + ":role/" + r.name(component)
}

// config is base under the component's role. It panics for a component
// without a policy file: that is a mistake in the scenario's code.
func (r *roles) config(component string) aws.Config {
	if !slices.Contains(r.known, component) {
		panic(fmt.Sprintf("scenario %s has no policy %s.json", r.scenario, component))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if cfg, ok := r.configs[component]; ok {
		return cfg
	}
	cfg := r.base.Copy()
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(r.base), r.arn(component),
		func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "weir-" + component })
	cfg.Credentials = aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) {
		o.ExpiryWindow = time.Minute
	})
	r.configs[component] = cfg
	return cfg
}

// provision creates or updates the roles: the deployer's by the identity the
// process was started with, the others by the deployer.
func (r *roles) provision(ctx context.Context, policies fs.FS, wall clock.Clock) error {
	if err := r.put(ctx, r.base, policies, Deployer); err != nil {
		return err
	}
	if err := r.settle(ctx, wall); err != nil {
		return err
	}
	for _, component := range r.known {
		if component == Deployer {
			continue
		}
		if err := r.put(ctx, r.config(Deployer), policies, component); err != nil {
			return err
		}
	}
	return nil
}

func (r *roles) put(ctx context.Context, as aws.Config, policies fs.FS, component string) error {
	policy, err := fs.ReadFile(policies, component+".json")
	if err != nil {
		return fmt.Errorf("read policy of %s: %w", component, err)
	}
	client := iam.NewFromConfig(as)
	_, err = client.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName:                 aws.String(r.name(component)),
		AssumeRolePolicyDocument: aws.String(r.trust()),
		Description:              aws.String("weir scenario " + r.scenario + ", component " + component),
	})
	var exists *types.EntityAlreadyExistsException
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create role %s: %w", r.name(component), err)
	}
	_, err = client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName:       aws.String(r.name(component)),
		PolicyName:     aws.String(policyName),
		PolicyDocument: aws.String(string(policy)),
	})
	if err != nil {
		return fmt.Errorf("put policy of role %s: %w", r.name(component), err)
	}
	return nil
}

// trust lets the account's own identities and Lambda assume a role.
func (r *roles) trust() string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{` +
		`"AWS":"arn:aws:iam::` + r.account + `:root","Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
}

// settle waits until the new deployer role can be assumed: IAM is eventually
// consistent, and a fresh role may take some seconds to be known everywhere.
func (r *roles) settle(ctx context.Context, wall clock.Clock) error {
	const attempts = 20
	for attempt := 1; ; attempt++ {
		_, err := r.config(Deployer).Credentials.Retrieve(ctx)
		if err == nil {
			return nil
		}
		if attempt == attempts || ctx.Err() != nil {
			return fmt.Errorf("assume role %s: %w", r.name(Deployer), err)
		}
		if err := wall.Sleep(ctx, time.Duration(attempt)*100*time.Millisecond); err != nil {
			return fmt.Errorf("assume role %s: %w", r.name(Deployer), err)
		}
	}
}
