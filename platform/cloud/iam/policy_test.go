package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/cloud/wire"
)

func TestPolicyDecides(t *testing.T) {
	t.Parallel()
	const stream = "arn:aws:kinesis:us-east-1:123456789012:stream/location-signups"
	tests := map[string]struct {
		policy string
		action string
		want   decision
	}{
		"allowed":                {`{"Statement":{"Effect":"Allow","Action":"kinesis:PutRecords","Resource":"` + stream + `"}}`, "kinesis:PutRecords", allow},
		"other action":           {`{"Statement":{"Effect":"Allow","Action":"kinesis:GetRecords","Resource":"*"}}`, "kinesis:PutRecords", implicitDeny},
		"other resource":         {`{"Statement":{"Effect":"Allow","Action":"kinesis:*","Resource":"` + stream + `2"}}`, "kinesis:PutRecords", implicitDeny},
		"case of the action":     {`{"Statement":{"Effect":"Allow","Action":"Kinesis:putRECORDS","Resource":"*"}}`, "kinesis:PutRecords", allow},
		"case of the resource":   {`{"Statement":{"Effect":"Allow","Action":"*","Resource":"` + strings.ToUpper(stream[:12]) + stream[12:] + `"}}`, "kinesis:PutRecords", implicitDeny},
		"wildcards":              {`{"Statement":{"Effect":"Allow","Action":"kinesis:Put*","Resource":"arn:aws:kinesis:*:*:stream/location-?ignups"}}`, "kinesis:PutRecords", allow},
		"list of two":            {`{"Statement":[{"Effect":"Allow","Action":["sqs:*","kinesis:Put*"],"Resource":["*"]}]}`, "kinesis:PutRecords", allow},
		"not action":             {`{"Statement":{"Effect":"Allow","NotAction":"kinesis:Get*","Resource":"*"}}`, "kinesis:PutRecords", allow},
		"not action hit":         {`{"Statement":{"Effect":"Allow","NotAction":"kinesis:Put*","Resource":"*"}}`, "kinesis:PutRecords", implicitDeny},
		"not resource":           {`{"Statement":{"Effect":"Allow","Action":"*","NotResource":"arn:aws:sqs:*:*:*"}}`, "kinesis:PutRecords", allow},
		"deny wins before":       {`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]}`, "kinesis:PutRecords", explicitDeny},
		"deny wins after":        {`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}]}`, "kinesis:PutRecords", explicitDeny},
		"deny of something else": {`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sqs:*","Resource":"*"}]}`, "kinesis:PutRecords", allow},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.policy = strings.Replace(test.policy, "ARN:AWS:KINE", "arn:aws:KINE", 1)
			statements, err := parsePolicy(test.policy, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := evaluate(statements, newRequest(test.action, stream, nil)); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestPolicyProblemsAreAllSaid(t *testing.T) {
	t.Parallel()
	const ok = `"Effect":"Allow","Action":"sqs:*","Resource":"*"`
	tests := map[string]struct {
		policy string
		want   []string
	}{
		"no JSON":            {`{"Statement":`, []string{"invalid JSON at byte 13"}},
		"two documents":      {`{"Statement":{` + ok + `}} {}`, []string{"more after the policy's end"}},
		"not an object":      {`[]`, []string{"a policy must be a JSON object"}},
		"nested too deep":    {strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), []string{"nested deeper"}},
		"no statement":       {`{"Version":"2012-10-17"}`, []string{"Statement: missing"}},
		"empty statement":    {`{"Statement":[]}`, []string{"Statement: must not be empty"}},
		"version":            {`{"Version":"2026-01-01","Statement":{` + ok + `}}`, []string{`Version: must be`}},
		"unknown element":    {`{"Stmt":1,"Statement":{` + ok + `}}`, []string{"Stmt: unknown element"}},
		"twice":              {`{"Statement":{` + ok + `,"Effect":"Deny"}}`, []string{"Statement.Effect: given twice"}},
		"principal":          {`{"Statement":{` + ok + `,"Principal":"*"}}`, []string{"Statement.Principal: an identity policy must not"}},
		"action and not":     {`{"Statement":{` + ok + `,"NotAction":"a:b"}}`, []string{"exactly one of Action, NotAction"}},
		"vendor":             {`{"Statement":{"Effect":"Allow","Action":"PutRecords","Resource":"*"}}`, []string{`Statement.Action: "PutRecords": actions must be prefaced by a vendor`}},
		"resource":           {`{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"stream/x"}}`, []string{`must be in ARN format or "*"`}},
		"empty list":         {`{"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}}`, []string{"Statement.Action: must not be empty"}},
		"same sid":           {`{"Statement":[{"Sid":"A",` + ok + `},{"Sid":"A",` + ok + `}]}`, []string{"Statement[1].Sid: already used by Statement[0].Sid"}},
		"several, with path": {`{"Statement":[{` + ok + `},{"Effect":"allow","Action":["a:b",7],"Resource":"x"},5]}`, []string{"Statement[1].Effect: must be", "Statement[1].Action[1]: must be a string", "Statement[1].Resource: resource", "Statement[2]: must be an object"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parsePolicy(test.policy, nil)
			var e *wire.Error
			if !errors.As(err, &e) || e.Code != "MalformedPolicyDocument" {
				t.Fatalf("got %v, want MalformedPolicyDocument", err)
			}
			for _, want := range test.want {
				if !strings.Contains(e.Message, want) {
					t.Errorf("message %q lacks %q", e.Message, want)
				}
			}
		})
	}
}

// Whatever statements a policy has, in whatever order and shape, it decides as
// the sentence "an explicit deny wins, then an allow, else deny" says.
func TestPolicyDecidesAsTheModel(t *testing.T) {
	t.Parallel()
	actions := []string{"*", "s:*", "s:A", "s:B", "S:a", "t:A", "s:?"}
	resources := []string{"*", "arn:aws:s:::x", "arn:aws:s:::y", "arn:aws:s:::*", "arn:aws:s:::?"}
	rapid.Check(t, func(t *rapid.T) {
		type line struct {
			Effect                                   string
			Action, NotAction, Resource, NotResource any `json:",omitempty"`
			actions, resources                       []string
			notAction, notResource                   bool
		}
		shape := func(list []string) any {
			if len(list) == 1 && rapid.Bool().Draw(t, "bare") {
				return list[0]
			}
			return list
		}
		lines := make([]line, rapid.IntRange(1, 4).Draw(t, "statements"))
		for i := range lines {
			l := &lines[i]
			l.Effect = rapid.SampledFrom([]string{"Allow", "Deny"}).Draw(t, "effect")
			l.actions = rapid.SliceOfN(rapid.SampledFrom(actions), 1, 3).Draw(t, "actions")
			l.resources = rapid.SliceOfN(rapid.SampledFrom(resources), 1, 3).Draw(t, "resources")
			if l.notAction = rapid.Bool().Draw(t, "not action"); l.notAction {
				l.NotAction = shape(l.actions)
			} else {
				l.Action = shape(l.actions)
			}
			if l.notResource = rapid.Bool().Draw(t, "not resource"); l.notResource {
				l.NotResource = shape(l.resources)
			} else {
				l.Resource = shape(l.resources)
			}
		}
		action := rapid.SampledFrom([]string{"s:A", "s:B", "s:Long", "t:A"}).Draw(t, "action")
		resource := rapid.SampledFrom([]string{"arn:aws:s:::x", "arn:aws:s:::y", "arn:aws:s:::zz"}).Draw(t, "resource")

		anyOf := func(list []string, text string, fold bool) bool {
			for _, wild := range list {
				if fold {
					wild, text = strings.ToLower(wild), strings.ToLower(text)
				}
				if naiveMatch(wild, text) {
					return true
				}
			}
			return false
		}
		want := implicitDeny
		for _, l := range lines {
			if anyOf(l.actions, action, true) == l.notAction || anyOf(l.resources, resource, false) == l.notResource {
				continue
			}
			if l.Effect == "Deny" {
				want = explicitDeny
				break
			}
			want = allow
		}
		text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": lines})
		if err != nil {
			t.Fatal(err)
		}
		statements, err := parsePolicy(string(text), nil)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := evaluate(statements, newRequest(action, resource, nil)); got != want {
			t.Fatalf("%s on %s %s: got %d, want %d", text, action, resource, got, want)
		}
	})
}

// FuzzParsePolicy: no document crashes or hangs the parser, and what it accepts
// is JSON that encoding/json accepts too.
func FuzzParsePolicy(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":"kinesis:*","Resource":"*"}]}`)
	f.Add(`{"Statement":{"Effect":"Deny","NotAction":["a:b"],"NotResource":["arn:aws:s3:::b/*"],"Principal":{"AWS":"*"}}}`)
	f.Add(`{"Statement":[[[[[[`)
	resolve := func(name string) (trustee, error) {
		if name == "*" {
			return trustee{anyone: true}, nil
		}
		return trustee{}, fmt.Errorf("no %q", name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range []resolver{nil, resolve} {
			statements, err := parsePolicy(text, r)
			if err != nil {
				continue
			}
			if !json.Valid([]byte(text)) {
				t.Errorf("accepted invalid JSON %q", text)
			}
			for _, st := range statements {
				if len(st.actions.list) == 0 {
					t.Errorf("accepted a statement without actions: %q", text)
				}
			}
			evaluate(statements, newRequest("s:A", "arn:aws:s:::x", nil))
		}
	})
}
