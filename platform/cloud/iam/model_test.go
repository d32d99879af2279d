package iam

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// The model is AWS's rule in its plainest form: collect every statement that
// applies, then an explicit deny wins, then an allow, else deny. It knows the
// request as a map of keys and reads nothing but its own drawn statements.
type modelStatement struct {
	deny                     bool
	action, resource         string
	notAction, notResource   bool
	conditions               map[string]map[string][]string
	managed, secondOfItsKind bool // which policy it is drawn into
}

func (m modelStatement) applies(action, resource string, keys map[string]string) bool {
	if naiveMatch(strings.ToLower(m.action), strings.ToLower(action)) == m.notAction {
		return false
	}
	filled, ok := modelFill(m.resource, keys, true)
	if (ok && naiveLike(filled, resource)) == m.notResource {
		return false
	}
	for name, block := range m.conditions {
		for key, values := range block {
			if !modelHolds(name, key, values, keys) {
				return false
			}
		}
	}
	return true
}

// Literal stars and question marks, as the model writes them: one byte each,
// for that is what a question mark matches.
const star, question = "\x02", "\x03"

func literally(text string) string {
	return strings.NewReplacer("*", star, "?", question).Replace(text)
}

// naiveLike is naiveMatch on a text whose own stars and question marks mean themselves.
func naiveLike(wild, text string) bool { return naiveMatch(wild, literally(text)) }

func modelFill(text string, keys map[string]string, wildcards bool) (string, bool) {
	if !wildcards {
		text = literally(text)
	}
	for {
		before, rest, found := strings.Cut(text, "${")
		if !found {
			return text, true
		}
		inside, after, _ := strings.Cut(rest, "}")
		name, fallback, hasFallback := strings.Cut(inside, ", ")
		value, present := keys[strings.ToLower(name)]
		switch {
		case name == "*" || name == "?" || name == star || name == question:
			value = name
		case !present && !hasFallback:
			return "", false
		case !present:
			value = strings.Trim(fallback, "'")
		}
		text = before + literally(value) + after
	}
}

func modelHolds(name, key string, values []string, keys map[string]string) bool {
	got, present := keys[strings.ToLower(key)]
	if name == "Null" {
		for _, v := range values {
			if (v == "true") == !present {
				return true
			}
		}
		return false
	}
	base := strings.TrimSuffix(name, "IfExists")
	negated := strings.Contains(base, "Not")
	if !present {
		return negated || base != name
	}
	for _, v := range values {
		if modelMatches(strings.Replace(base, "Not", "", 1), v, got, keys) {
			return !negated
		}
	}
	return negated
}

func modelMatches(operator, value, got string, keys map[string]string) bool {
	plain, hasPlain := modelFill(value, keys, false)
	like, hasLike := modelFill(value, keys, true)
	mark := literally(got)
	switch operator {
	case "StringEquals":
		return hasPlain && plain == mark
	case "StringEqualsIgnoreCase":
		return hasPlain && strings.EqualFold(plain, mark)
	case "StringLike":
		return hasLike && naiveMatch(like, mark)
	case "ArnEquals", "ArnLike":
		if !hasLike || !strings.HasPrefix(got, "arn:") {
			return false
		}
		if like == "*" {
			return true
		}
		for range 5 {
			var wanted, part string
			var more, moreGot bool
			wanted, like, more = strings.Cut(like, ":")
			part, mark, moreGot = strings.Cut(mark, ":")
			if !more || !moreGot || !naiveMatch(wanted, part) {
				return false
			}
		}
		return naiveMatch(like, mark)
	case "IpAddress":
		_, network, err := net.ParseCIDR(value)
		ip := net.ParseIP(got)
		return err == nil && ip != nil && network.Contains(ip)
	case "Bool":
		return value == got
	case "NumericLessThan", "DateGreaterThanEquals":
		a, errA := strconv.Atoi(got)
		b, errB := strconv.Atoi(value)
		if errA != nil || errB != nil {
			return false
		}
		return a < b == (operator == "NumericLessThan")
	}
	panic(operator)
}

