package iam_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const ownPolicies = "arn:aws:iam::123456789012:policy/"

// refused does an operation as the root and compares what it fails with.
func (a *account) refused(name, input, wantCode, wantText string) {
	a.t.Helper()
	_, err := a.do(a.root(), name, input)
	if got, _ := code(err); got != wantCode || !strings.Contains(fmt.Sprint(err), wantText) {
		a.t.Errorf("%s %s: got %s (%v), want %s: %s", name, input, got, err, wantCode, wantText)
	}
}

// mayPut tells whether the user may put records.
func (a *account) mayPut(key aws.Credentials) bool {
	a.t.Helper()
	return a.may(a.mustAs(key), putRecords) == nil
}

func TestManagedPolicyLife(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	root, key := a.root(), a.newUser("ann", "")
	do := func(name, input string) map[string]any { return a.mustDo(root, "iam."+name, input) }
	const arn = `"PolicyArn":"` + ownPolicies + `team/writer"`

	out := do("CreatePolicy", `{"PolicyName":"writer","Path":"/team/","Description":"writes","PolicyDocument":`+quote(allowPolicy("kinesis:Put*", stream))+`}`)
	if at(out, "Policy.Arn") != ownPolicies+"team/writer" || at(out, "Policy.DefaultVersionId") != "v1" || !strings.HasPrefix(at(out, "Policy.PolicyId"), "ANPA") {
		t.Errorf("created %v", out)
	}
	if a.mayPut(key) {
		t.Error("an unattached policy allows")
	}
	do("AttachUserPolicy", `{"UserName":"ann",`+arn+`}`)
	do("AttachUserPolicy", `{"UserName":"ann",`+arn+`}`) // once more is fine
	if !a.mayPut(key) {
		t.Error("an attached policy does not allow")
	}
	if got := do("GetPolicy", `{`+arn+`}`)["Policy"].(map[string]any); got["AttachmentCount"] != 1.0 || got["Description"] != "writes" {
		t.Errorf("policy %v", got)
	}

	do("CreatePolicyVersion", `{`+arn+`,"PolicyDocument":`+quote(allowPolicy("sqs:*", "*"))+`}`)
	if !a.mayPut(key) {
		t.Error("a version that is not the default decides")
	}
	do("SetDefaultPolicyVersion", `{`+arn+`,"VersionId":"v2"}`)
	if a.mayPut(key) {
		t.Error("the former default still decides")
	}
	a.refused("iam.DeletePolicyVersion", `{`+arn+`,"VersionId":"v2"}`, "DeleteConflict", "Cannot delete the default version of a policy.")
	a.refused("iam.DeletePolicy", `{`+arn+`}`, "DeleteConflict", "Cannot delete a policy attached to entities.")
	a.refused("iam.DeleteUser", `{"UserName":"ann"}`, "DeleteConflict", "must detach all policies first")
	do("DetachUserPolicy", `{"UserName":"ann",`+arn+`}`)
	a.refused("iam.DetachUserPolicy", `{"UserName":"ann",`+arn+`}`, "NoSuchEntity", "was not found")
	a.refused("iam.DeletePolicy", `{`+arn+`}`, "DeleteConflict", "more than one version")

	do("DeletePolicyVersion", `{`+arn+`,"VersionId":"v1"}`)
	out = do("CreatePolicyVersion", `{`+arn+`,"SetAsDefault":true,"PolicyDocument":`+quote(allowPolicy("a:b", "*"))+`}`)
	if at(out, "PolicyVersion.VersionId") != "v3" { // numbers are not given twice
		t.Errorf("new version %v", out)
	}
	for range 3 {
		do("CreatePolicyVersion", `{`+arn+`,"PolicyDocument":`+quote(allowPolicy("a:b", "*"))+`}`)
	}
	a.refused("iam.CreatePolicyVersion", `{`+arn+`,"PolicyDocument":`+quote(allowPolicy("a:b", "*"))+`}`, "LimitExceeded", "up to 5 versions")
	a.refused("iam.GetPolicyVersion", `{`+arn+`,"VersionId":"v1"}`, "NoSuchEntity", "v1")
	var ids []string
	marker := ""
	for {
		page := do("ListPolicyVersions", `{`+arn+`,"MaxItems":2,"Marker":"`+marker+`"}`)
		for _, v := range page["Versions"].([]any) {
			ids = append(ids, at(v.(map[string]any), "VersionId"))
		}
		if page["IsTruncated"] != true {
			break
		}
		marker = at(page, "Marker")
	}
	if got := strings.Join(ids, " "); got != "v6 v5 v4 v3 v2" {
		t.Errorf("versions %s", got)
	}
	for _, v := range []string{"v2", "v4", "v5", "v6"} {
		do("DeletePolicyVersion", `{`+arn+`,"VersionId":"`+v+`"}`)
	}
	do("DeletePolicy", `{`+arn+`}`)
	a.refused("iam.GetPolicy", `{`+arn+`}`, "NoSuchEntity", "was not found")
	do("CreatePolicy", `{"PolicyName":"Writer","PolicyDocument":`+quote(allowPolicy("a:b", "*"))+`}`)
}

