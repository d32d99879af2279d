package iam

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/clock"
)

// naiveMatch is the definition, by exhaustive recursion.
func naiveMatch(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return naiveMatch(pattern[1:], text) || text != "" && naiveMatch(pattern, text[1:])
	default:
		return text != "" && (pattern[0] == '?' || pattern[0] == text[0]) && naiveMatch(pattern[1:], text[1:])
	}
}

func TestPatternMatchesAsDefined(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab:")), 0, 12, -1).Draw(t, "text")
		wild := rapid.StringOfN(rapid.SampledFrom([]rune("ab:*?")), 0, 8, -1).Draw(t, "pattern")
		if got, want := compilePattern(wild).matches(text), naiveMatch(wild, text); got != want {
			t.Fatalf("%q on %q: got %v, want %v", wild, text, got, want)
		}
	})
}

// A pattern made to blow up backtracking matchers answers at once.
func TestPatternCannotStall(t *testing.T) {
	t.Parallel()
	wild := compilePattern(strings.Repeat("*?a", 3000) + "b")
	text := strings.Repeat("a", 2048)
	wall := clock.Wall{}
	began := wall.Now()
	if wild.matches(text) {
		t.Error("matched")
	}
	if took := wall.Now().Sub(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
