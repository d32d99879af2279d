package iam_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/weirstream/weir/platform/cloud/wire"
)

var putRecords = wire.Access{Action: "kinesis:PutRecords", Resource: stream}

func TestSessionLifecycle(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	arn := a.newRole("writer", trustAWS(accountRoot), allowPolicy("kinesis:Put*", stream))
	key, err := a.assume(a.root(), arn, `,"DurationSeconds":900`)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(key.AccessKeyID, "ASIA") || len(key.AccessKeyID) != 20 || len(key.SecretAccessKey) != 40 {
		t.Errorf("credentials %+v do not look like AWS's", key)
	}
	p := a.mustAs(key)
	if want := "arn:aws:sts::123456789012:assumed-role/writer/tests"; p.ARN != want || p.Root {
		t.Errorf("principal %+v, want %s", p, want)
	}
	who := a.mustDo(p, "sts.GetCallerIdentity", `{}`)
	if at(who, "Arn") != p.ARN || at(who, "UserId") != p.UserID || !strings.HasPrefix(p.UserID, "AROA") || !strings.HasSuffix(p.UserID, ":tests") {
		t.Errorf("caller identity %v of %+v", who, p)
	}
	if err := a.may(p, putRecords); err != nil {
		t.Errorf("allowed action: %v", err)
	}
	err = a.may(p, wire.Access{Action: "kinesis:GetRecords", Resource: stream})
	const text = "User: arn:aws:sts::123456789012:assumed-role/writer/tests is not authorized to perform: kinesis:GetRecords on resource: " +
		stream + " because no identity-based policy allows the kinesis:GetRecords action"
	if got, status := code(err); got != "AccessDeniedException" || status != 400 || !strings.HasSuffix(err.Error(), text) {
		t.Errorf("other action: %v", err)
	}

	a.clk.at = signedAt.Add(15*time.Minute - time.Second)
	a.mustAs(key)
	a.clk.at = signedAt.Add(15 * time.Minute)
	if got, status := code(second(a.as(key))); got != "ExpiredToken" || status != 403 {
		t.Errorf("after it expired: got %s %d", got, status)
	}
}

func TestSessionTokenCannotBeForged(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	arn := a.newRole("writer", trustAWS(accountRoot), "")
	key, err := a.assume(a.root(), arn, "")
	if err != nil {
		t.Fatal(err)
	}
	other, err := a.assume(a.root(), arn, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string]aws.Credentials{
		"no token":           {AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey},
		"another's token":    {AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: other.SessionToken},
		"cut token":          {AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: key.SessionToken[:40]},
		"no base64":          {AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: "?"},
		"the root's key":     {AccessKeyID: "test", SecretAccessKey: "test", SessionToken: key.SessionToken},
		"very long":          {AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: strings.Repeat("A", 5000)},
		"one character else": {AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: flip(key.SessionToken)},
	} {
		if got, _ := code(second(a.as(forged))); got != "InvalidClientTokenId" {
			t.Errorf("%s: got %q", name, got)
		}
	}
	stranger := newAccount(t)
	if got, _ := code(second(stranger.as(key))); got != "InvalidClientTokenId" {
		t.Errorf("in another cloud: got %q", got)
	}
}

func flip(token string) string {
	c := byte('A')
	if token[30] == c {
		c = 'B'
	}
	return token[:30] + string(c) + token[31:]
}

