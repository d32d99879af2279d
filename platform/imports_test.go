// Package platform holds no code of its own: its tests keep the shape of the
// whole module, which docs/architecture.md draws.
package platform

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/weirstream/weir"

// importRule says what packages may import from this module. Patterns are
// regular expressions over whole paths below the module; {1} in may stands for
// what the first group of from matched. The first rule whose from matches counts.
type importRule struct {
	from  string
	may   string
	never string // taken away from may
}

// forTests are packages that only tests may import.
const forTests = `platform/cloud/cloudtest|platform/observe/observetest|scenarios/pagetest|simulators/plantest`

// importTable is the table of docs/architecture.md. Tests may import more.
func importTable() []importRule {
	return []importRule{
		// What everything may stand on stands on nothing.
		{from: `platform/(clock|observe(/observetest)?|sdkhttp)|platform/cloud/wire|scenarios/\w+/event`, may: ``},
		// Clients and parts, each other downwards: Go itself forbids the circle.
		{from: `platform/(kinesis|kafka|window|agent|ledger|chaos)(/.+)?`, may: `platform/(clock|observe|kinesis|kafka|window|agent|ledger|chaos)(/.+)?`},
		// The cloud shares no code with the clients, and its services none with each other.
		{from: `platform/cloud/cloudtest`, may: `platform/(cloud|sdkhttp)`},
		{from: `platform/cloud/internal/.+`, may: `platform/(clock|observe)|platform/cloud/(wire|internal/.+)`},
		{from: `platform/cloud/(\w+)(/.+)?`, may: `platform/(clock|observe)|platform/cloud/(wire|store|iam|internal)(/.+)?|platform/cloud/{1}/.+`},
		{from: `platform/cloud`, may: `platform/(clock|observe)|platform/cloud/.+`},
		// The audit must not read with the clients it judges.
		{from: `platform/scenario(/.+)?`, may: `platform/.+`, never: `platform/(cloud|kinesis|kafka|agent)(/.+)?`},
		{from: `platform/.+`, may: `platform/.+`, never: `platform/cloud(/.+)?`},
		// The judge knows nothing of the pipeline, the population nothing but events.
		{from: `scenarios/(\w+)/oracle(/.+)?`, may: `scenarios/{1}/(event|oracle/.+)|platform/(scenario|ledger|clock)`},
		{from: `simulators/plantest`, may: `platform/scenario`},
		{from: `simulators/(\w+)(/.+)?`, may: `simulators/{1}/.+|scenarios/\w+/event|platform/(scenario|ledger|clock|observe|kinesis|kafka|agent)`},
		// The lists: of functions, of scenarios.
		{from: `scenarios/functions`, may: `scenarios/\w+(/.+)?`, never: `scenarios/\w+/oracle(/.+)?`},
		{from: `scenarios`, may: `scenarios/.+|simulators/.+|platform/scenario`},
		{from: `scenarios/pagetest`, may: `platform/clock`},
		// A scenario knows itself and the platform, neither other scenarios nor its judge.
		{from: `scenarios/(\w+)(/.+)?`, may: `scenarios/{1}(/.+)?|platform/.+`, never: `platform/(cloud|ledger)(/.+)?|scenarios/\w+/oracle(/.+)?`},
		{from: `benchmarks(/.+)?`, may: `.+`, never: `cmd/.+`},
		{from: `cmd/(\w+)(/.+)?`, may: `(platform|scenarios|simulators)(/.+)?|cmd/{1}/.+`},
	}
}

