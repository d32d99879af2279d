package platform

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// mustExist and mayExist are the whole top level, dot-files aside. Folders of
// later work appear when they have something in them.
func mustExist() []string {
	return []string{
		".ci", ".golangci.yml", "LICENSE", "README.md", "Taskfile.yml",
		"cmd", "docs", "go.mod", "go.sum", "platform", "scenarios", "simulators",
	}
}

func mayExist() []string {
	return []string{
		"benchmarks", "compose",
		"bin", "dist", "weir", // built, ignored by git
	}
}

// checkTopLevel names what is missing and what has no place.
func checkTopLevel(names []string) (missing, strange []string) {
	for _, name := range mustExist() {
		if !slices.Contains(names, name) {
			missing = append(missing, name)
		}
	}
	for _, name := range names {
		known := strings.HasPrefix(name, ".") || slices.Contains(mustExist(), name) || slices.Contains(mayExist(), name)
		if !known {
			strange = append(strange, name)
		}
	}
	return missing, strange
}

func TestTopLevelHoldsOnlyWhatItShould(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		ignored := strings.HasSuffix(entry.Name(), ".test") || strings.HasSuffix(entry.Name(), ".prof") || strings.HasSuffix(entry.Name(), ".out")
		if !ignored {
			names = append(names, entry.Name())
		}
	}
	missing, strange := checkTopLevel(names)
	if len(missing) > 0 {
		t.Errorf("the top level lacks %v", missing)
	}
	if len(strange) > 0 {
		t.Errorf("the top level must not hold %v", strange)
	}
}

func TestTopLevelCheckSeesWhatIsWrong(t *testing.T) {
	t.Parallel()
	missing, strange := checkTopLevel(append(mustExist()[1:], "main.go", "pkg", ".env"))
	if !slices.Equal(missing, []string{".ci"}) || !slices.Equal(strange, []string{"main.go", "pkg"}) {
		t.Errorf("missing %v and strange %v, want [.ci] and [main.go pkg]", missing, strange)
	}
}
