package iam

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// stoppedClock always says the same instant.
type stoppedClock struct {
	clock.Wall
	at time.Time
}

func (c stoppedClock) Now() time.Time { return c.at }

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// annsFacts are of a plain call by user ann; alter may be nil.
func annsFacts(t testing.TB, alter func(*facts)) *facts {
	t.Helper()
	s, err := New(Config{Clock: stoppedClock{at: noon}})
	if err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:iam::123456789012:user/team/ann"
	f := &facts{
		service: s, principalARN: arn,
		principal: &wire.Principal{AccountID: "123456789012", ARN: arn, UserID: "AIDAANN"},
		call: &wire.Call{HTTP: &http.Request{
			RemoteAddr: "10.1.2.3:4567", Header: http.Header{"User-Agent": {"aws-cli/2 (x*y)"}},
		}},
		own: wire.Fact{Key: "lambda:FunctionArn", Value: "arn:aws:lambda:us-east-1:123456789012:function:f"},
	}
	if alter != nil {
		alter(f)
	}
	return f
}

func decideCondition(t testing.TB, version, condition, resource string, f *facts) decision {
	t.Helper()
	text := `{"Version":"` + version + `","Statement":{"Effect":"Allow","Action":"s:A","Resource":"` + resource + `","Condition":` + condition + `}}`
	statements, err := parsePolicy(text, nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return evaluate(statements, newRequest("s:A", "arn:aws:s:::home/ann/x", f))
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]bool{
		`{}`: true,
		`{"StringEquals":{"aws:username":"ann"}}`:                                                             true,
		`{"StringEquals":{"AWS:UserName":"ann"}}`:                                                             true, // keys in either case
		`{"StringEquals":{"aws:username":"Ann"}}`:                                                             false,
		`{"StringEquals":{"aws:username":["bob","ann"]}}`:                                                     true, // OR within a list
		`{"StringEquals":{"aws:username":"an*"}}`:                                                             false,
		`{"StringEquals":{"aws:username":"ann","aws:userid":"AIDABOB"}}`:                                      false, // AND across keys
		`{"StringEquals":{"aws:username":"ann"},"Bool":{"aws:SecureTransport":"true"}}`:                       false, // AND across operators
		`{"StringNotEquals":{"aws:username":["bob","eve"]}}`:                                                  true,
		`{"StringNotEquals":{"aws:username":["bob","ann"]}}`:                                                  false,
		`{"StringEqualsIgnoreCase":{"aws:username":"ANN"}}`:                                                   true,
		`{"StringNotEqualsIgnoreCase":{"aws:username":"ANN"}}`:                                                false,
		`{"StringLike":{"aws:username":"a?n"}}`:                                                               true,
		`{"StringLike":{"aws:username":"A*"}}`:                                                                false,
		`{"StringNotLike":{"aws:username":"b*"}}`:                                                             true,
		`{"StringEquals":{"aws:SourceVpc":"vpc-1"}}`:                                                          false, // missing: positive is false
		`{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}`:                                                       true,  // negated is true
		`{"StringEqualsIfExists":{"aws:SourceVpc":"vpc-1"}}`:                                                  true,
		`{"StringEqualsIfExists":{"aws:username":"bob"}}`:                                                     false,
		`{"StringNotEqualsIfExists":{"aws:username":"ann"}}`:                                                  false,
		`{"Null":{"aws:SourceVpc":"true"}}`:                                                                   true,
		`{"Null":{"aws:username":"true"}}`:                                                                    false,
		`{"Null":{"aws:username":false}}`:                                                                     true,
		`{"Null":{"aws:username":["true","false"]}}`:                                                          true,
		`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/team/*"}}`:                                       true,
		`{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"}}`:                                          true,
		`{"ArnLike":{"aws:PrincipalArn":"arn:aws:*:user/team/ann:::"}}`:                                       false,
		`{"ArnLike":{"aws:PrincipalArn":"arn:*:12345678901?:::user/team/ann"}}`:                               false, // a star stays in its part
		`{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::999999999999:user/*"}}`:                              true,
		`{"ArnLike":{"aws:username":"*"}}`:                                                                    false, // no ARN
		`{"ArnLike":{"lambda:functionarn":"arn:aws:lambda:*:*:function:f"}}`:                                  true,
		`{"ArnNotEquals":{"lambda:FunctionArn":"arn:aws:lambda:*:*:function:f"}}`:                             false,
		`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`:                                                         true,
		`{"IpAddress":{"aws:SourceIp":["192.168.0.0/16","10.1.2.3"]}}`:                                        true,
		`{"IpAddress":{"aws:SourceIp":"10.1.2.4"}}`:                                                           false,
		`{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}`:                                                      false,
		`{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`:                                                      false,
		`{"NotIpAddress":{"aws:SourceIp":"11.0.0.0/8"}}`:                                                      true,
		`{"Bool":{"aws:SecureTransport":"false"}}`:                                                            true,
		`{"Bool":{"aws:SecureTransport":true}}`:                                                               false,
		`{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`:                                                      false,
		`{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}`:                                              true,
		`{"DateGreaterThan":{"aws:CurrentTime":"2026-05-04T11:59:59Z"}}`:                                      true,
		`{"DateGreaterThan":{"aws:CurrentTime":"2026-05-04T12:00:00Z"}}`:                                      false,
		`{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-05-04T14:00:00+02:00"}}`:                           true,
		`{"DateLessThan":{"aws:EpochTime":"2026-05-05"}}`:                                                     true,
		`{"DateNotEquals":{"aws:EpochTime":"1777896000"}}`:                                                    false,
		`{"NumericLessThanEquals":{"aws:EpochTime":1777896000}}`:                                              true,
		`{"NumericLessThan":{"aws:EpochTime":"1777896000.0"}}`:                                                false,
		`{"NumericEquals":{"aws:username":"0"}}`:                                                              false, // no number
		`{"NumericNotEquals":{"aws:username":"0"}}`:                                                           true,
		`{"StringEquals":{"aws:PrincipalAccount":"123456789012","aws:RequestedRegion":"us-east-1"}}`:          true,
		`{"StringEquals":{"aws:PrincipalType":"User","aws:ViaAWSService":"false"}}`:                           true,
		`{"StringLike":{"aws:UserAgent":"aws-cli/*"}}`:                                                        true,
		`{"StringLike":{"aws:UserAgent":"aws-cli/? (x${*}y)"}}`:                                               true,
		`{"StringEquals":{"aws:UserAgent":"aws-cli/2 (x${*}y)"}}`:                                             true,
		`{"StringLike":{"aws:PrincipalArn":"*/${aws:username}"}}`:                                             true,
		`{"StringLike":{"aws:PrincipalArn":"*/${aws:nobody, 'ann'}"}}`:                                        true,
		`{"StringLike":{"aws:PrincipalArn":"*/${aws:nobody, '*'}"}}`:                                          false, // a default's star is a star
		`{"StringLike":{"aws:PrincipalArn":"*${aws:nobody}"}}`:                                                false, // no value, no match
		`{"StringNotLike":{"aws:PrincipalArn":"*${aws:nobody}"}}`:                                             true,
		`{"StringEquals":{"aws:username":"${aws:username}"}}`:                                                 true,
		`{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::${aws:PrincipalAccount}:user/team/${aws:username}"}}`: true,
		`{"ArnEquals":{"aws:PrincipalArn":"${aws:PrincipalArn}"}}`:                                            true,
	} {
		t.Run(condition, func(t *testing.T) {
			t.Parallel()
			if got := decideCondition(t, "2012-10-17", condition, "*", annsFacts(t, nil)) == allow; got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// Who a session is to conditions: its role, without a user name.
func TestConditionsOfOtherCallers(t *testing.T) {
	t.Parallel()
	session := func(f *facts) {
		f.principal = &wire.Principal{AccountID: "123456789012", ARN: "arn:aws:sts::123456789012:assumed-role/r/s", UserID: "AROAR:s"}
		f.principalARN = "arn:aws:iam::123456789012:role/team/r"
	}
	service := func(f *facts) { session(f); f.call, f.principal.UserID = nil, "" }
	encrypted := func(f *facts) { f.call.HTTP.TLS = &tls.ConnectionState{} }
	ipv6 := func(f *facts) { f.call.HTTP.RemoteAddr = "[2001:db8::7]:80" }
	mapped := func(f *facts) { f.call.HTTP.RemoteAddr = "[::ffff:10.1.2.3]:80" }
	tests := map[string]struct {
		alter     func(*facts)
		condition string
	}{
		"session's ARN":           {session, `{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/team/r"}}`},
		"session's user id":       {session, `{"StringLike":{"aws:userid":"*:s"},"StringEquals":{"aws:PrincipalType":"AssumedRole"}}`},
		"session has no name":     {session, `{"Null":{"aws:username":"true"}}`},
		"service has no address":  {service, `{"Null":{"aws:SourceIp":"true","aws:UserAgent":"true","aws:userid":"true"}}`},
		"service uses encryption": {service, `{"Bool":{"aws:SecureTransport":"true"}}`},
		"encrypted":               {encrypted, `{"Bool":{"aws:SecureTransport":"true"}}`},
		"IPv6":                    {ipv6, `{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}`},
		"IPv4 in IPv6":            {mapped, `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if decideCondition(t, "2012-10-17", test.condition, "*", annsFacts(t, test.alter)) != allow {
				t.Error("does not hold")
			}
		})
	}
}

func TestVariablesInResources(t *testing.T) {
	t.Parallel()
	named := func(name string) func(*facts) {
		return func(f *facts) {
			p := *f.principal
			p.ARN = "arn:aws:iam::123456789012:user/" + name
			f.principal = &p
		}
	}
	tests := []struct {
		version, resource string
		alter             func(*facts)
		want              decision
	}{
		{"2012-10-17", "arn:aws:s:::home/${aws:username}/*", nil, allow},
		{"2012-10-17", "arn:aws:s:::home/${aws:username}/*", named("bob"), implicitDeny},
		{"2012-10-17", "arn:aws:s:::home/${aws:username}/x", named("*"), implicitDeny}, // a value's star is a star
		{"2012-10-17", "arn:aws:s:::home/${aws:username}/x", named("a?n"), implicitDeny},
		{"2012-10-17", "arn:aws:s:::*${aws:nobody}", nil, implicitDeny},
		{"2012-10-17", "arn:aws:s:::home/${aws:nobody, 'ann'}/*", nil, allow},
		{"2012-10-17", "arn:aws:s:::home/${*}/x", nil, implicitDeny},
		{"2012-10-17", "arn:aws:s:::home/a?n/?", nil, allow},
		{"2012-10-17", "arn:aws:s:::home/a${?}n/?", nil, implicitDeny},
		{"2008-10-17", "arn:aws:s:::home/${aws:username}/*", nil, implicitDeny}, // plain text there
	}
	for _, test := range tests {
		if got := decideCondition(t, test.version, `{}`, test.resource, annsFacts(t, test.alter)); got != test.want {
			t.Errorf("%s in %s: got %d, want %d", test.resource, test.version, got, test.want)
		}
	}
}

func TestConditionProblems(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]string{
		`5`:                                      "Statement.Condition: must be an object",
		`{"StringMatches":{"aws:username":"x"}}`: "StringMatches: unknown condition operator",
		`{"ForAnyValue:StringEquals":{"aws:TagKeys":"x"}}`:         "ForAnyValue is not supported",
		`{"ForAllValues:StringLike":{"aws:TagKeys":"x"}}`:          "ForAllValues is not supported",
		`{"BinaryEquals":{"a:b":"QQ=="}}`:                          "BinaryEquals is not supported",
		`{"NullIfExists":{"aws:username":"true"}}`:                 "takes no IfExists",
		`{"StringEquals":"x"}`:                                     "must be an object of condition keys",
		`{"StringEquals":{}}`:                                      "must be an object of condition keys",
		`{"StringEquals":{"username":"x"}}`:                        "condition keys have a prefix",
		`{"StringEquals":{"aws:username":[]}}`:                     "aws:username: must not be empty",
		`{"StringEquals":{"aws:username":["a",["b"]]}}`:            "aws:username[1]: must be a string",
		`{"StringEquals":{"aws:username":"a","aws:username":"b"}}`: "given twice",
		`{"StringEquals":{"aws:username":"a","AWS:USERNAME":"b"}}`: "given twice",
		`{"Bool":{"aws:SecureTransport":"yes"}}`:                   `must be "true" or "false"`,
		`{"Null":{"aws:username":"maybe"}}`:                        `must be "true" or "false"`,
		`{"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}}`:             "must be an IP address",
		`{"NumericLessThan":{"aws:EpochTime":"1e3"}}`:              "must be a number",
		`{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}`:          "must be an ISO 8601 date",
		`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam"}}`:           "must be an ARN",
		`{"Bool":{"aws:SecureTransport":"${aws:x}"}}`:              "string and ARN operators only",
		`{"StringEquals":{"aws:username":"${aws:userid"}}`:         "not a policy variable",
		`{"StringEquals":{"aws:username":"${userid}"}}`:            "not a policy variable",
		`{"StringEquals":{"aws:username":"${aws:userid,'a'b'}"}}`:  "not a policy variable",
	} {
		t.Run(condition, func(t *testing.T) {
			t.Parallel()
			_, err := parsePolicy(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+condition+`}}`, nil)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}