func TestWhoMayAssume(t *testing.T) {
	t.Parallel()
	const roleARN = "arn:aws:iam::123456789012:role/target"
	const userARN = "arn:aws:iam::123456789012:user/ann"
	may := allowPolicy("sts:AssumeRole", roleARN)
	denyUser := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":{"AWS":"` + userARN + `"},"Action":"sts:*"}]}`
	tests := map[string]struct {
		trust, own string
		want       bool
	}{
		"trusted by name":                  {trustAWS(userARN), "", true},
		"trusted by name, denied her own":  {trustAWS(userARN), strings.Replace(may, "Allow", "Deny", 1), false},
		"account trusted, no permission":   {trustAWS(accountRoot), "", false},
		"account trusted, permission":      {trustAWS(accountRoot), may, true},
		"account by id, permission":        {trustAWS("123456789012"), may, true},
		"anyone trusted, permission":       {trustAWS("*"), may, true},
		"anyone trusted, none":             {trustAWS("*"), "", false},
		"permission, someone else trusted": {trustAWS("arn:aws:iam::123456789012:user/bob"), may, false},
		"permission, a service trusted":    {trustLambda, may, false},
		"permission, denied by the trust":  {denyUser, may, false},
		"permission for another role":      {trustAWS(accountRoot), allowPolicy("sts:AssumeRole", roleARN+"2"), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			key := a.newUser("ann", test.own)
			a.newUser("bob", "")
			a.newRole("target", test.trust, "")
			_, err := a.assume(a.mustAs(key), roleARN, "")
			if test.want && err != nil {
				t.Error(err)
			}
			const text = "User: " + userARN + " is not authorized to perform: sts:AssumeRole on resource: " + roleARN
			if got, status := code(err); !test.want && (got != "AccessDenied" || status != 403 || !strings.Contains(err.Error(), text)) {
				t.Errorf("got %s %d: %v", got, status, err)
			}
		})
	}
}

func TestAssumeRoleInput(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	arn := a.newRole("r", trustAWS(accountRoot), "")
	long := a.mustDo(a.root(), "iam.CreateRole", `{"RoleName":"long","MaxSessionDuration":43200,"AssumeRolePolicyDocument":`+quote(trustAWS(arn))+`}`)
	session, err := a.assume(a.root(), arn, "")
	if err != nil {
		t.Fatal(err)
	}
	chained := a.mustAs(session)
	root := a.root()
	for name, test := range map[string]struct {
		caller wire.Principal
		input  string
		code   string
	}{
		"no session name":      {root, `{"RoleArn":"` + arn + `"}`, "ValidationError"},
		"bad session name":     {root, `{"RoleArn":"` + arn + `","RoleSessionName":"a b"}`, "ValidationError"},
		"short session name":   {root, `{"RoleArn":"` + arn + `","RoleSessionName":"a"}`, "ValidationError"},
		"no role":              {root, `{"RoleSessionName":"ab"}`, "ValidationError"},
		"no role ARN":          {root, `{"RoleArn":"` + stream + `","RoleSessionName":"ab"}`, "ValidationError"},
		"unknown role":         {root, `{"RoleArn":"` + arn + `x","RoleSessionName":"ab"}`, "AccessDenied"},
		"role of another":      {root, `{"RoleArn":"arn:aws:iam::999999999999:role/r","RoleSessionName":"ab"}`, "AccessDenied"},
		"too short":            {root, `{"RoleArn":"` + arn + `","RoleSessionName":"ab","DurationSeconds":899}`, "ValidationError"},
		"too long":             {root, `{"RoleArn":"` + arn + `","RoleSessionName":"ab","DurationSeconds":43201}`, "ValidationError"},
		"longer than the role": {root, `{"RoleArn":"` + arn + `","RoleSessionName":"ab","DurationSeconds":3601}`, "ValidationError"},
		"session policy":       {root, `{"RoleArn":"` + arn + `","RoleSessionName":"ab","Policy":"{}"}`, "NotImplementedException"},
		"policy ARNs":          {root, `{"RoleArn":"` + arn + `","RoleSessionName":"ab","PolicyArns":[{"arn":"x"}]}`, "NotImplementedException"},
		"session tags":         {root, `{"RoleArn":"` + arn + `","RoleSessionName":"ab","Tags":[{"Key":"a","Value":"b"}]}`, "NotImplementedException"},
		"chained":              {chained, `{"RoleArn":"` + at(long, "Role.Arn") + `","RoleSessionName":"ab","DurationSeconds":3600}`, ""},
		"chained too long":     {chained, `{"RoleArn":"` + at(long, "Role.Arn") + `","RoleSessionName":"ab","DurationSeconds":3601}`, "ValidationError"},
	} {
		_, err := a.do(test.caller, "sts.AssumeRole", test.input)
		if got, _ := code(err); got != test.code {
			t.Errorf("%s: got %q (%v), want %q", name, got, err, test.code)
		}
	}
}

