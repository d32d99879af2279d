package ledger

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want ID
		ok   bool
	}{
		{"d000042-000007", ID{42, 7}, true},
		{"d000000-000000", ID{}, true},
		{"d999999-1000000", ID{999_999, 1_000_000}, true},
		{"d16777215-16777215", ID{MaxDevice, MaxSeq}, true},
		{"d16777216-000000", ID{}, false},
		{"d000000-16777216", ID{}, false},
		{"d42-7", ID{}, false},           // not as String writes it
		{"d0000042-000007", ID{}, false}, // nor this
		{"d000042-00000a", ID{}, false},
		{"d00004٢-000007", ID{}, false},
		{"d+00042-000007", ID{}, false},
		{"d000042-000007-1", ID{}, false},
		{"D000042-000007", ID{}, false},
		{"d000042", ID{}, false},
		{"d4294967338-000007", ID{}, false}, // 2^32 + 42
		{"web-1", ID{}, false},
		{"", ID{}, false},
	} {
		got, err := ParseID(c.text)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%q: got %+v, %v", c.text, got, err)
		}
	}
}

func TestIDRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := ID{rapid.Uint32Range(0, MaxDevice).Draw(t, "device"), rapid.Uint32Range(0, MaxSeq).Draw(t, "seq")}
		if want := fmt.Sprintf("d%06d-%06d", id.Device, id.Seq); id.String() != want {
			t.Fatalf("%+v is written %q, want %q", id, id.String(), want)
		}
		if got, err := ParseID(id.String()); got != id || err != nil {
			t.Fatalf("%s is read %+v, %v", id, got, err)
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add("d000042-000007")
	f.Add("d16777215-16777215")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseID(text)
		if err == nil && (id.String() != text || id.Device > MaxDevice || id.Seq > MaxSeq) {
			t.Errorf("%q is read %+v", text, id)
		}
	})
}
