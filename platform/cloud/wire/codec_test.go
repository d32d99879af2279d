package wire

import (
	"encoding/xml"
	"math"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

type nested struct {
	Key   string
	Value *int64
}

type everything struct {
	Name     string
	Count    int32
	Ratio    float64
	On       *bool
	Blob     []byte
	At       time.Time
	Stamp    Timestamp
	Inner    nested
	Pointer  *nested
	Names    []string
	List     []nested
	Map      map[string]int
	Renamed  string `json:"aliased"`
	Internal string `json:"-"`
}

func TestQueryDecode(t *testing.T) {
	t.Parallel()
	seven, yes := int64(7), true
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		name, form string
		want       everything
	}{
		{"scalars", "Action=X&Name=a%20b&Count=-3&Ratio=0.5&On=true&Blob=AP8%3D", everything{Name: "a b", Count: -3, Ratio: 0.5, On: &yes, Blob: []byte{0, 255}}},
		{"times", "At=2026-01-02T03:04:05Z&Stamp=2026-01-02T03:04:05Z", everything{At: at, Stamp: Timestamp{at}}},
		{"structs", "Inner.Key=k&Inner.Value=7&Pointer.Key=p", everything{Inner: nested{"k", &seven}, Pointer: &nested{Key: "p"}}},
		{"list with member", "List.member.1.Key=a&List.member.2.Key=b&List.member.2.Value=7", everything{List: []nested{{Key: "a"}, {"b", &seven}}}},
		{"flat list", "Names.1=a&Names.2=b", everything{Names: []string{"a", "b"}}},
		{"list in numeric order, gaps closed", "Names.member.10=c&Names.member.2=b&Names.member.999999999=d", everything{Names: []string{"b", "c", "d"}}},
		{"empty list", "Names=", everything{Names: []string{}}},
		{"map", "Map.entry.1.key=a&Map.entry.1.value=1&Map.entry.2.key=b&Map.entry.2.value=2", everything{Map: map[string]int{"a": 1, "b": 2}}},
		{"renamed and unknown", "aliased=x&Internal=y&Nope.member.1=z", everything{Renamed: "x"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got everything
			if err := (queryCodec{}).Decode(&Call{Body: []byte(tc.form)}, nil, &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestQueryRefusesHostileInput(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]string{
		"wrong type":        "Count=many",
		"overflow":          "Count=9999999999",
		"not base64":        "Blob=***",
		"structure":         "Name.Sub=1",
		"not an index":      "Names.member.x=1",
		"negative index":    "Names.member.-1=1",
		"map without value": "Map.entry.1.key=a",
		"too deep":          "A" + strings.Repeat(".A", 50) + "=1",
		"too many":          strings.Repeat("A=1&", queryMaxParameters+1),
		"bad escape":        "A=%zz",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := (queryCodec{}).Decode(&Call{Body: []byte(form)}, nil, new(everything))
			if e, ok := err.(*Error); !ok || e.Code != "MalformedInput" || e.HTTPStatus() != 400 {
				t.Errorf("got %v, want MalformedInput", err)
			}
		})
	}
}

func TestXMLReply(t *testing.T) {
	t.Parallel()
	type output struct {
		User    nested
		Names   []string
		Empty   []string
		Left    []string `json:",omitempty"`
		Created time.Time
		Blob    []byte
		Map     map[string]string
		None    *nested
	}
	seven := int64(7)
	call := &Call{Operation: "GetIt", RequestID: "id-1"}
	reply, err := queryCodec{namespace: "https://x/"}.Encode(call, &output{
		User: nested{"a<b&\x00", &seven}, Names: []string{"x", "y"}, Created: time.Unix(0, 5e8),
		Blob: []byte{0}, Map: map[string]string{"b": "2", "a": "1"},
	})
	want := `<GetItResponse xmlns="https://x/"><GetItResult>` +
		`<User><Key>a&lt;b&amp;` + "\uFFFD" + `</Key><Value>7</Value></User>` +
		`<Names><member>x</member><member>y</member></Names><Empty></Empty>` +
		`<Created>1970-01-01T00:00:00Z</Created><Blob>AA==</Blob>` +
		`<Map><entry><key>a</key><value>1</value></entry><entry><key>b</key><value>2</value></entry></Map>` +
		`</GetItResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetItResponse>`
	if err != nil || string(reply.Body) != want {
		t.Errorf("got  %s, %v\nwant %s", reply.Body, err, want)
	}
	none, err := queryCodec{}.Encode(call, nil)
	if want := `<GetItResponse><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetItResponse>`; err != nil || string(none.Body) != want {
		t.Errorf("nil output: got %s, %v", none.Body, err)
	}
	failed := queryCodec{}.EncodeError(call, &Error{Code: "NoSuchEntity", Message: "a<b", Status: 404})
	if want := `<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>a&lt;b</Message></Error><RequestId>id-1</RequestId></ErrorResponse>`; failed.Status != 404 || string(failed.Body) != want {
		t.Errorf("error: got %d %s", failed.Status, failed.Body)
	}
}

func TestJSONRefusesWrongTypes(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``:                                 "Start of structure",
		`null`:                             "Start of structure",
		`[]`:                               "Start of structure",
		`{"Name":1}`:                       "NUMBER_VALUE can not be converted to a String",
		`{"Count":"1"}`:                    "STRING_VALUE can not be converted to an Integer",
		`{"Count":1.5}`:                    "NUMBER_VALUE can not be converted to an Integer",
		`{"On":"true"}`:                    "STRING_VALUE can not be converted to a Boolean",
		`{"Count":"1","Name":{}}`:          "Start of structure or map found where not expected.",
		`{"Inner":7}`:                      "Expected null",
		`{"Inner":[]}`:                     "Start of list found where not expected",
		`{"List":{}}`:                      "Start of structure or map found where not expected.",
		`{"List":"a"}`:                     "Expected list or null",
		`{"List":[[]]}`:                    "Start of list found where not expected",
		`{"Map":7}`:                        "Expected map or null",
		`{"Map":{"a":"b"}}`:                "STRING_VALUE can not be converted to an Integer",
		`{"Name":{}}`:                      "Start of structure or map found where not expected.",
		`{"Name":[]}`:                      "Start of list found where not expected",
		`{"Blob":[1,2,3]}`:                 "Start of list found where not expected",
		`{"Blob":7}`:                       "NUMBER_VALUE can not be converted to a Blob",
		"{\"Name\":\"\xff\"}":              "not valid UTF-8",
		"{\"Unknown\":\"\xed\xa0\x80\"}":   "not valid UTF-8",
		`{"Blob":"***"}`:                   "not valid base64",
		`{"Name":"a"} x`:                   "not valid JSON",
		`{"Name":"a`:                       "not valid JSON",
		`{"Stamp":"yesterday"}`:            "STRING_VALUE can not be converted to milliseconds since epoch",
		`{"Stamp":true}`:                   "BOOLEAN_VALUE can not be converted to milliseconds since epoch",
		`{"Stamp":[1]}`:                    "Start of list found where not expected",
		`{"Stamp":{}}`:                     "Start of structure or map found where not expected.",
		`{"Stamp":1e300}`:                  "timestamp",
		strings.Repeat(`{"Inner":`, 20000): "",
	} {
		err := (jsonCodec{}).Decode(&Call{Body: []byte(body)}, nil, new(everything))
		e, ok := err.(*Error)
		if !ok || e.Code != "SerializationException" || !strings.Contains(e.Message, want) {
			t.Errorf("%.60s: got %v, want %s", body, err, want)
		}
	}
}

func TestJSONMembersMatchToTheLetter(t *testing.T) {
	t.Parallel()
	type outer struct {
		nested
		everything
	}
	var got outer
	body := `{"name":"no","COUNT":1,"Name":"first","Name":"Ada","Key":"k","Inner":null,"Pointer":{"Key":"p","value":9},
		"List":[null,{"Value":7}],"Map":{"a":1,"A":2},"Blob":"AP8=","aliased":"x","Renamed":"no","Internal":"no","Stamp":1.5,"Nope":[{}]}`
	if err := (jsonCodec{}).Decode(&Call{Body: []byte(body)}, nil, &got); err != nil {
		t.Fatal(err)
	}
	seven := int64(7)
	want := outer{nested{Key: "k"}, everything{
		Name: "Ada", Pointer: &nested{Key: "p"}, List: []nested{{}, {Value: &seven}}, Map: map[string]int{"a": 1, "A": 2},
		Blob: []byte{0, 255}, Renamed: "x", Stamp: got.Stamp,
	}}
	if !reflect.DeepEqual(got, want) || got.Stamp.UnixMilli() != 1500 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestJSONReplies(t *testing.T) {
	t.Parallel()
	c := jsonCodec{contentType: "application/x-amz-json-1.0"}
	reply, err := c.Encode(nil, map[string]any{"A": "<&>", "T": Timestamp{time.UnixMilli(1480641523477)}})
	if err != nil || string(reply.Body) != `{"A":"<&>","T":1480641523.477}` || reply.ContentType != "application/x-amz-json-1.0" {
		t.Errorf("got %s, %v", reply.Body, err)
	}
	e := c.EncodeError(nil, &Error{Code: "X", Message: "m", QueryCode: "AWS.X", Fields: map[string]any{"Reasons": []int{1}}})
	if e.Status != 400 || string(e.Body) != `{"Reasons":[1],"__type":"X","message":"m"}` ||
		e.Header["X-Amzn-Query-Error"] != "AWS.X;Sender" || e.Header["X-Amzn-Errortype"] != "X" {
		t.Errorf("got %+v %s", e, e.Body)
	}
}

func TestRESTDecode(t *testing.T) {
	t.Parallel()
	req, err := http.NewRequest(http.MethodPut, "http://h/x?count=5&Names=a&Names=b&nope=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	var got everything
	call := &Call{HTTP: req, Body: []byte(`{"Name":"body","Ratio":2}`)}
	if err := DecodeREST(call, map[string]string{"name": "path"}, &got); err != nil {
		t.Fatal(err)
	}
	if want := (everything{Name: "path", Ratio: 2, Count: 5, Names: []string{"a", "b"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	req.URL.RawQuery = "Count=x"
	if err := DecodeREST(call, nil, &got); err == nil || !strings.Contains(err.Error(), "SerializationException") {
		t.Errorf("bad query value: %v", err)
	}
}

// wellFormed fails the test unless body is XML.
func wellFormed(t *testing.T, body []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(body)))
	for {
		if _, err := d.Token(); err != nil {
			if err.Error() != "EOF" {
				t.Fatalf("reply %q is not XML: %v", body, err)
			}
			return
		}
	}
}

func TestDoublesKeepTheirPoint(t *testing.T) {
	t.Parallel()
	type output struct{ Value Double }
	for value, want := range map[Double]string{3: "3.0", 0: "0.0", -1.5: "-1.5", 1e21: "1e+21", 100000: "100000.0"} {
		for codec, body := range map[Codec]string{
			jsonCodec{contentType: "application/x-amz-json-1.0"}: `{"Value":` + want + `}`,
			queryCodec{}: "<Value>" + want + "</Value>",
		} {
			reply, err := codec.Encode(&Call{Operation: "Op"}, &output{value})
			if err != nil || !strings.Contains(string(reply.Body), body) {
				t.Errorf("%g: %s, %v; want %s", value, reply.Body, err, body)
			}
		}
	}
	if reply, err := (jsonCodec{}).Encode(nil, &output{Double(math.NaN())}); err == nil {
		t.Errorf("NaN became %s", reply.Body)
	}
}

func TestNumbersThatJSONSpellsOut(t *testing.T) {
	t.Parallel()
	type input struct{ Value *float64 }
	for text, want := range map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)} {
		var in input
		if err := DecodeJSON([]byte(`{"Value":"`+text+`"}`), &in); err != nil || math.Float64bits(*in.Value) != math.Float64bits(want) {
			t.Errorf("%s: %v, %v", text, in.Value, err)
		}
	}
	var in input
	if err := DecodeJSON([]byte(`{"Value":"inf"}`), &in); err == nil || !strings.Contains(err.Error(), "can not be converted to a Double") {
		t.Errorf("another word: %v", err)
	}
}

// The eleventh violation is neither said nor worded: a list of a million wrong
// elements must not cost seconds.
func TestViolationsEndAtTen(t *testing.T) {
	t.Parallel()
	var v Violations
	worded := 0
	for range 1000 {
		v.Add("path", countingValue{&worded}, "Member must be right")
		v.Null("other")
	}
	if err := v.Err(); !strings.HasPrefix(err.Error(), "ValidationException: 10 validation errors detected: ") || strings.Count(err.Error(), "; ") != 9 || worded != 5 {
		t.Errorf("%d worded: %v", worded, err)
	}
}

// countingValue counts how often it is put into words.
type countingValue struct{ times *int }

func (c countingValue) String() string {
	*c.times++
	return "wrong"
}
