package chaos_test

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/weirstream/weir/platform/chaos"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryProblemIsSaidAtOnceWithItsLine(t *testing.T) {
	t.Parallel()
	_, err := chaos.Parse([]byte(`faults:
  - at: soon
    kind: kill
    target: functions
  - {at: 3s, kind: explode, target: app}
  - kind: delay
    target: streams
    for: 2s
    rate: 1.5
    records: 3
    colour: red
  - at: 101%
    at: 1s
    kind: split
    target: services
  - just words
  - at: 1s
    for: -2s
    kind: error
    code: Teapot
    target: [a, b]
more: true
`))
	if err == nil {
		t.Fatal("parsed")
	}
	got := strings.Split(err.Error(), "\n")
	want := []string{
		`line 2: at: "soon"`,
		`line 5: kind "explode" is unknown; there are kill, throttle,`,
		`line 6: at is missing`,
		`line 6: delay needs delay`,
		`line 9: rate: "1.5"`,
		`line 10: delay has no records`,
		`line 11: unknown parameter "colour"`,
		`line 12: at: "101%"`,
		`line 13: at is said twice`,
		`line 15: split hits a stream, not services`,
		`line 16: a fault must be a mapping`,
		`line 18: for: "-2s"`,
		`line 20: code: "Teapot": want InternalFailure or ServiceUnavailable`,
		`line 21: target must be a plain value`,
		`line 22: unknown key "more"`,
	}
	if len(got) != len(want) {
		t.Errorf("%d problems, want %d", len(got), len(want))
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, w) }) {
			t.Errorf("nothing begins with %q in:\n%s", w, err)
		}
	}
	if !slices.IsSortedFunc(got, func(a, b string) int { return lineNumber(a) - lineNumber(b) }) {
		t.Errorf("not in the order of lines:\n%s", err)
	}
}

func lineNumber(problem string) (n int) {
	for _, c := range strings.TrimPrefix(problem, "line ") {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func TestWhatIsNoScheduleIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":        "",
		"a word":       "storm",
		"another key":  "fault: []",
		"no list":      "faults: {at: 1s}",
		"null":         "faults:",
		"two":          "faults: []\n---\nfaults: []",
		"not YAML":     "faults: [",
		"deep":         "faults: " + strings.Repeat("[", 5000),
		"deep in dash": strings.Repeat("- ", 5000),
		"an alias":     "faults:\n  - &a {at: 1s, kind: split, target: s}\n  - *a",
		"too long":     "faults: [] #" + strings.Repeat("x", 70_000),
	} {
		if s, err := chaos.Parse([]byte(text)); err == nil {
			t.Errorf("%s: parsed as %+v", name, s)
		}
	}
}

func TestPresetsAreSchedules(t *testing.T) {
	t.Parallel()
	used := map[chaos.Kind]bool{}
	for _, name := range chaos.PresetNames() {
		data, err := chaos.ReadPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := chaos.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if (len(s.Faults) == 0) != (name == "calm") {
			t.Errorf("%s has %d faults", name, len(s.Faults))
		}
		for _, f := range s.Faults {
			used[f.Kind] = true
			if f.At.Duration != 0 || f.For.Duration != 0 || f.At.Share+f.Spread.Share+f.For.Share > 1 {
				t.Errorf("%s: %s is not sized to the run", name, f.Kind)
			}
		}
	}
	if len(used) != 13 { // all but start, which a stop with an end does itself
		t.Errorf("presets use the kinds %v", used)
	}
	if _, err := chaos.ReadPreset("../presets/calm"); err == nil {
		t.Error("a path passed for a preset")
	}
}

// FuzzParse holds the parser to two promises: it returns, and what it takes it
// writes in a form that it takes again, the same.
func FuzzParse(f *testing.F) {
	for _, name := range chaos.PresetNames() {
		data, err := chaos.ReadPreset(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("faults: [{at: 1ms, kind: stop, target: 'a: b'}, {at: 2.5%, kind: start, target: \"\\x00\"}]"))
	f.Add([]byte("faults: [{at: 0, kind: skew, target: clock, by: -7m, for: 1h}]"))
	f.Add([]byte("? {a: [b, &c d]}\n: *c\n"))
	f.Add([]byte("faults: !!binary |\n  aGk=\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := chaos.Parse(data)
		if err != nil {
			return
		}
		again, err := chaos.Parse([]byte(s.String()))
		if err != nil {
			t.Fatalf("%v, written as\n%s", err, s)
		}
		if again.String() != s.String() {
			t.Fatalf("written as\n%s\nand then as\n%s", s, again)
		}
	})
}
