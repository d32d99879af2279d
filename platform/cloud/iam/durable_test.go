package iam_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/cloud/iam"
	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/store/storetest"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// twins are two accounts that get the same calls: one is never reopened, the
// other now and then closed or crashed. They must answer alike.
type twins struct {
	t     *rapid.T
	disk  *storetest.Disk
	sides [2]*twin
	roles []string
}

type twin struct {
	account
	labels map[string]string // of random ids, in the order they were first seen
	keys   []aws.Credentials // all that were ever made, sessions too
}

func newTwins(outer *testing.T, t *rapid.T) *twins {
	w := &twins{t: t, disk: storetest.New(t), roles: []string{"r", "s"}}
	clk := &fixedClock{at: signedAt}
	for i := range w.sides {
		w.sides[i] = &twin{account: account{t: outer, clk: clk}, labels: map[string]string{}}
	}
	w.sides[0].Service = w.open(nil)
	w.sides[1].Service = w.open(w.disk.Data())
	w.furnish()
	return w
}

// furnish makes an account in which most random calls change something.
func (w *twins) furnish() {
	policy := quote(allowPolicy("kinesis:Get*", "*"))
	for _, name := range []string{"p", "q"} {
		w.call("iam.CreatePolicy", `{"PolicyName":%q,"PolicyDocument":%s}`, name, policy)
		w.call("iam.CreatePolicyVersion", `{"PolicyArn":"arn:aws:iam::123456789012:policy/%s","PolicyDocument":%s}`, name, policy)
	}
	for _, user := range []string{"ann", "Bob"} {
		w.call("iam.CreateUser", `{"UserName":%q}`, user)
	}
	w.call("iam.CreateAccessKey", `{"UserName":"ann"}`)
	w.call("iam.AttachUserPolicy", `{"UserName":"ann","PolicyArn":"arn:aws:iam::123456789012:policy/p"}`)
	w.call("iam.PutUserPolicy", `{"UserName":"ann","PolicyName":"i","PolicyDocument":%s}`, policy)
	for _, role := range w.roles {
		w.call("iam.CreateRole", `{"RoleName":%q,"AssumeRolePolicyDocument":%s}`, role, quote(trustAWS("arn:aws:iam::123456789012:user/Bob")))
		w.call("iam.AttachRolePolicy", `{"RoleName":%q,"PolicyArn":"arn:aws:iam::123456789012:policy/p"}`, role)
		w.call("iam.PutRolePolicy", `{"RoleName":%q,"PolicyName":"i","PolicyDocument":%s}`, role, policy)
	}
}

