package eventpattern

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// cases are patterns with events that they want and others that they do not.
var cases = []struct {
	pattern string
	yes, no []string
}{
	{
		`{"a":["x"]}`,
		[]string{`{"a":"x"}`, ` {"b":1, "a" : "\u0078" } `, `{"a":["y","x"]}`, `{"a":[["x"]]}`, `{"a":1,"a":"x"}`},
		[]string{`{}`, `{"a":"y"}`, `{"a":["y"]}`, `{"A":"x"}`, `{"a":{"x":"x"}}`, `{"a":"x","a":1}`, `["x"]`, `"x"`, `{"a":"x"`, ``},
	},
	{`{"a":[300]}`, []string{`{"a":300}`}, []string{`{"a":300.0}`, `{"a":3e2}`, `{"a":"300"}`}},
	{`{"a":[null,true]}`, []string{`{"a":null}`, `{"a":true}`}, []string{`{}`, `{"a":false}`, `{"a":"null"}`, `{"a":""}`}},
	{`{"a":[""]}`, []string{`{"a":""}`}, []string{`{"a":null}`, `{"a":" "}`}},
	{
		`{"a":["x"],"b":{"c":[1],"d":[2]}}`,
		[]string{`{"b":{"d":2,"c":1},"a":"x"}`, `{"a":"x","b":[{"c":1},{"c":1,"d":2}]}`, `{"a":"x","b":[[{"c":1,"d":2}]]}`},
		[]string{`{"a":"x","b":[{"c":1},{"d":2}]}`, `{"a":"x"}`, `{"a":"x","b":1}`, `{"a":"x","b":[]}`},
	},
	{`{"a":[{"prefix":"ab"}]}`, []string{`{"a":"ab"}`, `{"a":"abc"}`}, []string{`{"a":"a"}`, `{"a":"Abc"}`, `{"a":5}`}},
	{`{"a":[{"prefix":{"equals-ignore-case":"k"}}]}`, []string{`{"a":"Kb"}`, `{"a":"\u212ab"}`}, []string{`{"a":""}`, `{"a":"bk"}`}},
	{`{"a":[{"suffix":".png"},{"suffix":{"equals-ignore-case":".jpg"}}]}`, []string{`{"a":"b.png"}`, `{"a":"b.JPG"}`}, []string{`{"a":"b.PNG"}`, `{"a":"jpg"}`}},
	{`{"a":[{"equals-ignore-case":"Ä"}]}`, []string{`{"a":"ä"}`, `{"a":"\u00c4"}`}, []string{`{"a":"a"}`}},
	{`{"a":[{"wildcard":"a*b*\\*c"}]}`, []string{`{"a":"ab*c"}`, `{"a":"axxbxb*c*c"}`}, []string{`{"a":"abc"}`, `{"a":"ab*cd"}`, `{"a":"b*c"}`}},
	{`{"a":[{"wildcard":"a*"}]}`, []string{`{"a":"a"}`, `{"a":"ab"}`}, []string{`{"a":"ba"}`, `{"a":7}`}},
	{`{"a":[{"wildcard":"ab*ba"}]}`, []string{`{"a":"abba"}`}, []string{`{"a":"aba"}`}},
	{`{"a":[{"anything-but":"x"}]}`, []string{`{"a":"y"}`, `{"a":1}`, `{"a":null}`, `{"a":["x","y"]}`}, []string{`{"a":"x"}`, `{}`, `{"a":{}}`, `{"a":[]}`}},
	{`{"a":[{"anything-but":[1,2]}]}`, []string{`{"a":3}`, `{"a":"1"}`}, []string{`{"a":1}`}},
	{`{"a":[{"anything-but":{"prefix":["x","y"]}}]}`, []string{`{"a":"z"}`, `{"a":1}`}, []string{`{"a":"xa"}`, `{"a":"ya"}`}},
	{`{"a":[{"anything-but":{"suffix":"x"}}]}`, []string{`{"a":"xa"}`}, []string{`{"a":"ax"}`}},
	{`{"a":[{"anything-but":{"wildcard":["*/lib/*"]}}]}`, []string{`{"a":"/bin/x"}`}, []string{`{"a":"/lib/x"}`}},
	{`{"a":[{"anything-but":{"equals-ignore-case":["x"]}}]}`, []string{`{"a":"y"}`}, []string{`{"a":"X"}`}},
	{`{"a":[{"numeric":[">",0,"<=",5]}]}`, []string{`{"a":5}`, `{"a":5.0}`, `{"a":1e-9}`}, []string{`{"a":0}`, `{"a":5.001}`, `{"a":"3"}`, `{"a":1e999}`, `{"a":true}`}},
	{`{"a":[{"numeric":["=",300]}]}`, []string{`{"a":300}`, `{"a":3.0e2}`}, []string{`{"a":301}`}},
	{`{"a":[{"numeric":["<",-1.5]}]}`, []string{`{"a":-2}`, `{"a":-1e999}`}, []string{`{"a":-1.5}`}},
	{`{"a":[{"cidr":"10.0.0.9/24"},{"cidr":"2001:db8::/32"}]}`, []string{`{"a":"10.0.0.255"}`, `{"a":"2001:db8::1"}`}, []string{`{"a":"10.0.1.0"}`, `{"a":"ten"}`, `{"a":10}`}},
	{`{"a":[{"exists":true}]}`, []string{`{"a":null}`, `{"a":[[],1]}`}, []string{`{}`, `{"a":{"b":1}}`, `{"a":[]}`, `{"a":[{"b":1}]}`}},
	{`{"a":["x",{"exists":false}]}`, []string{`{}`, `{"a":"x"}`, `{"a":{"b":1}}`}, []string{`{"a":"y"}`}},
	{`{"a":{"b":[{"exists":false}]}}`, []string{`{}`, `{"a":{}}`, `{"a":1}`, `{"a":[]}`}, []string{`{"a":{"b":1}}`}},
	{`{"$or":[{"a":[1]},{"b":["x"],"c":["y"]}],"d":[2]}`, []string{`{"a":1,"d":2}`, `{"b":"x","c":"y","d":2}`}, []string{`{"a":1}`, `{"b":"x","d":2}`}},
	{`{"a":{"$or":[{"b":[1]},{"b":[2],"$or":[{"c":[1]},{"c":[2]}]}]}}`, []string{`{"a":{"b":1}}`, `{"a":{"b":2,"c":2}}`}, []string{`{"a":{"b":2}}`, `{"b":1}`}},
	{`{"$or":[{"prefix":"x"},{"prefix":"y"}]}`, []string{`{"$or":"xa"}`}, []string{`{"prefix":"x"}`}},
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		p, err := Compile(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		for wanted, events := range map[bool][]string{true: c.yes, false: c.no} {
			for _, event := range events {
				if got := p.Match([]byte(event)); got != wanted {
					t.Errorf("%s on %s: %t, want %t", c.pattern, event, got, wanted)
				}
			}
		}
	}
}