// checkImports returns one line per import that the rules do not allow.
func checkImports(rules []importRule, imports map[string][]string) []string {
	var wrong []string
	for from, all := range imports {
		for _, to := range all {
			if !mayImport(rules, from, to) {
				wrong = append(wrong, from+" must not import "+to)
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

func mayImport(rules []importRule, from, to string) bool {
	if whole(forTests).MatchString(to) {
		return false
	}
	for _, rule := range rules {
		groups := whole(rule.from).FindStringSubmatch(from)
		if groups == nil {
			continue
		}
		may := rule.may
		if len(groups) > 1 {
			may = strings.ReplaceAll(may, "{1}", regexp.QuoteMeta(groups[1]))
		}
		return whole(may).MatchString(to) && (rule.never == "" || !whole(rule.never).MatchString(to))
	}
	return false // a package that no rule knows has no place yet
}

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }

func TestImportsFollowTheTable(t *testing.T) {
	t.Parallel()
	imports, err := moduleImports(t)
	if err != nil {
		t.Fatal(err)
	}
	if len(imports["platform/scenario"]) == 0 || len(imports["cmd/weir"]) == 0 {
		t.Fatalf("go list saw no imports of platform/scenario or cmd/weir: the test is blind (%d packages)", len(imports))
	}
	for _, wrong := range checkImports(importTable(), imports) {
		t.Error(wrong)
	}
}

// TestCheckerSeesWhatIsForbidden keeps the test above from passing blindly.
func TestCheckerSeesWhatIsForbidden(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		from, to string
		allowed  bool
	}{
		{"platform/kinesis", "platform/clock", true},
		{"platform/kinesis", "platform/cloud/kinesis", false}, // neither may hide the other's mistake
		{"platform/kinesis", "platform/scenario", false},
		{"platform/clock", "platform/observe", false},
		{"platform/cloud/wire", "platform/clock", false},
		{"platform/cloud/kinesis", "platform/cloud/wire", true},
		{"platform/cloud/kinesis", "platform/cloud/kinesis/shard", true},
		{"platform/cloud/kinesis", "platform/cloud/lambda", false}, // a sibling service
		{"platform/cloud/kinesis", "platform/kinesis", false},
		{"platform/cloud", "platform/cloud/kinesis", true},
		{"platform/cloud", "platform/cloud/cloudtest", false},
		{"cmd/weir", "platform/cloud/cloudtest", false},
		{"platform/cloud", "platform/kinesis", false},
		{"platform/scenario", "platform/ledger", true},
		{"platform/scenario", "platform/cloud", false},
		{"platform/scenario", "platform/kinesis", false}, // its audit reads on its own
		{"scenarios/location", "scenarios/location/event", true},
		{"scenarios/location", "platform/scenario", true},
		{"scenarios/location", "platform/cloud", false},
		{"scenarios/location", "platform/ledger", false},
		{"scenarios/location", "scenarios/fleet/event", false},
		{"scenarios/location", "scenarios/location/oracle", false},
		{"scenarios/location/event", "platform/clock", false},
		{"scenarios/location/oracle", "scenarios/location/event", true},
		{"scenarios/location/oracle", "scenarios/location", false},
		{"scenarios/location/oracle", "scenarios/location/offers", false},
		{"simulators/subscribers", "scenarios/location/event", true},
		{"simulators/subscribers", "scenarios/location", false},
		{"simulators/subscribers", "platform/cloud", false},
		{"scenarios", "simulators/subscribers", true},
		{"scenarios", "scenarios/location/oracle", true},
		{"scenarios", "platform/cloud", false},
		{"scenarios/functions", "scenarios/location/offers", true},
		{"scenarios/location", "scenarios/pagetest", false}, // only its tests
		{"scenarios", "simulators/plantest", false},
		{"simulators/cabs", "simulators/plantest", false},
		{"simulators/plantest", "platform/scenario", true},
		{"simulators/plantest", "platform/kafka", false},
		{"scenarios/functions", "scenarios/pagetest", false},
		{"platform/kafka", "platform/observe/observetest", false},
		{"platform/scenario", "platform/observe/observetest", false},
		{"scenarios/cab/refine", "platform/observe/observetest", false},
		{"cmd/weir", "platform/observe/observetest", false},
		{"scenarios", "scenarios/pagetest", false},
		{"cmd/weir", "scenarios/pagetest", false},
		{"scenarios/pagetest", "platform/clock", true},
		{"scenarios/pagetest", "scenarios/location", false},
		{"benchmarks/kinesis", "platform/cloud", true},
		{"benchmarks/kinesis", "cmd/weir", false},
		{"cmd/weir", "platform/cloud", true},
		{"cmd/weir", "benchmarks/kinesis", false},
		{"cmd/bootstrap", "cmd/weir", false},
		{"platform/kinesis", "", false},        // the root holds no code
		{"elsewhere", "platform/clock", false}, // a folder without a rule
	} {
		wrong := checkImports(importTable(), map[string][]string{test.from: {test.to}})
		if allowed := len(wrong) == 0; allowed != test.allowed {
			t.Errorf("%s importing %s: allowed %t, want %t", test.from, test.to, allowed, test.allowed)
		}
	}
}

// moduleImports lists what every package of the module imports from it
// directly, tests left out.
func moduleImports(t *testing.T) (map[string][]string, error) {
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports", module+"/...")
	var complaints strings.Builder
	list.Stderr = &complaints
	out, err := list.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := list.Start(); err != nil {
		return nil, err
	}
	imports := map[string][]string{}
	for decoder := json.NewDecoder(out); ; {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read go list: %w", err)
		}
		if pkg.ImportPath == module {
			continue // judged by the test of the top level
		}
		from := below(pkg.ImportPath)
		imports[from] = []string{}
		for _, to := range pkg.Imports {
			if to == module || strings.HasPrefix(to, module+"/") {
				imports[from] = append(imports[from], below(to))
			}
		}
	}
	if err := list.Wait(); err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, complaints.String())
	}
	return imports, nil
}

func below(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}
