package platform

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// markdownLink matches [text](target), where target is no address.
var markdownLink = regexp.MustCompile(`\[([^\]\n]*(?:\n[^\]\n]*)?)\]\(([^)#:\s]+)(?:#[^)\s]*)?\)`)

// declares matches the declaration of a function, method or type of a name.
func declares(name string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?` + name + `[(\[]|type ` + name + `[ \[])`)
}

// checkLinks names links of a document that lead nowhere: to a file that is
// not there, or, as [`Name`](file.go), to a file that does not declare Name.
func checkLinks(dir, text string) []string {
	var broken []string
	for _, link := range markdownLink.FindAllStringSubmatch(text, -1) {
		label, target := link[1], filepath.Join(dir, filepath.FromSlash(link[2]))
		info, err := os.Stat(target)
		if err != nil {
			broken = append(broken, link[0]+" leads nowhere")
			continue
		}
		name, isCode := strings.CutPrefix(label, "`")
		if !isCode || info.IsDir() || filepath.Ext(target) != ".go" {
			continue
		}
		source, err := os.ReadFile(target)
		if err != nil || !declares(regexp.QuoteMeta(strings.TrimSuffix(name, "`"))).Match(source) {
			broken = append(broken, link[0]+" declares no such name")
		}
	}
	return broken
}

// TestDocumentsNameCodeThatExists keeps prose true while code moves.
func TestDocumentsNameCodeThatExists(t *testing.T) {
	t.Parallel()
	documents := []string{"../README.md"}
	for _, pattern := range []string{"../docs/*.md", "../docs/*/*.md", "../compose/*.md", "../scenarios/*/*.md", "../platform/*/*.md", "../platform/*/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, found...)
	}
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, broken := range checkLinks(filepath.Dir(document), string(text)) {
			t.Errorf("%s: %s", document, broken)
		}
	}
}

func TestLinkCheckSeesWhatIsBroken(t *testing.T) {
	t.Parallel()
	text := "[a](docs_test.go) [`checkLinks`](docs_test.go) [`noSuchName`](docs_test.go) [b](none.md) [c](https://example.com/x)"
	broken := checkLinks(".", text)
	if len(broken) != 2 || !strings.Contains(broken[0], "noSuchName") || !strings.Contains(broken[1], "none.md") {
		t.Errorf("broken links found: %q", broken)
	}
}