// refused are patterns that cannot be, with a word of the reason.
var refused = []struct{ pattern, says string }{
	{``, "JSON"},
	{`{`, "JSON"},
	{`{"a":["x"]} {}`, "follows"},
	{`[]`, "not a JSON object"},
	{`"a"`, "not a JSON object"},
	{`{}`, "empty"},
	{`{"a":{}}`, "empty"},
	{`{"a":[]}`, "empty"},
	{`{"a":"x"}`, "object or an array"},
	{`{"a":["x"],"a":["y"]}`, "twice"},
	{`{"a":[["x"]]}`, "stands in an array"},
	{`{"a":[{}]}`, "one field"},
	{`{"a":[{"prefix":"x","suffix":"y"}]}`, "one field"},
	{`{"a":[{"like":"x"}]}`, `no operator "like"`},
	{`{"a":[{"prefix":1}]}`, "string"},
	{`{"a":[{"wildcard":{"equals-ignore-case":"x"}}]}`, "string"},
	{`{"a":[{"wildcard":"a**b"}]}`, "stars"},
	{`{"a":[{"wildcard":"a\\b"}]}`, "backslash"},
	{`{"a":[{"exists":"true"}]}`, "exists"},
	{`{"a":[{"numeric":[]}]}`, "numeric"},
	{`{"a":[{"numeric":[">=<",1]}]}`, "numeric"},
	{`{"a":[{"numeric":["=","1"]}]}`, "numeric"},
	{`{"a":[{"numeric":["<",1,">",0]}]}`, "numeric"},
	{`{"a":[{"numeric":["=",1,"<",2]}]}`, "numeric"},
	{`{"a":[{"numeric":[">",1,"<",1]}]}`, "not below"},
	{`{"a":[{"numeric":["=",5000000001]}]}`, "5.0e9"},
	{`{"a":[{"numeric":["=",1e999]}]}`, "5.0e9"},
	{`{"a":[{"cidr":"10.0.0.0/33"}]}`, "cidr"},
	{`{"a":[{"cidr":7}]}`, "cidr"},
	{`{"a":[{"anything-but":null}]}`, "anything-but"},
	{`{"a":[{"anything-but":[]}]}`, "anything-but"},
	{`{"a":[{"anything-but":[1,"x"]}]}`, "anything-but"},
	{`{"a":[{"anything-but":[true]}]}`, "anything-but"},
	{`{"a":[{"anything-but":{"numeric":["=",1]}}]}`, "numeric"},
	{`{"a":[{"anything-but":{"prefix":""}}]}`, "empty"},
	{`{"a":[{"anything-but":{"prefix":[]}}]}`, "empty"},
	{`{"$or":[{"a":[1]},{}]}`, "empty"},
	{`{"$or":[{"a":[1]}]}`, `no operator "a"`},
	{"{\"a\":[\"\xff\"]}", "UTF-8"},
	{strings.Repeat(`{"a":`, 60) + `[1]` + strings.Repeat(`}`, 60), "deeper"},
	{`{"a":` + strings.Repeat(`[`, 1000) + strings.Repeat(`]`, 1000) + `}`, "deeper"},
	{`{` + strings.TrimSuffix(strings.Repeat(`"a":{"$or":[{"b":[1]},{"c":[2]}],`, 11)+`"z":[1]`+strings.Repeat(`}`, 11), ",") + `}`, "combinations"},
}

func TestBadPatternsAreRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	for _, c := range refused {
		if _, err := Compile(c.pattern); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.80s: got %v, want an error saying %q", c.pattern, err, c.says)
		}
	}
}

func TestMatchFields(t *testing.T) {
	t.Parallel()
	p, err := Compile(`{"$or":[{"data":{"x":[1]}},{"key":["k"]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Fields() {
		if f.Nested != (f.Name == "data") {
			t.Errorf("field %+v", f)
		}
	}
	for _, c := range []struct {
		data, key string
		want      bool
	}{{` {"x":1}`, ``, true}, {`{"x":2}`, `"k"`, true}, {`{"x":2}`, `"l"`, false}, {``, ``, false}} {
		got := p.MatchFields(func(name string) []byte {
			return []byte(map[string]string{"data": c.data, "key": c.key}[name])
		})
		if got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

// drawPattern draws a valid pattern over few names and texts, so that events hit.
func drawPattern(t *rapid.T, depth int) map[string]any {
	m := map[string]any{}
	for range rapid.IntRange(1, 2).Draw(t, "fields") {
		name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name")
		switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
		case kind == 0 && depth > 0:
			m[name] = drawPattern(t, depth-1)
		case kind == 1 && depth > 0:
			m["$or"] = []any{drawPattern(t, depth-1), drawPattern(t, depth-1)}
		default:
			m[name] = rapid.SliceOfN(rapid.Custom(drawAlternative), 1, 2).Draw(t, "alternatives")
		}
	}
	return m
}

func drawAlternative(t *rapid.T) any {
	text := rapid.SampledFrom([]string{"x", "ab", "AB", "Kß", "10.0.0.1"}).Draw(t, "text")
	number := json.Number(rapid.SampledFrom([]string{"0", "1", "1.0", "-2", "3e0"}).Draw(t, "number"))
	op := rapid.SampledFrom([]string{"prefix", "suffix", "equals-ignore-case"}).Draw(t, "operator")
	return rapid.SampledFrom([]any{
		text, number, true, nil,
		map[string]any{op: text},
		map[string]any{"prefix": map[string]any{"equals-ignore-case": text}},
		map[string]any{"suffix": map[string]any{"equals-ignore-case": text}},
		map[string]any{"wildcard": rapid.SampledFrom([]string{"*", "a*", "*b", "a*b", "*.0.*", `\*`, "x"}).Draw(t, "wildcard")},
		map[string]any{"anything-but": text},
		map[string]any{"anything-but": []any{number, json.Number("7")}},
		map[string]any{"anything-but": map[string]any{op: []any{text, "y"}}},
		map[string]any{"numeric": []any{rapid.SampledFrom([]string{"=", "<", "<=", ">", ">="}).Draw(t, "comparison"), number}},
		map[string]any{"numeric": []any{">=", number, "<", json.Number("4")}},
		map[string]any{"cidr": "10.0.0.0/30"},
		map[string]any{"exists": true},
		map[string]any{"exists": false},
	}).Draw(t, "alternative")
}

func drawValue(t *rapid.T, depth int) any {
	switch kind := rapid.IntRange(0, 6).Draw(t, "kind"); {
	case kind == 0 && depth > 0:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			list = append(list, drawValue(t, depth-1))
		}
		return list
	case kind <= 2 && depth > 0:
		return drawEvent(t, depth-1)
	default:
		return rapid.SampledFrom([]any{
			"x", "ab", "Ab", "abba", "kß", "Kss", "", "*", "10.0.0.1", "10.0.0.9", true, false, nil,
			json.Number("0"), json.Number("1"), json.Number("1.0"), json.Number("-2"), json.Number("3"),
		}).Draw(t, "scalar")
	}
}

func drawEvent(t *rapid.T, depth int) map[string]any {
	m := map[string]any{}
	for _, name := range []string{"a", "b", "c"} {
		if rapid.IntRange(0, 3).Draw(t, "there") > 0 {
			m[name] = drawValue(t, depth)
		}
	}
	return m
}

func TestMatchAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	hits := 0
	rapid.Check(t, func(rt *rapid.T) {
		pattern, _ := json.Marshal(drawPattern(rt, 2))
		p, err := Compile(string(pattern))
		if err != nil {
			rt.Fatalf("%s: %v", pattern, err)
		}
		for range 25 { // so that some match, however few patterns are drawn
			event, _ := json.Marshal(drawEvent(rt, 3))
			want := naive(string(pattern), string(event))
			if want {
				hits++
			}
			if got := p.Match(event); got != want {
				rt.Fatalf("%s on %s: %t, the model says %t", pattern, event, got, want)
			}
		}
	})
	if hits == 0 {
		t.Error("no drawn event matched: the test is blind")
	}
}

func FuzzPattern(f *testing.F) {
	for _, c := range cases {
		for _, event := range append(c.yes, c.no...) {
			f.Add(c.pattern, event)
		}
	}
	for _, c := range refused {
		f.Add(c.pattern, `{"a":"x"}`)
	}
	f.Fuzz(func(t *testing.T, pattern, event string) {
		p, err := Compile(pattern)
		if err != nil {
			return
		}
		want := json.Valid([]byte(event)) && naive(pattern, event)
		if got := p.Match([]byte(event)); got != want {
			t.Errorf("%s on %s: %t, the model says %t", pattern, event, got, want)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	p, err := Compile(`{"order":{"type":["buy"],"quantity":[{"numeric":[">",100]}]}}`)
	if err != nil {
		b.Fatal(err)
	}
	event := []byte(`{"record":12345,"customer":{"name":"someone","tags":["a","b","c"]},"order":{"type":"buy","stock":"ANYCO","quantity":1000}}`)
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		if !p.Match(event) {
			b.Fatal("no match")
		}
	}
}