func TestManagedPolicyRefusals(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.newUser("ann", "")
	a.newRole("r", trustLambda, "")
	document := quote(allowPolicy("a:b", "*"))
	for i := range 11 {
		a.mustDo(a.root(), "iam.CreatePolicy", fmt.Sprintf(`{"PolicyName":"p%d","PolicyDocument":%s}`, i, document))
	}
	for i := range 10 {
		a.mustDo(a.root(), "iam.AttachRolePolicy", fmt.Sprintf(`{"RoleName":"r","PolicyArn":"%sp%d"}`, ownPolicies, i))
	}
	long := quote(`{"Statement":{"Effect":"Allow","Action":"a:` + strings.Repeat("b", 6144) + `","Resource":"*"}}`)
	admin := `"PolicyArn":"arn:aws:iam::aws:policy/AdministratorAccess"`
	for _, test := range []struct{ name, input, code, text string }{
		{"AttachRolePolicy", `{"RoleName":"r","PolicyArn":"` + ownPolicies + `p10"}`, "LimitExceeded", "PoliciesPerRole: 10"},
		{"CreatePolicy", `{"PolicyName":"P0","PolicyDocument":` + document + `}`, "EntityAlreadyExists", "A policy called P0 already exists"},
		{"CreatePolicy", `{"PolicyName":"x","PolicyDocument":` + long + `}`, "LimitExceeded", "PolicySize: 6144"},
		{"CreatePolicy", `{"PolicyName":"x","PolicyDocument":"{}"}`, "MalformedPolicyDocument", "Statement: missing"},
		{"CreatePolicy", `{"PolicyName":"x","Tags":[{"Key":"k"}],"PolicyDocument":` + document + `}`, "NotImplementedException", "tags"},
		{"CreatePolicy", `{"PolicyName":"x y","Path":"z"}`, "ValidationError", "3 validation errors"},
		{"CreatePolicyVersion", `{` + admin + `,"PolicyDocument":` + document + `}`, "AccessDenied", "iam:CreatePolicyVersion"},
		{"DeletePolicy", `{` + admin + `}`, "AccessDenied", "AdministratorAccess"},
		{"SetDefaultPolicyVersion", `{` + admin + `,"VersionId":"v1"}`, "AccessDenied", ""},
		{"GetPolicyVersion", `{` + admin + `,"VersionId":"1"}`, "ValidationError", "versionId"},
		{"GetPolicy", `{"PolicyArn":"short"}`, "ValidationError", "policyArn"},
		{"AttachUserPolicy", `{"UserName":"ann","PolicyArn":"arn:aws:iam::aws:policy/PowerUserAccess"}`, "NotImplementedException", "policy/PowerUserAccess"},
		{"AttachUserPolicy", `{"UserName":"ann","PolicyArn":"` + ownPolicies + `none"}`, "NoSuchEntity", "policy/none was not found"},
		{"AttachUserPolicy", `{"UserName":"bob","PolicyArn":"` + ownPolicies + `p0"}`, "NoSuchEntity", "user with name bob"},
		{"DeleteRole", `{"RoleName":"r"}`, "DeleteConflict", "must detach all policies first"},
		{"ListPolicies", `{"Scope":"Mine","PathPrefix":"x","PolicyUsageFilter":"y"}`, "ValidationError", "3 validation errors"},
		{"PutRolePermissionsBoundary", `{}`, "NotImplementedException", "permissions boundaries"},
		{"PutUserPermissionsBoundary", `{}`, "NotImplementedException", "permissions boundaries"},
	} {
		a.refused("iam."+test.name, test.input, test.code, test.text)
	}
}

