package oracle

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// What the oracle calls of package event are texts of schemas, the conversion to
// instants, and whose a record is: what it compares it computes by itself.
func TestOracleSharesNoFunctionWithThePipeline(t *testing.T) {
	t.Parallel()
	allowed := []string{"ActivitySchema", "MetricsSchema", "Identify", "Millis"}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, _ := n.(*ast.CallExpr)
			if call == nil {
				return true
			}
			if of, ok := call.Fun.(*ast.SelectorExpr); ok {
				if from, ok := of.X.(*ast.Ident); ok && from.Name == "event" {
					if seen++; !slices.Contains(allowed, of.Sel.Name) {
						t.Errorf("%s calls event.%s", entry.Name(), of.Sel.Name)
					}
				}
			}
			return true
		})
	}
	if seen < 4 {
		t.Errorf("%d calls seen", seen)
	}
}