// modelKeys are the facts of a drawn request, as the model knows them.
func drawRequest(t *rapid.T, s *Service) (*facts, map[string]string) {
	keys := map[string]string{
		"aws:principalaccount": "123456789012", "aws:requestedregion": "us-east-1",
		"aws:epochtime": strconv.FormatInt(noon.Unix(), 10), "aws:currenttime": noon.Format(time.RFC3339),
	}
	f := &facts{service: s, call: &wire.Call{HTTP: &http.Request{Header: http.Header{}}}}
	name := rapid.SampledFrom([]string{"a", "b", "ab"}).Draw(t, "name")
	f.principal = &wire.Principal{AccountID: "123456789012", ARN: "arn:aws:iam::123456789012:user/" + name, UserID: "AIDA" + name}
	f.principalARN = f.principal.ARN
	if rapid.Bool().Draw(t, "session") {
		f.principal.ARN, f.principal.UserID = "arn:aws:sts::123456789012:assumed-role/r/"+name, "AROAR:"+name
		f.principalARN = "arn:aws:iam::123456789012:role/r"
	} else {
		keys["aws:username"] = name
	}
	keys["aws:principalarn"], keys["aws:userid"] = f.principalARN, f.principal.UserID
	ip := rapid.SampledFrom([]string{"10.0.0.1", "10.9.0.1", "::1"}).Draw(t, "ip")
	f.call.HTTP.RemoteAddr, keys["aws:sourceip"] = net.JoinHostPort(ip, "1"), ip
	keys["aws:securetransport"] = "false"
	if rapid.Bool().Draw(t, "tls") {
		f.call.HTTP.TLS, keys["aws:securetransport"] = &tls.ConnectionState{}, "true"
	}
	if agent := rapid.SampledFrom([]string{"", "a", "*", "a?b", "A"}).Draw(t, "agent"); agent != "" {
		f.call.HTTP.Header.Set("User-Agent", agent)
		keys["aws:useragent"] = agent
	}
	if rapid.Bool().Draw(t, "own") {
		f.own = wire.Fact{Key: "s:Own", Value: "arn:aws:s:::own/" + name + ":x"}
		keys["s:own"] = f.own.Value
	}
	return f, keys
}

func drawCondition(t *rapid.T) (name, key string, values []string) {
	texts := []string{
		"a", "A", "ab", "*", "a?b", "a*", "?", "${aws:username}", "x${*}", "${*}", "${?}", "a${?}b",
		"${aws:username, 'a'}", "${aws:none, '*'}", "${aws:UserAgent}", "AIDA${aws:username}", "${aws:none}",
	}
	arns := []string{
		"*", "arn:aws:iam::123456789012:user/*", "arn:aws:iam::*:role/?", "arn:*:*:*:*:*", "arn:aws:s:::own/${aws:username}:*",
		"arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username, 'a'}", "${s:Own}", "arn:*:user/a::::", "arn:aws:s::*:x", "arn:aws:s:::own/a",
	}
	kinds := []struct{ names, keys, values []string }{
		{
			[]string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"},
			[]string{"aws:username", "AWS:UserAgent", "aws:userid", "aws:none"},
			texts,
		},
		{[]string{"ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"}, []string{"aws:PrincipalArn", "s:own", "aws:username", "aws:none"}, arns},
		{[]string{"IpAddress", "NotIpAddress"}, []string{"aws:SourceIp", "aws:username", "aws:none"}, []string{"10.0.0.0/16", "10.0.0.0/8", "::/64", "0.0.0.0/0"}},
		{[]string{"Bool"}, []string{"aws:SecureTransport", "aws:none"}, []string{"true", "false"}},
		{
			[]string{"NumericLessThan", "DateGreaterThanEquals"},
			[]string{"aws:EpochTime", "aws:username"},
			[]string{"0", strconv.FormatInt(noon.Unix(), 10), "1777896001"},
		},
		{[]string{"Null"}, []string{"aws:username", "aws:none", "s:Own", "aws:UserAgent"}, []string{"true", "false"}},
	}
	kind := kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")]
	name = rapid.SampledFrom(kind.names).Draw(t, "operator")
	if name != "Null" && rapid.Bool().Draw(t, "if exists") {
		name += "IfExists"
	}
	return name, rapid.SampledFrom(kind.keys).Draw(t, "key"), rapid.SliceOfN(rapid.SampledFrom(kind.values), 1, 3).Draw(t, "values")
}