// What AWS's own policies let a function's role do.
func TestAWSManagedPolicies(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	role := a.newRole("fn", trustLambda, "")
	for _, test := range []struct {
		policy, action string
		want           bool
	}{
		{"service-role/AWSLambdaKinesisExecutionRole", "kinesis:GetRecords", true},
		{"service-role/AWSLambdaKinesisExecutionRole", "kinesis:SubscribeToShard", true},
		{"service-role/AWSLambdaKinesisExecutionRole", "logs:PutLogEvents", true},
		{"service-role/AWSLambdaKinesisExecutionRole", "kinesis:PutRecord", false},
		{"service-role/AWSLambdaBasicExecutionRole", "logs:CreateLogStream", true},
		{"service-role/AWSLambdaBasicExecutionRole", "kinesis:GetRecords", false},
		{"service-role/AWSLambdaSQSQueueExecutionRole", "sqs:DeleteMessage", true},
		{"AmazonKinesisReadOnlyAccess", "kinesis:DescribeStream", true},
		{"AmazonKinesisReadOnlyAccess", "kinesis:PutRecord", false},
		{"AmazonKinesisFullAccess", "kinesis:PutRecord", true},
		{"AmazonSQSFullAccess", "sqs:SendMessage", true},
		{"AdministratorAccess", "iam:CreateUser", true},
	} {
		in := `{"RoleName":"fn","PolicyArn":"arn:aws:iam::aws:policy/` + test.policy + `"}`
		a.mustDo(a.root(), "iam.AttachRolePolicy", in)
		if got := a.AuthorizeRole(role, wire.Access{Action: test.action, Resource: stream}) == nil; got != test.want {
			t.Errorf("%s on %s: got %v", test.policy, test.action, got)
		}
		a.mustDo(a.root(), "iam.DetachRolePolicy", in)
	}
}

// A policy may restrict which policies someone hands out.
func TestAttachIsRestrictedByPolicyARN(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	key := a.newUser("ann", `{"Statement":{"Effect":"Allow","Action":"iam:AttachRolePolicy","Resource":"*","Condition":{
		"ArnLike":{"iam:PolicyARN":"arn:aws:iam::aws:policy/service-role/*"}}}}`)
	a.newRole("fn", trustLambda, "")
	ann := a.mustAs(key)
	a.mustDo(ann, "iam.AttachRolePolicy", `{"RoleName":"fn","PolicyArn":"arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}`)
	_, err := a.do(ann, "iam.AttachRolePolicy", `{"RoleName":"fn","PolicyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}`)
	if got, status := code(err); got != "AccessDenied" || status != http.StatusForbidden {
		t.Errorf("ann attached another: %v", err)
	}
}

func TestTrustConditions(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	trust := func(effect, condition string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `","Principal":{"AWS":"` + accountRoot + `"},"Action":"sts:AssumeRole","Condition":` + condition + `}}`
	}
	external := a.newRole("external", trust("Allow", `{"StringEquals":{"sts:ExternalId":"s3cret"}}`), "")
	session := a.newRole("session", trust("Allow", `{"StringLike":{"sts:RoleSessionName":"${aws:username}"}}`), "")
	key := a.newUser("tests", allowPolicy("sts:AssumeRole", "*")) // assume's session name too
	other := a.newUser("other", allowPolicy("sts:AssumeRole", "*"))
	for name, test := range map[string]struct {
		key        aws.Credentials
		role, more string
		want       string
	}{
		"external id":       {key, external, `,"ExternalId":"s3cret"`, ""},
		"root, external id": {rootKey, external, `,"ExternalId":"s3cret"`, ""},
		"no external id":    {key, external, ``, "AccessDenied"},
		"wrong external id": {key, external, `,"ExternalId":"secret"`, "AccessDenied"},
		"root without":      {rootKey, external, ``, "AccessDenied"},
		"short external id": {key, external, `,"ExternalId":"s"`, "ValidationError"},
		"odd external id":   {key, external, `,"ExternalId":"s cret"`, "ValidationError"},
		"own session name":  {key, session, ``, ""},
		"another's name":    {other, session, ``, "AccessDenied"},
		"root has no name":  {rootKey, session, ``, "AccessDenied"},
	} {
		_, err := a.assume(a.mustAs(test.key), test.role, test.more)
		if got, _ := code(err); got != test.want {
			t.Errorf("%s: got %q (%v), want %q", name, got, err, test.want)
		}
	}

	service := func(condition string) string {
		return strings.Replace(trustLambda, `"Action"`, `"Condition":`+condition+`,"Action"`, 1)
	}
	for condition, want := range map[string]string{
		`{"StringEquals":{"sts:RoleSessionName":"f"}}`:             "",
		`{"StringEquals":{"sts:RoleSessionName":"g"}}`:             "AccessDenied",
		`{"DateLessThan":{"aws:CurrentTime":"2026-05-04T03:02Z"}}`: "AccessDenied",
	} {
		role := a.newRole(fmt.Sprintf("s%d", len(condition)), service(condition), "")
		_, err := a.ServiceCredentials(role, "lambda.amazonaws.com", "f")
		if got, _ := code(err); got != want {
			t.Errorf("%s: got %q (%v), want %q", condition, got, err, want)
		}
		a.mustDo(a.root(), "iam.DeleteRole", fmt.Sprintf(`{"RoleName":"s%d"}`, len(condition)))
	}
}

