package kinesis

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTokensRoundTrip(t *testing.T) {
	t.Parallel()
	s := newSealer(nil)
	rapid.Check(t, func(t *rapid.T) {
		want := token{
			kind:     tokenKind(rapid.IntRange(1, 4).Draw(t, "kind")),
			issued:   time.UnixMilli(rapid.Int64Range(0, 1<<45).Draw(t, "issued")),
			stream:   strings.Repeat("s", rapid.IntRange(0, 128).Draw(t, "stream")),
			birth:    rapid.Uint64().Draw(t, "birth"),
			shard:    rapid.Uint32().Draw(t, "shard"),
			position: rapid.Uint64().Draw(t, "position"),
			after:    rapid.StringN(0, 128, 128).Draw(t, "after"),
		}
		text := s.seal(want)
		if want.after == "" && len(text) > 512 {
			t.Fatalf("an iterator of %d characters", len(text))
		}
		if got, err := s.open(want.kind, text); err != nil || got != want {
			t.Fatalf("open(seal(%+v)) = %+v, %v", want, got, err)
		}
		if _, err := s.open(want.kind%4+1, text); err == nil {
			t.Fatal("a token opens as another kind")
		}
		sealed, _ := base64.StdEncoding.DecodeString(text)
		sealed[rapid.IntRange(0, len(sealed)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := s.open(want.kind, base64.StdEncoding.EncodeToString(sealed)); err == nil {
			t.Fatal("an altered token opens")
		}
	})
	other := newSealer(nil)
	if _, err := other.open(iteratorToken, s.seal(token{kind: iteratorToken})); err == nil {
		t.Error("another service opens the token")
	}
}

// FuzzIterator feeds arbitrary text where an iterator belongs: an error, never
// a panic, and never a token that was not sealed here.
func FuzzIterator(f *testing.F) {
	s := newSealer(nil)
	f.Add("")
	f.Add("AAAAAAAAAAE=")
	f.Add(s.seal(token{kind: shardsToken, stream: "s"}))
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := s.open(iteratorToken, text); err == nil {
			t.Errorf("%q opens as %+v", text, got)
		}
	})
}

// FuzzTokenContent parses arbitrary bytes as if they had been authentic.
func FuzzTokenContent(f *testing.F) {
	f.Add([]byte{1})
	f.Add([]byte{1, 0x80, 0x80})
	f.Add(append([]byte{1, 2, 3, 4, 5, 6, 200}, "short"...))
	f.Fuzz(func(t *testing.T, plain []byte) {
		if len(plain) == 0 {
			return // open never passes an empty text on
		}
		got, err := parseToken(plain)
		if err == nil && len(got.stream)+len(got.after) > len(plain) {
			t.Errorf("%x parses to more than it holds: %+v", plain, got)
		}
	})
}