func TestServiceCredentials(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	arn := a.newRole("fn", trustLambda, allowPolicy("kinesis:PutRecords", "*"))
	users := a.newRole("users", trustAWS("*"), "")
	issued, err := a.ServiceCredentials(arn, "lambda.amazonaws.com", "fn-name")
	if err != nil {
		t.Fatal(err)
	}
	p := a.mustAs(aws.Credentials{
		AccessKeyID: issued.AccessKeyID, SecretAccessKey: issued.SecretAccessKey, SessionToken: issued.SessionToken,
	})
	if p.ARN != "arn:aws:sts::123456789012:assumed-role/fn/fn-name" {
		t.Errorf("principal %+v", p)
	}
	if err := a.may(p, putRecords); err != nil {
		t.Error(err)
	}
	for name, refused := range map[string][2]string{
		"other service":    {arn, "iot.amazonaws.com"},
		"trusts no one":    {users, "lambda.amazonaws.com"},
		"no such role":     {arn + "x", "lambda.amazonaws.com"},
		"not an ARN":       {"fn", "lambda.amazonaws.com"},
		"no service named": {users, ""},
	} {
		if got, _ := code(second(a.ServiceCredentials(refused[0], refused[1], "s"))); got != "AccessDenied" {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got, _ := code(second(a.ServiceCredentials(arn, "lambda.amazonaws.com", "a\nb"))); got != "ValidationError" {
		t.Errorf("a session name that would break the token: got %q", got)
	}
	if err := a.AuthorizeRole(arn, putRecords); err != nil {
		t.Error(err)
	}
	for _, missing := range []string{users, arn + "x"} {
		if got, _ := code(a.AuthorizeRole(missing, putRecords)); got != "AccessDeniedException" {
			t.Errorf("%s: got %q", missing, got)
		}
	}
}

func TestChangesHoldForTheNextCall(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	arn := a.newRole("r", trustAWS(accountRoot), allowPolicy("kinesis:*", "*"))
	session, err := a.assume(a.root(), arn, "")
	if err != nil {
		t.Fatal(err)
	}
	p := a.mustAs(session)
	if err := a.may(p, putRecords); err != nil {
		t.Fatal(err)
	}
	a.mustDo(a.root(), "iam.DeleteRolePolicy", `{"RoleName":"r","PolicyName":"p"}`)
	if err := a.may(p, putRecords); err == nil {
		t.Error("a session outlived its role's policy")
	}
	a.mustDo(a.root(), "iam.DeleteRole", `{"RoleName":"r"}`)
	a.newRole("r", trustAWS(accountRoot), allowPolicy("kinesis:*", "*"))
	if err := a.may(p, putRecords); err == nil {
		t.Error("a session of a deleted role got the new role's rights")
	}

	key := a.newUser("ann", allowPolicy("kinesis:*", "*"))
	trusting := a.newRole("trusting", trustAWS("arn:aws:iam::123456789012:user/ann"), "")
	ann := a.mustAs(key)
	a.putUserPolicy("ann", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"kinesis:Put*","Resource":"*"}]}`)
	if err := a.may(ann, putRecords); err == nil || !strings.HasSuffix(err.Error(), "with an explicit deny in an identity-based policy") {
		t.Errorf("after a deny: %v", err)
	}
	for _, status := range []string{"Inactive", "Active"} {
		a.mustDo(a.root(), "iam.UpdateAccessKey", `{"UserName":"ann","AccessKeyId":"`+key.AccessKeyID+`","Status":"`+status+`"}`)
		if _, err := a.as(key); (err == nil) != (status == "Active") {
			t.Errorf("%s key: %v", status, err)
		}
	}
	a.mustDo(a.root(), "iam.DeleteAccessKey", `{"UserName":"ann","AccessKeyId":"`+key.AccessKeyID+`"}`)
	if got, _ := code(second(a.as(key))); got != "InvalidClientTokenId" {
		t.Errorf("deleted key: got %q", got)
	}
	a.mustDo(a.root(), "iam.DeleteUserPolicy", `{"UserName":"ann","PolicyName":"p"}`)
	a.mustDo(a.root(), "iam.DeleteUser", `{"UserName":"ann"}`)
	imposter := a.mustAs(a.newUser("ann", ""))
	if _, err := a.assume(imposter, trusting, ""); err == nil {
		t.Error("a recreated user inherited the old one's trust")
	}
}