// Managed policies, conditions on the connection and variables, by AWS's SDK
// against a listening cloud.
func TestGoSDKManagedPolicies(t *testing.T) {
	t.Parallel()
	ctx, endpoint := t.Context(), runCloud(t)
	admin := awsiam.NewFromConfig(sdkConfig(endpoint, "test", "test", ""))
	created, err := admin.CreatePolicy(ctx, &awsiam.CreatePolicyInput{
		PolicyName: aws.String("self"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::*:user/${aws:username}",
			"Condition":{"IpAddress":{"aws:SourceIp":["127.0.0.1","::1"]},"Bool":{"aws:SecureTransport":"false"},"StringLike":{"aws:UserAgent":"aws-sdk-go-v2/*"}}}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ann", "bob"} {
		if _, err := admin.CreateUser(ctx, &awsiam.CreateUserInput{UserName: &name}); err != nil {
			t.Fatal(err)
		}
		if _, err := admin.AttachUserPolicy(ctx, &awsiam.AttachUserPolicyInput{UserName: &name, PolicyArn: created.Policy.Arn}); err != nil {
			t.Fatal(err)
		}
	}
	key, err := admin.CreateAccessKey(ctx, &awsiam.CreateAccessKeyInput{UserName: aws.String("ann")})
	if err != nil {
		t.Fatal(err)
	}
	ann := awsiam.NewFromConfig(sdkConfig(endpoint, *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, ""))
	if _, err := ann.GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("ann")}); err != nil {
		t.Errorf("ann on herself: %v", err)
	}
	if _, err := ann.GetUser(ctx, &awsiam.GetUserInput{UserName: aws.String("bob")}); apiCode(err) != "AccessDenied" {
		t.Errorf("ann on bob: %v", err)
	}
	version, err := admin.GetPolicyVersion(ctx, &awsiam.GetPolicyVersionInput{PolicyArn: created.Policy.Arn, VersionId: aws.String("v1")})
	if err != nil || !version.PolicyVersion.IsDefaultVersion || !strings.Contains(*version.PolicyVersion.Document, "%24%7Baws%3Ausername%7D") {
		t.Errorf("version %+v (%v)", version, err)
	}
	attached, err := admin.ListAttachedUserPolicies(ctx, &awsiam.ListAttachedUserPoliciesInput{UserName: aws.String("ann")})
	if err != nil || len(attached.AttachedPolicies) != 1 || *attached.AttachedPolicies[0].PolicyArn != *created.Policy.Arn {
		t.Errorf("attached %+v (%v)", attached, err)
	}
	for scope, want := range map[iamtypes.PolicyScopeType]int{"": 8, iamtypes.PolicyScopeTypeLocal: 1, iamtypes.PolicyScopeTypeAws: 7} {
		list, err := admin.ListPolicies(ctx, &awsiam.ListPoliciesInput{Scope: scope})
		if err != nil || len(list.Policies) != want {
			t.Errorf("%q: %+v (%v), want %d", scope, list, err, want)
		}
	}
	list, err := admin.ListPolicies(ctx, &awsiam.ListPoliciesInput{OnlyAttached: true})
	if err != nil || len(list.Policies) != 1 || *list.Policies[0].AttachmentCount != 2 {
		t.Errorf("attached: %+v (%v)", list, err)
	}
}
