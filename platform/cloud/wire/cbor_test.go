package wire

import (
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

func older() cborCodec { return cborCodec{cborDialect{contentType: cborContentType}} }

func rpc() cborCodec { return cborCodec{cborDialect{contentType: rpcCBORContentType, rpc: true}} }

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	body, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestCBORDecode(t *testing.T) {
	t.Parallel()
	seven, yes := int64(7), true
	at := time.UnixMilli(1480641523477).UTC()
	for _, tc := range []struct {
		name, body string
		want       everything
	}{
		{"nothing", "a0", everything{}},
		{"definite map", "a2 644e616d65 6161 65436f756e74 22", everything{Name: "a", Count: -3}},
		{"indefinite map", "bf 644e616d65 6161 65436f756e74 22 ff", everything{Name: "a", Count: -3}},
		{"text in chunks", "bf 644e616d65 7f 6161 60 626263 ff ff", everything{Name: "abc"}},
		{"name in chunks", "bf 7f 624e61 626d65 ff 6161 ff", everything{Name: "a"}},
		{"blob", "a1 64426c6f62 42 00ff", everything{Blob: []byte{0, 255}}},
		{"blob in chunks", "a1 64426c6f62 5f 4100 41ff ff", everything{Blob: []byte{0, 255}}},
		{"empty blob", "a1 64426c6f62 40", everything{Blob: []byte{}}},
		{"double, single, half", "a1 65526174696f fb3fe0000000000000", everything{Ratio: 0.5}},
		{"single", "a1 65526174696f fa3f000000", everything{Ratio: 0.5}},
		{"half", "a1 65526174696f f93800", everything{Ratio: 0.5}},
		{"integer where a double is expected", "a1 65526174696f 22", everything{Ratio: -3}},
		{"Boolean", "a1 624f6e f5", everything{On: &yes}},
		{"milliseconds", "a1 655374616d70 c1 1b00000158bd1caf15", everything{Stamp: Timestamp{at}}},
		{"milliseconds without a tag", "a1 655374616d70 1b00000158bd1caf15", everything{Stamp: Timestamp{at}}},
		{"seconds", "a1 655374616d70 c1 fb41d61032fcde872b", everything{Stamp: Timestamp{at}}},
		{"structs", "a2 65496e6e6572 a1 6556616c7565 07 67506f696e746572 bf 634b6579 6170 ff", everything{Inner: nested{Value: &seven}, Pointer: &nested{Key: "p"}}},
		{"lists", "a2 654e616d6573 9f 6161 6162 ff 644c697374 82 a1 634b6579 6161 a0", everything{Names: []string{"a", "b"}, List: []nested{{Key: "a"}, {}}}},
		{"empty list", "a1 654e616d6573 80", everything{Names: []string{}}},
		{"map", "a1 634d6170 a2 6161 01 6162 02", everything{Map: map[string]int{"a": 1, "b": 2}}},
		{"nulls", "a3 644e616d65 f6 67506f696e746572 f7 654e616d6573 81 f6", everything{Names: []string{""}}},
		{"unknown members of every kind", "a2 6178 88 20 41ff 5f4101ff 6161 8180 a16179 f4 c2 4101 f90000 644e616d65 6161", everything{Name: "a"}},
		{"other tags mean nothing", "d9d9f7 a1 644e616d65 d820 6161", everything{Name: "a"}},
		{"renamed and internal", "a2 67616c6961736564 6178 68496e7465726e616c 6179", everything{Renamed: "x"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got everything
			if err := older().Decode(&Call{Body: unhex(t, tc.body)}, nil, &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestCBORDialectsDifferInTime(t *testing.T) {
	t.Parallel()
	at := Timestamp{time.UnixMilli(1480641523477).UTC()}
	value := struct{ Stamp Timestamp }{at}
	for _, tc := range []struct {
		codec cborCodec
		want  string
	}{
		{older(), "bf655374616d70c11b00000158bd1caf15ff"},
		{rpc(), "bf655374616d70c1fb41d61032fcde872bff"},
	} {
		reply, err := tc.codec.Encode(nil, &value)
		if err != nil {
			t.Fatal(err)
		}
		var back struct{ Stamp Timestamp }
		if err := tc.codec.Decode(&Call{Body: reply.Body}, nil, &back); err != nil || !back.Stamp.Equal(at.Time) {
			t.Errorf("%x read back as %v, %v", reply.Body, back.Stamp, err)
		}
		if got := hex.EncodeToString(reply.Body); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.codec.dialect.contentType, got, tc.want)
		}
	}
	var back struct{ Stamp Timestamp }
	whole := unhex(t, "a1 655374616d70 c1 1a58409db3") // whole seconds
	if err := rpc().Decode(&Call{Body: whole}, nil, &back); err != nil || back.Stamp.Unix() != 0x58409db3 {
		t.Errorf("whole seconds read as %v, %v", back.Stamp, err)
	}
}

// TestCBORAsTheSDKReadsIt has AWS's own reader for Go read what is written here.
func TestCBORAsTheSDKReadsIt(t *testing.T) {
	t.Parallel()
	yes, seven := true, int64(-70000)
	reply, err := rpc().Encode(nil, &everything{
		Name: "grüße", Count: 1 << 20, Ratio: math.Pi, On: &yes, Blob: []byte{1, 2},
		Stamp: Timestamp{time.UnixMilli(1480641523477)}, Inner: nested{Value: &seven},
		Names: []string{"a", strings.Repeat("b", 300)}, Map: map[string]int{"k": 5}, Internal: "no",
	})
	if err != nil {
		t.Fatal(err)
	}
	if reply.Header["Smithy-Protocol"] != "rpc-v2-cbor" || reply.ContentType != "application/cbor" {
		t.Errorf("reply %+v", reply)
	}
	value, err := cbor.Decode(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := value.(cbor.Map)
	stamp := got["Stamp"].(*cbor.Tag)
	want := cbor.Map{
		"Name": cbor.String("grüße"), "Count": cbor.Uint(1 << 20), "Ratio": cbor.Float64(math.Pi),
		"On": cbor.Bool(true), "Blob": cbor.Slice{1, 2}, "At": got["At"], "Stamp": stamp,
		"Inner":   cbor.Map{"Key": cbor.String(""), "Value": cbor.NegInt(70000)},
		"Pointer": &cbor.Nil{}, "Names": cbor.List{cbor.String("a"), cbor.String(strings.Repeat("b", 300))},
		"List": &cbor.Nil{}, "Map": cbor.Map{"k": cbor.Uint(5)}, "aliased": cbor.String(""),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
	if stamp.ID != 1 || stamp.Value != cbor.Float64(1480641523.477) {
		t.Errorf("instant %#v", stamp)
	}
}

func TestCBORErrors(t *testing.T) {
	t.Parallel()
	reply := older().EncodeError(nil, &Error{Code: "ResourceNotFoundException", Message: "no", Fields: map[string]any{"Extra": []any{1, nil}}})
	value, err := cbor.Decode(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := cbor.Map{
		"__type": cbor.String("ResourceNotFoundException"), "message": cbor.String("no"),
		"Extra": cbor.List{cbor.Uint(1), &cbor.Nil{}},
	}
	if !reflect.DeepEqual(value, want) || reply.Status != 400 || reply.ContentType != cborContentType {
		t.Errorf("got %+v: %#v", reply, value)
	}
	unfit := rpc().EncodeError(nil, &Error{Code: "X", Fields: map[string]any{"F": func() {}}})
	if value, err = cbor.Decode(unfit.Body); err != nil || value.(cbor.Map)["__type"] != cbor.String("X") {
		t.Errorf("a field that CBOR cannot hold: %#v, %v", value, err)
	}
}

func TestCBORRefuses(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":                        "",
		"a list":                         "80",
		"a tag of nothing":               "c1",
		"a map cut short":                "a1",
		"an open map":                    "bf",
		"a head cut short":               "b9 01",
		"a reserved length":              "bc",
		"a break for a value":            "a1 6178 ff",
		"a break in a definite map":      "a2 6178 01 ff",
		"an odd indefinite map":          "bf 6178 ff",
		"bytes after the end":            "a0 00",
		"a longer list than the body":    "a1 654e616d6573 9b 7fffffffffffffff",
		"a longer text than the body":    "a1 644e616d65 7b 7fffffffffffffff",
		"a longer unknown blob":          "a1 6178 5b ffffffffffffffff",
		"a chunk of another kind":        "a1 644e616d65 7f 4161 ff",
		"a chunk without an end":         "a1 644e616d65 7f 7f 6161 ff ff",
		"text that is no UTF-8":          "a1 644e616d65 61ff",
		"a name that is no text":         "a1 01 01",
		"a number for a text":            "a1 644e616d65 01",
		"a text for a number":            "a1 65436f756e74 6161",
		"a fraction for an integer":      "a1 65436f756e74 f93800",
		"an integer too large":           "a1 65436f756e74 1a80000000",
		"an integer beyond 64 bits":      "a1 65436f756e74 1bffffffffffffffff",
		"a text for a blob":              "a1 64426c6f62 6161",
		"a blob for a text":              "a1 644e616d65 4161",
		"a list for a blob":              "a1 64426c6f62 8101",
		"a list for a structure":         "a1 65496e6e6572 80",
		"a structure for a list":         "a1 654e616d6573 a0",
		"a number for a Boolean":         "a1 624f6e 01",
		"a Boolean for a number":         "a1 65436f756e74 f5",
		"a simple value that is nothing": "a1 624f6e e0",
		"an instant that is a text":      "a1 655374616d70 c1 6161",
		"an instant that is no number":   "a1 655374616d70 c1 f97e00",
		"an instant beyond all time":     "a1 655374616d70 c1 1b7fffffffffffffff",
		"nesting without end":            "a1 6178" + strings.Repeat("81", 1000),
		"indefinite nesting":             "a1 6178" + strings.Repeat("9f", 100_000),
		"tags without end":               "a1 6178" + strings.Repeat("c1", 1000),
	} {
		var in everything
		var refusal *Error
		if err := older().Decode(&Call{Body: unhex(t, body)}, nil, &in); !errors.As(err, &refusal) || refusal.Code != codeSerialization {
			t.Errorf("%s: %v, want a SerializationException", name, err)
		}
	}
}

// A body of many tiny elements must not become a multiple of itself in memory.
func TestCBORBoundsMemory(t *testing.T) {
	t.Parallel()
	type wide struct{ A, B, C, D, E, F, G, H, I, J string }
	const elements = 4 << 20
	for name, body := range map[string]string{
		"definite":   "\xa1\x64List\x9a\x00\x40\x00\x00" + strings.Repeat("\xa0", elements),
		"indefinite": "\xa1\x64List\x9f" + strings.Repeat("\xa0", elements) + "\xff",
		"pointers":   "\xa1\x68Pointers\x9f" + strings.Repeat("\xa0", elements) + "\xff",
	} {
		var in struct {
			List     []wide
			Pointers []*wide
		}
		err := older().Decode(&Call{Body: []byte(body)}, nil, &in)
		if err == nil || !strings.Contains(err.Error(), "more elements than its size allows") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCBOR(f *testing.F) {
	for _, seed := range []string{
		"a0", "bfff", "a2 644e616d65 6161 65436f756e74 22", "bf 644e616d65 7f 6161 626263 ff ff",
		"a1 64426c6f62 5f 4100 41ff ff", "a1 65526174696f f93800", "a1 655374616d70 c1 1b00000158bd1caf15",
		"a1 655374616d70 c1 fb41d61032fcde872b", "a1 644c697374 82 a1 634b6579 6161 a0", "a1 634d6170 a1 6161 01",
		"a1 6178 9f9f9f", "a1 654e616d6573 9b 7fffffffffffffff", "d9d9f7 a1 624f6e f5",
	} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, codec := range []cborCodec{older(), rpc()} {
			var in, again everything
			if err := codec.Decode(&Call{Body: body}, nil, &in); err != nil {
				refused(t, err)
				continue
			}
			reply, err := codec.Encode(nil, &in)
			if err != nil {
				t.Fatalf("decoded from %x but does not encode: %v", body, err)
			}
			if err := codec.Decode(&Call{Body: reply.Body}, nil, &again); err != nil {
				t.Fatalf("what was encoded does not decode: %v", err)
			}
			if math.IsNaN(in.Ratio) {
				in.Ratio, again.Ratio = 0, 0
			}
			if !reflect.DeepEqual(in, again) {
				t.Fatalf("%x became %+v, then %+v", body, in, again)
			}
		}
	})
}