func drawStatement(t *rapid.T) modelStatement {
	m := modelStatement{
		deny:        rapid.IntRange(0, 2).Draw(t, "deny") == 0,
		action:      rapid.SampledFrom([]string{"*", "s:*", "S:a", "s:?", "t:A"}).Draw(t, "action"),
		notAction:   rapid.IntRange(0, 4).Draw(t, "not action") == 0,
		notResource: rapid.IntRange(0, 4).Draw(t, "not resource") == 0,
		resource: rapid.SampledFrom([]string{
			"*", "arn:aws:s:::*", "arn:aws:s:::${aws:username}/?", "arn:aws:s:::${aws:none, 'a'}/x", "arn:aws:s:::${*}/x", "arn:aws:s:::${aws:none}*",
			"arn:aws:s:::${aws:UserAgent}/x",
		}).Draw(t, "resource"),
		conditions:      map[string]map[string][]string{},
		managed:         rapid.Bool().Draw(t, "managed"),
		secondOfItsKind: rapid.Bool().Draw(t, "second"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "conditions") {
		name, key, values := drawCondition(t)
		if m.conditions[name] == nil {
			m.conditions[name] = map[string][]string{}
		}
		m.conditions[name][key] = values
	}
	return m
}

func (m modelStatement) document() map[string]any {
	doc := map[string]any{"Effect": "Allow", "Condition": m.conditions}
	if m.deny {
		doc["Effect"] = "Deny"
	}
	element := func(name, value string, not bool) {
		if not {
			name = "Not" + name
		}
		doc[name] = value
	}
	element("Action", m.action, m.notAction)
	element("Resource", m.resource, m.notResource)
	return doc
}

// Whatever conditions and variables the statements have, and whichever inline
// and managed policies they stand in, the identity decides as the model.
func TestEvaluationIsTheModels(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Clock: stoppedClock{at: noon}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[decision]int{}
	rapid.Check(t, func(t *rapid.T) {
		f, keys := drawRequest(t, s)
		action := rapid.SampledFrom([]string{"s:A", "s:Long", "t:A"}).Draw(t, "asked")
		resource := rapid.SampledFrom([]string{"arn:aws:s:::a/x", "arn:aws:s:::b/x", "arn:aws:s:::*/x", "arn:aws:s:::ab/yy"}).Draw(t, "of")
		holder := &identity{inline: map[string]*inlinePolicy{}}
		want := implicitDeny
		texts := map[[2]bool][]map[string]any{}
		for range rapid.IntRange(1, 5).Draw(t, "statements") {
			m := drawStatement(t)
			place := [2]bool{m.managed, m.secondOfItsKind}
			texts[place] = append(texts[place], m.document())
			switch applies := m.applies(action, resource, keys); {
			case applies && m.deny:
				want = explicitDeny
			case applies && want == implicitDeny:
				want = allow
			}
		}
		for place, statements := range texts {
			text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
			if err != nil {
				t.Fatal(err)
			}
			if place[0] {
				v, err := compileVersion(string(text), noon)
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				m := &managedPolicy{}
				m.add(v, true)
				holder.attached = append(holder.attached, m)
			} else if err := holder.putInline("user", strconv.FormatBool(place[1]), string(text), 1<<20); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		got := holder.evaluate(newRequest(action, resource, f))
		if seen[got]++; got != want {
			t.Fatalf("%v asks %s on %s with %v: got %d, want %d", texts, action, resource, keys, got, want)
		}
	})
	for _, d := range []decision{implicitDeny, allow, explicitDeny} {
		// With -short rapid draws too few policies for each to be certain.
		if seen[d] == 0 && !testing.Short() {
			t.Errorf("no drawn policy decided %d: the test tests too little", d)
		}
	}
}

// FuzzCondition: no Condition element crashes or hangs parser or evaluation,
// and none of what is accepted applies to a request it denies by Null.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		`{"StringLike":{"aws:username":["a*","${aws:userid, 'x'}"]},"Null":{"aws:none":true}}`,
		`{"ArnLikeIfExists":{"aws:PrincipalArn":"arn:aws:iam::*:user/${aws:username}"}}`,
		`{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","::1"]},"DateLessThan":{"aws:CurrentTime":"2026-05-04"}}`,
		`{"NumericGreaterThanEquals":{"aws:EpochTime":1e3},"Bool":{"aws:SecureTransport":"False"}}`,
		`{"ForAnyValue:StringEquals":{"a:b":"${"}}`,
	} {
		f.Add(seed)
	}
	ann := annsFacts(f, nil)
	f.Fuzz(func(t *testing.T, condition string) {
		statements, err := parsePolicy(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+condition+`}}`, nil)
		if err != nil {
			return
		}
		before := evaluate(statements, newRequest("s:A", "arn:aws:s:::x", ann))
		if again := evaluate(statements, newRequest("s:A", "arn:aws:s:::x", ann)); again != before {
			t.Fatalf("%s: %d, then %d", condition, before, again)
		}
		for i := range statements {
			statements[i].conditions = append(statements[i].conditions, condition0())
		}
		if evaluate(statements, newRequest("s:A", "arn:aws:s:::x", ann)) != implicitDeny {
			t.Fatalf("%s: applies although one of its conditions fails", condition)
		}
	})
}

// condition0 never holds for a user.
func condition0() condition {
	return condition{key: "aws:username", isNull: true, values: []conditionValue{boolValue{"true"}}}
}
