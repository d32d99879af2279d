package iam_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/weirstream/weir/platform/cloud/wire"
)

func TestUsersAndRolesLookLikeAWS(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	u := a.mustDo(a.root(), "iam.CreateUser", `{"UserName":"Ann","Path":"/team/a/"}`)
	if got := at(u, "User.Arn"); got != "arn:aws:iam::123456789012:user/team/a/Ann" {
		t.Errorf("ARN %q", got)
	}
	if id := at(u, "User.UserId"); !strings.HasPrefix(id, "AIDA") || len(id) != 21 {
		t.Errorf("id %q", id)
	}
	if got := a.mustDo(a.root(), "iam.GetUser", `{"UserName":"ann"}`); at(got, "User.UserName") != "Ann" {
		t.Errorf("names are unique regardless of case: %v", got)
	}
	if got := a.mustDo(a.root(), "iam.GetUser", `{}`); at(got, "User.Arn") != accountRoot {
		t.Errorf("the caller by default: %v", got)
	}
	key := a.mustDo(a.root(), "iam.CreateAccessKey", `{"UserName":"Ann"}`)
	if id := at(key, "AccessKey.AccessKeyId"); !strings.HasPrefix(id, "AKIA") || len(id) != 20 {
		t.Errorf("key id %q", id)
	}

	a.newRole("r", trustLambda, allowPolicy("sqs:*", "*"))
	r := a.mustDo(a.root(), "iam.GetRole", `{"RoleName":"r"}`)
	trust, err := url.PathUnescape(at(r, "Role.AssumeRolePolicyDocument"))
	if err != nil || trust != trustLambda {
		t.Errorf("trust %q (%v)", trust, err)
	}
	p := a.mustDo(a.root(), "iam.GetRolePolicy", `{"RoleName":"r","PolicyName":"p"}`)
	encoded := at(p, "PolicyDocument")
	if text, err := url.PathUnescape(encoded); err != nil || text != allowPolicy("sqs:*", "*") || strings.ContainsAny(encoded, `{" +`) {
		t.Errorf("policy %q (%v)", encoded, err)
	}
}

func TestIAMErrors(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.newUser("ann", allowPolicy("sqs:*", "*"))
	a.newRole("r", trustLambda, allowPolicy("sqs:*", "*"))
	rootKeyID := rootKey.AccessKeyID
	big := quote(`{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":["` + strings.TrimSuffix(strings.Repeat(`arn:aws:sqs:us-east-1:123456789012:queue","`, 60), `,"`) + `]}}`)
	for _, test := range []struct {
		name, input, code string
		status            int
	}{
		{"CreateUser", `{"UserName":"ANN"}`, "EntityAlreadyExists", 409},
		{"CreateUser", `{}`, "ValidationError", 400},
		{"CreateUser", `{"UserName":"a b"}`, "ValidationError", 400},
		{"CreateUser", `{"UserName":"` + strings.Repeat("a", 65) + `"}`, "ValidationError", 400},
		{"CreateUser", `{"UserName":"x","Path":"team"}`, "ValidationError", 400},
		{"CreateUser", `{"UserName":"x","PermissionsBoundary":"arn:aws:iam::aws:policy/X"}`, "NotImplementedException", 501},
		{"CreateUser", `{"UserName":"x","Tags":[{"Key":"a","Value":"b"}]}`, "NotImplementedException", 501},
		{"GetUser", `{"UserName":"bob"}`, "NoSuchEntity", 404},
		{"DeleteUser", `{"UserName":"bob"}`, "NoSuchEntity", 404},
		{"DeleteUser", `{"UserName":"ann"}`, "DeleteConflict", 409},
		{"ListUsers", `{"MaxItems":0}`, "ValidationError", 400},
		{"ListUsers", `{"Marker":"?"}`, "ValidationError", 400},
		{"CreateAccessKey", `{}`, "NotImplementedException", 501},
		{"DeleteAccessKey", `{"AccessKeyId":"` + rootKeyID + `"}`, "ValidationError", 400},
		{"DeleteAccessKey", `{"UserName":"ann","AccessKeyId":"AKIAAAAAAAAAAAAAAAAA"}`, "NoSuchEntity", 404},
		{"UpdateAccessKey", `{"UserName":"ann","AccessKeyId":"AKIAAAAAAAAAAAAAAAAA","Status":"Off"}`, "ValidationError", 400},
		{"PutUserPolicy", `{"UserName":"ann","PolicyName":"p","PolicyDocument":"{"}`, "MalformedPolicyDocument", 400},
		{"PutUserPolicy", `{"UserName":"ann","PolicyName":"p","PolicyDocument":""}`, "ValidationError", 400},
		{"PutUserPolicy", `{"UserName":"bob","PolicyName":"p","PolicyDocument":` + quote(allowPolicy("a:b", "*")) + `}`, "NoSuchEntity", 404},
		{"PutUserPolicy", `{"UserName":"ann","PolicyName":"q","PolicyDocument":` + big + `}`, "LimitExceeded", 409},
		{"PutRolePolicy", `{"RoleName":"r","PolicyName":"q","PolicyDocument":` + big + `}`, "", 0},
		{"GetUserPolicy", `{"UserName":"ann","PolicyName":"q"}`, "NoSuchEntity", 404},
		{"DeleteUserPolicy", `{"UserName":"ann","PolicyName":"q"}`, "NoSuchEntity", 404},
		{"CreateRole", `{"RoleName":"R","AssumeRolePolicyDocument":` + quote(trustLambda) + `}`, "EntityAlreadyExists", 409},
		{"CreateRole", `{"RoleName":"x"}`, "ValidationError", 400},
		{"CreateRole", `{"RoleName":"x","MaxSessionDuration":3599,"AssumeRolePolicyDocument":` + quote(trustLambda) + `}`, "ValidationError", 400},
		{"CreateRole", `{"RoleName":"x","AssumeRolePolicyDocument":` + quote(trustAWS("arn:aws:iam::123456789012:user/bob")) + `}`, "MalformedPolicyDocument", 400},
		{"CreateRole", `{"RoleName":"x","AssumeRolePolicyDocument":` + quote(trustAWS("arn:aws:iam::999999999999:root")) + `}`, "MalformedPolicyDocument", 400},
		{"CreateRole", `{"RoleName":"x","AssumeRolePolicyDocument":` + quote(allowPolicy("sts:AssumeRole", "*")) + `}`, "MalformedPolicyDocument", 400},
		{"GetRole", `{"RoleName":"x"}`, "NoSuchEntity", 404},
		{"DeleteRole", `{"RoleName":"r"}`, "DeleteConflict", 409},
		{"UpdateAssumeRolePolicy", `{"RoleName":"r","PolicyDocument":"[]"}`, "MalformedPolicyDocument", 400},
		{"UpdateAssumeRolePolicy", `{"RoleName":"r","PolicyDocument":` + quote(trustAWS("*")) + `}`, "", 0},
	} {
		_, err := a.do(a.root(), "iam."+test.name, test.input)
		if got, status := code(err); got != test.code || status != test.status {
			t.Errorf("%s %.100s: got %s %d (%v), want %s %d", test.name, test.input, got, status, err, test.code, test.status)
		}
	}
	if _, err := a.as(rootKey); err != nil {
		t.Errorf("the root's key is gone: %v", err)
	}
}

