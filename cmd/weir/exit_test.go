package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestMistakesExitTwoAndSayWhatToDo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args string
		says []string // on stderr
	}{
		{"nonsense", []string{`no command "nonsense"`, "weir --help"}},
		{"lst", []string{"did you mean `weir list`"}},
		{"list --yaml", []string{"unknown flag: --yaml", "weir list --help"}},
		{"list all", []string{`takes no arguments, got "all"`}},
		{"run --for soon", []string{"--for", "weir run --help"}},
		{"run fleet", []string{"planned"}},
		{"run --target aws", []string{"--target aws"}},
		{"cloud --listen here --account 12 --quotas some", []string{`listen "here"`, `account "12"`, `--quotas "some"`}},
		{"peek", []string{"STREAM is missing"}},
		{"peek s --from yesterday --limit -1 --raw --json", []string{`--from "yesterday"`, "--limit -1", "--raw and --json"}},
		{"peek s --from 4959", []string{"--shard"}},
		{"peek s --from latest --no-follow", []string{"--from latest"}},
		{"peek s --endpoint localhost", []string{`--endpoint "localhost"`, "http://"}},
		{"peek s --endpoint http://127.0.0.1:1", []string{"nothing answers", "weir cloud"}},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			if code := execute(strings.Fields(test.args), strings.NewReader(""), &stdout, &stderr); code != exitUsage {
				t.Errorf("exit code %d, want %d", code, exitUsage)
			}
			for _, said := range test.says {
				if !strings.Contains(stderr.String(), said) {
					t.Errorf("stderr lacks %q:\n%s", said, stderr.String())
				}
			}
			if stdout.Len() > 0 {
				t.Errorf("stdout is for results, got %s", stdout.String())
			}
			if strings.Contains(stderr.String(), "goroutine") {
				t.Errorf("stack trace:\n%s", stderr.String())
			}
		})
	}
}

func TestFailedVerdictExitsOne(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	if code := report(nil, failedVerdict("location: 3 lost"), &stderr); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	if got, want := stderr.String(), "weir: location: 3 lost\n"; got != want {
		t.Errorf("stderr %q, want %q", got, want)
	}
}

func TestQuietCommandsSucceed(t *testing.T) {
	t.Parallel()
	for args, says := range map[string][]string{
		"":            {"Usage:", "weir run"},
		"list":        {"location", "planned", "fleet"},
		"list --json": {`"name": "cab"`},
		"version":     {"weir ", "commit ", "go1."},
	} {
		var stdout, stderr bytes.Buffer
		if code := execute(strings.Fields(args), strings.NewReader(""), &stdout, &stderr); code != exitPass {
			t.Errorf("weir %s: exit code %d: %s", args, code, stderr.String())
		}
		for _, said := range says {
			if !strings.Contains(stdout.String(), said) {
				t.Errorf("weir %s lacks %q:\n%s", args, said, stdout.String())
			}
		}
	}
}
