//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
)

// weirBinary is the program under test, and noEngine why there are no containers.
var weirBinary, noEngine string

func TestMain(m *testing.M) {
	// Engines have to be found at the ports that they are published at, on this
	// machine's loopback, also where this process is itself in a container.
	if os.Getenv("TESTCONTAINERS_HOST_OVERRIDE") == "" {
		os.Setenv("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")
	}
	os.Exit(prepared(m))
}

func prepared(m *testing.M) int {
	if err := engineAnswers(); err != nil {
		noEngine = "no container engine answers: " + strings.ReplaceAll(err.Error(), "\n", "; ")
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "weir-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if weirBinary = os.Getenv("WEIR_BINARY"); weirBinary == "" {
		weirBinary = filepath.Join(dir, "weir")
		build := exec.Command("go", "build", "-o", weirBinary, "./cmd/weir")
		build.Dir, build.Env, build.Stderr = "../..", append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "build weir:", err)
			return 1
		}
	}
	return m.Run()
}

func engineAnswers() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	defer func() {
		if r := recover(); r != nil { // testcontainers does, where it finds no socket
			err = fmt.Errorf("%v", r)
		}
	}()
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return err
	}
	defer provider.Close()
	return provider.Health(ctx)
}

// needsEngine skips where there are no containers: that is no pass.
func needsEngine(t *testing.T) {
	t.Helper()
	if noEngine != "" {
		t.Skip(noEngine)
	}
}