func TestTwoKeysAUser(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	first := a.newUser("ann", "")
	a.mustDo(a.root(), "iam.CreateAccessKey", `{"UserName":"ann"}`)
	if got, status := code(second(a.do(a.root(), "iam.CreateAccessKey", `{"UserName":"ann"}`))); got != "LimitExceeded" || status != 409 {
		t.Errorf("third key: got %s %d", got, status)
	}
	a.mustDo(a.root(), "iam.DeleteAccessKey", `{"UserName":"ann","AccessKeyId":"`+first.AccessKeyID+`"}`)
	keys := a.mustDo(a.root(), "iam.ListAccessKeys", `{"UserName":"ann"}`)["AccessKeyMetadata"].([]any)
	if len(keys) != 1 || strings.Contains(fmt.Sprint(keys), "Secret") {
		t.Errorf("keys left: %v", keys)
	}
	own := a.mustDo(a.root(), "iam.ListAccessKeys", `{}`)["AccessKeyMetadata"].([]any)
	if len(own) != 1 || own[0].(map[string]any)["AccessKeyId"] != "test" {
		t.Errorf("the root's keys: %v", own)
	}
}

func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	root := a.root()
	for i := range 7 {
		path := []string{"/even/", "/odd/"}[i%2]
		a.mustDo(root, "iam.CreateUser", fmt.Sprintf(`{"UserName":"u%d","Path":%q}`, i, path))
	}
	var names []string
	marker := ""
	for range 4 {
		page := a.mustDo(root, "iam.ListUsers", `{"MaxItems":3,"Marker":"`+marker+`"}`)
		for _, u := range page["Users"].([]any) {
			names = append(names, u.(map[string]any)["UserName"].(string))
		}
		if page["IsTruncated"] != true {
			break
		}
		marker = at(page, "Marker")
	}
	if got := strings.Join(names, " "); got != "u0 u1 u2 u3 u4 u5 u6" {
		t.Errorf("paged: %s", got)
	}
	if odd := a.mustDo(root, "iam.ListUsers", `{"PathPrefix":"/odd/"}`)["Users"].([]any); len(odd) != 3 {
		t.Errorf("under /odd/: %v", odd)
	}
}

func TestIAMIsSubjectToIAM(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	ann := a.mustAs(a.newUser("ann", allowPolicy("iam:Get*", "arn:aws:iam::123456789012:user/ann")))
	a.mustDo(ann, "iam.GetUser", `{}`)
	_, err := a.do(ann, "iam.CreateUser", `{"UserName":"bob"}`)
	const text = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: iam:CreateUser on resource: " +
		"arn:aws:iam::123456789012:user/bob because no identity-based policy allows the iam:CreateUser action"
	if got, status := code(err); got != "AccessDenied" || status != 403 || !strings.HasSuffix(err.Error(), text) {
		t.Errorf("got %v", err)
	}
	for action, want := range map[string]int{"lambda:Invoke": 403, "iam:PassRole": 403, "kinesis:PutRecord": 400} {
		if got, status := code(a.may(ann, wire.Access{Action: action, Resource: "*"})); got != "AccessDeniedException" || status != want {
			t.Errorf("%s: got %s %d", action, got, status)
		}
	}
}
