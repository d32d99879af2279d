package main

import (
	"os"
	"testing"
	"time"
)

// TestMain lets this test binary stand in for weir: the embedded cloud starts
// it as `lambda NAME`, runs with faults start it as `serve NAME`, and tests of processes as `weir ARGS…` by environment.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "lambda" {
		os.Exit(runLambda(os.Args[2:], os.Stderr))
	}
	if os.Getenv(asWeir) != "" || len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

const asWeir = "WEIR_TEST_AS_WEIR"

func startOfTest() time.Time { return time.Now() }
