package iam_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/weirstream/weir/platform/cloud/iam"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// account drives a Service's operations as the root server does: validate,
// authorise, handle. Replies are compared as JSON.
type account struct {
	*iam.Service
	t   *testing.T
	clk *fixedClock
}

func newAccount(t *testing.T) *account {
	s, clk := newService(t)
	return &account{s, t, clk}
}

// as authenticates a signed GetCallerIdentity: who the key makes the caller.
func (a *account) as(key aws.Credentials) (wire.Principal, error) {
	c := call{service: "sts", body: "Action=GetCallerIdentity", key: key, at: a.clk.at}
	who, err := a.Authenticate(c.sign(a.t), []byte(c.body))
	return who.Principal, err
}

func (a *account) mustAs(key aws.Credentials) wire.Principal {
	a.t.Helper()
	p, err := a.as(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return p
}

func (a *account) root() wire.Principal { return a.mustAs(rootKey) }

// do performs "service.Operation" with the JSON input and decodes the output.
func (a *account) do(p wire.Principal, name, input string) (out map[string]any, err error) {
	a.t.Helper()
	service, operation, _ := strings.Cut(name, ".")
	for _, s := range a.Services() {
		for _, op := range s.Operations {
			if s.SigningName == service && op.Name == operation {
				return a.perform(p, op, input)
			}
		}
	}
	a.t.Fatalf("no operation %s", name)
	return nil, nil
}

func (a *account) perform(p wire.Principal, op wire.Operation, input string) (map[string]any, error) {
	a.t.Helper()
	in := op.NewInput()
	if err := json.Unmarshal([]byte(input), in); err != nil {
		a.t.Fatalf("%s: %v", input, err)
	}
	if v, ok := in.(wire.Validator); ok {
		if err := v.Validate(); err != nil {
			return nil, err
		}
	}
	c := &wire.Call{Operation: op.Name, Principal: p, Account: p.AccountID}
	if op.Access != nil {
		for _, access := range op.Access(c, in) {
			if err := a.Authorize(c, access); err != nil {
				return nil, err
			}
		}
	}
	result, err := op.Handle(context.Background(), c, in)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(result)
	if err != nil {
		a.t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		a.t.Fatal(err)
	}
	return out, nil
}

// may asks for one permission, of a call about which only its caller is known.
func (a *account) may(p wire.Principal, access wire.Access) error {
	return a.Authorize(&wire.Call{Principal: p}, access)
}

func (a *account) mustDo(p wire.Principal, name, input string) map[string]any {
	a.t.Helper()
	out, err := a.do(p, name, input)
	if err != nil {
		a.t.Fatalf("%s %s: %v", name, input, err)
	}
	return out
}

// at digs a path such as "Credentials.AccessKeyId" out of a reply.
func at(v map[string]any, path string) string {
	parts := strings.Split(path, ".")
	for _, part := range parts[:len(parts)-1] {
		v, _ = v[part].(map[string]any)
	}
	text, _ := v[parts[len(parts)-1]].(string)
	return text
}

func quote(text string) string {
	quoted, _ := json.Marshal(text) // a string always marshals
	return string(quoted)
}

// newUser makes a user with a key and, unless it is "", a policy.
func (a *account) newUser(name, policy string) aws.Credentials {
	a.t.Helper()
	a.mustDo(a.root(), "iam.CreateUser", `{"UserName":"`+name+`"}`)
	if policy != "" {
		a.putUserPolicy(name, policy)
	}
	out := a.mustDo(a.root(), "iam.CreateAccessKey", `{"UserName":"`+name+`"}`)
	return aws.Credentials{AccessKeyID: at(out, "AccessKey.AccessKeyId"), SecretAccessKey: at(out, "AccessKey.SecretAccessKey")}
}

func (a *account) putUserPolicy(name, policy string) {
	a.t.Helper()
	a.mustDo(a.root(), "iam.PutUserPolicy", `{"UserName":"`+name+`","PolicyName":"p","PolicyDocument":`+quote(policy)+`}`)
}

// newRole makes a role and returns its ARN.
func (a *account) newRole(name, trust, policy string) string {
	a.t.Helper()
	out := a.mustDo(a.root(), "iam.CreateRole", `{"RoleName":"`+name+`","AssumeRolePolicyDocument":`+quote(trust)+`}`)
	if policy != "" {
		a.mustDo(a.root(), "iam.PutRolePolicy", `{"RoleName":"`+name+`","PolicyName":"p","PolicyDocument":`+quote(policy)+`}`)
	}
	return at(out, "Role.Arn")
}

func (a *account) assume(p wire.Principal, roleARN, more string) (aws.Credentials, error) {
	a.t.Helper()
	out, err := a.do(p, "sts.AssumeRole", `{"RoleArn":"`+roleARN+`","RoleSessionName":"tests"`+more+`}`)
	return aws.Credentials{
		AccessKeyID:     at(out, "Credentials.AccessKeyId"),
		SecretAccessKey: at(out, "Credentials.SecretAccessKey"),
		SessionToken:    at(out, "Credentials.SessionToken"),
	}, err
}

func trustAWS(principal string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"sts:AssumeRole"}}`
}

func allowPolicy(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}}`
}

const trustLambda = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

const (
	accountRoot = "arn:aws:iam::123456789012:root"
	stream      = "arn:aws:kinesis:us-east-1:123456789012:stream/s"
)