func (w *twins) open(data *store.Data) *iam.Service {
	s, err := iam.New(iam.Config{Clock: w.sides[0].clk, Data: data})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

var randomID = regexp.MustCompile(`(AIDA|AROA|ANPA|AKIA|ASIA)[A-Z2-7]{16,17}`)

// label replaces random ids by the order in which this side first showed them.
func (s *twin) label(text string) string {
	return randomID.ReplaceAllStringFunc(text, func(id string) string {
		if s.labels[id] == "" {
			s.labels[id] = fmt.Sprint(id[:4], len(s.labels))
		}
		return s.labels[id]
	})
}

// call makes a call of the root's on both sides and compares what they answer.
// A key that it makes is remembered.
func (w *twins) call(name, input string, args ...any) {
	w.t.Helper()
	w.each(name, func(_ int, s *twin) string {
		out, err := s.do(s.root(), name, fmt.Sprintf(input, args...))
		for _, secret := range []string{"AccessKey", "Credentials"} {
			if made, ok := out[secret].(map[string]any); ok {
				s.keys = append(s.keys, aws.Credentials{
					AccessKeyID: at(made, "AccessKeyId"), SecretAccessKey: at(made, "SecretAccessKey"), SessionToken: at(made, "SessionToken"),
				})
				delete(made, "SecretAccessKey")
				delete(made, "SessionToken")
			}
		}
		if list, ok := out["AccessKeyMetadata"].([]any); ok { // sorted by id, which is random
			slices.SortFunc(list, func(a, b any) int { return strings.Compare(s.label(fmt.Sprint(a)), s.label(fmt.Sprint(b))) })
		}
		return storetest.Answer(out, err)
	})
}

func (w *twins) each(what string, answer func(side int, s *twin) string) {
	w.t.Helper()
	storetest.Alike(w.t, what, func(side int) string { return w.sides[side].label(answer(side, w.sides[side])) })
}

func (w *twins) pass(*rapid.T) {
	clk := w.sides[0].clk
	clk.at = clk.at.Add(time.Duration(rapid.IntRange(1, 40).Draw(w.t, "minutes")) * time.Minute)
}

func (w *twins) reopen(*rapid.T) {
	w.disk.Reopen()
	w.sides[1].Service = w.open(w.disk.Data())
	w.check()
}

func (w *twins) crash(*rapid.T) {
	w.disk.Crash(rand.New(rand.NewPCG(rapid.Uint64().Draw(w.t, "crash"), 0)))
	w.sides[1].Service = w.open(w.disk.Data())
	w.check()
}

// check compares all that the API shows, whose every key is, and what it may do.
func (w *twins) check() {
	for _, name := range []string{"iam.ListUsers", "iam.ListRoles", "iam.ListPolicies", "iam.ListAccessKeys"} {
		w.call(name, `{}`)
	}
	for _, user := range []string{"ann", "Bob"} {
		for _, name := range []string{"GetUser", "ListAccessKeys", "ListUserPolicies", "ListAttachedUserPolicies"} {
			w.call("iam."+name, `{"UserName":%q}`, user)
		}
		w.call("iam.GetUserPolicy", `{"UserName":%q,"PolicyName":"i"}`, user)
	}
	for _, role := range w.roles {
		for _, name := range []string{"GetRole", "ListRolePolicies", "ListAttachedRolePolicies"} {
			w.call("iam."+name, `{"RoleName":%q}`, role)
		}
	}
	for _, policy := range []string{"p", "q"} {
		w.call("iam.ListPolicyVersions", `{"PolicyArn":"arn:aws:iam::123456789012:policy/%s"}`, policy)
		w.call("iam.GetPolicyVersion", `{"PolicyArn":"arn:aws:iam::123456789012:policy/%s","VersionId":"v1"}`, policy)
	}
	for i := range w.sides[0].keys {
		w.each("who a key is and what it may do", func(_ int, s *twin) string {
			who, err := s.as(s.keys[i])
			if err != nil {
				return err.Error()
			}
			var b strings.Builder
			fmt.Fprint(&b, who)
			for _, action := range []string{"kinesis:GetRecords", "sqs:SendMessage"} {
				fmt.Fprint(&b, s.may(who, wire.Access{Action: action, Resource: "*"}))
			}
			for _, role := range w.roles {
				_, err := s.assume(who, "arn:aws:iam::123456789012:role/"+role, "")
				fmt.Fprint(&b, err)
			}
			return b.String()
		})
	}
}

func TestReopenedAccountAnswersAsIfNothingHadHappened(t *testing.T) {
	t.Parallel()
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		w := newTwins(outer, t)
		defer func() { w.disk.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"users": w.onUsers, "roles": w.onRoles, "policies": w.onPolicies, "keys": w.onKeys, "more keys": w.onKeys,
			"pass": w.pass, "reopen": w.reopen, "crash": w.crash,
		})
		w.reopen(t)
	})
}

// TestSecretsAreNotOnDisk: neither a key's secret nor a session can be read
// from the directory without its master key.
func TestSecretsAreNotOnDisk(t *testing.T) {
	t.Parallel()
	disk := storetest.New(t)
	defer func() { disk.Close() }()
	s, err := iam.New(iam.Config{Clock: &fixedClock{at: signedAt}, Data: disk.Data()})
	if err != nil {
		t.Fatal(err)
	}
	a := &account{s, t, &fixedClock{at: signedAt}}
	key := a.newUser("ann", "")
	disk.Wait()
	entries := 0
	err = disk.Data().ScanPrefix([]byte("iam/"), func(name, value []byte) error {
		entries++
		if strings.Contains(string(value), key.SecretAccessKey) {
			t.Errorf("%s holds the secret", name)
		}
		return nil
	})
	if err != nil || entries != 4 {
		t.Errorf("%d entries, want the root, the sessions' key, a user and a key: %v", entries, err)
	}
}

// TestNamesakesAreNotTrustedAfterAReopening: a trust policy means the user that
// its ARN named when it was put, and a restart reads it no other way.
func TestNamesakesAreNotTrustedAfterAReopening(t *testing.T) {
	t.Parallel()
	disk := storetest.New(t)
	defer func() { disk.Close() }()
	a := &account{nil, t, &fixedClock{at: signedAt}}
	open := func() {
		s, err := iam.New(iam.Config{Clock: a.clk, Data: disk.Data()})
		if err != nil {
			t.Fatal(err)
		}
		a.Service = s
	}
	open()
	a.mustDo(a.root(), "iam.CreateUser", `{"UserName":"ann"}`)
	role := a.newRole("r", trustAWS("arn:aws:iam::123456789012:user/ann"), "")
	a.mustDo(a.root(), "iam.DeleteUser", `{"UserName":"ann"}`)
	namesake := a.mustAs(a.newUser("ann", ""))
	for range 2 {
		if _, err := a.assume(namesake, role, ""); err == nil {
			t.Error("a namesake of the trusted user assumed the role")
		}
		disk.Reopen()
		open()
	}
}
