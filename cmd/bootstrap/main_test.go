package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestUnknownHandlerSaysWhichThereAre(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "main", "LOCATION-OFFERS"} {
		if _, err := find(t.Context(), name); err == nil || !strings.Contains(err.Error(), "location-offers") {
			t.Errorf("_HANDLER %q: %v", name, err)
		}
	}
}

// TestBootstrapIsSmall builds it the way it is deployed, without a C compiler.
func TestBootstrapIsSmall(t *testing.T) {
	t.Parallel()
	const sizeMax = 25 << 20
	program := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > sizeMax {
		t.Errorf("%d bytes, want at most %d", info.Size(), sizeMax)
	}
	t.Logf("%.1f MB", float64(info.Size())/1e6)
}

// TestFunctionsCarryNoCloud guards a cold start: what the list of handlers
// imports is loaded by every function.
func TestFunctionsCarryNoCloud(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := string(out)
	if !strings.Contains(deps, "aws-lambda-go/lambda\n") {
		t.Fatalf("go list saw no dependency on lambda.Start:\n%s", deps)
	}
	for _, heavy := range []string{"weir/platform/cloud", "weir/platform/scenario", "spf13/cobra", "chromedp"} {
		if strings.Contains(deps, heavy) {
			t.Errorf("every function would carry %s", heavy)
		}
	}
}
