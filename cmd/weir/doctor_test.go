package main

import (
	"context"
	"strings"
	"testing"
)

func TestDoctorFailsOnlyOnWhatIsRequired(t *testing.T) {
	t.Parallel()
	there := finding{Name: "loopback", OK: true, Required: true}
	gone := finding{Name: "loopback", Required: true, Found: "no interface", Remedy: "bring up lo"}
	nice := finding{Name: "docker", Found: "not found", Remedy: "install it"}
	for _, test := range []struct {
		name     string
		findings []finding
		says     string // "" means no error
	}{
		{"all there", []finding{there}, ""},
		{"a convenience is missing", []finding{there, nice}, ""},
		{"a requirement is missing", []finding{gone, nice}, "loopback: no interface; bring up lo"},
	} {
		err := missing(test.findings)
		if (err == nil) != (test.says == "") || err != nil && err.Error() != test.says {
			t.Errorf("%s: got %v, want %q", test.name, err, test.says)
		}
	}
}

func TestDoctorLooksAtThisMachine(t *testing.T) {
	t.Parallel()
	findings := examine(t.Context(), examinations())
	for _, f := range findings {
		if f.Name == "" || f.Found == "" {
			t.Errorf("says nothing: %+v", f)
		}
		if !f.OK && f.Remedy == "" {
			t.Errorf("%s is not well and there is no remedy", f.Name)
		}
		if f.Name == "Go" && !strings.HasPrefix(f.Found, "go version") {
			t.Errorf("these tests run with Go, and the doctor finds %q", f.Found)
		}
	}
	if err := missing(findings); err != nil {
		t.Errorf("this machine runs the tests, and the doctor says %v", err)
	}
}

func TestDoctorTakesSilenceForAbsence(t *testing.T) {
	t.Parallel()
	f := examineTool(t.Context(), "thing", "get one", []string{"no-such-program-here", "false"})
	if f.OK || !strings.Contains(f.Found, "does not answer") {
		t.Errorf("a program that fails passed: %+v", f)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if f := examineTool(ended, "thing", "get one", []string{"sleep"}, "60"); f.OK {
		t.Errorf("a program that hangs passed: %+v", f)
	}
}
