package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
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
		{"help nosuch", []string{`no command "nosuch"`, "weir help --help"}},
		{"help lst", []string{"did you mean `weir list`"}},
		{"help chaos lst", []string{"did you mean `weir chaos list`"}},
		{"help run location", []string{`weir run has no command "location" below it`}},
		{"run location --set fleet.shards=2", []string{`--set fleet.shards: "fleet" is no scenario of this run`}},
		{"chaos matrix badge --presets hurricane --seeds 3-1 --from x --keep /etc/passwd", []string{
			"planned", "--chaos hurricane", `--seeds "3-1"`, `--from "x"`, "--keep /etc/passwd: is a file",
		}},
		{"list --yaml", []string{"unknown flag: --yaml", "weir list --help"}},
		{"list all", []string{`takes no arguments, got "all"`}},
		{"run --for soon", []string{"--for", "weir run --help"}},
		{"run --seed -1 --for 5", []string{`--seed "-1": want a whole number from 0`}},
		{"run --rate many", []string{`--rate "many": want a number`}},
		{"run --set shards", []string{`--set "shards": want name=value`}},
		{"run --listen 127.0.0.1:70000", []string{`--listen "127.0.0.1:70000": want a port from 0`}},
		{"run fleet", []string{"planned"}},
		{"run --target aws", []string{"--target aws"}},
		{"run --target elsewhere", []string{`--target "elsewhere": want embedded or containers`}},
		{"run cab --kafka localhost:9092 --opensearch http://localhost:9200", []string{"--kafka localhost:9092", "--opensearch http", "--target containers"}},
		{"run cab --target containers --endpoint there --kafka a,b:c --registry r --opensearch o --quotas off", []string{
			`--endpoint "there"`, `"a": want HOST:PORT`, `port "c"`, `--registry "r"`, `--opensearch "o"`, "weir cloud --quotas off",
		}},
		{"run location --target containers --speed 5 --chaos storm", []string{"--speed 5 for location", "wall clock", "cannot be disturbed"}},
		{"run location --target containers --endpoint http://127.0.0.1:1", []string{"no weir cloud answers", "compose:up", "--endpoint"}},
		{"run --target containers --listen here --json /no/such/x --region= --epoch 0001-01-01T00:00:00Z --set shards=many", []string{
			`--listen "here"`, "--json /no/such/x", "--region is empty", "1970 to 9997", `shards="many"`,
		}},
		{"run cab --epoch 1999-12-31T00:00:00Z", []string{"--epoch 1999-12-31T00:00:00Z", "what cab sends", "2000-01-01T00:00:00Z"}},
		{"run cab --for 1h --epoch 2099-12-31T23:00:00Z", []string{"until 2100-01-01T00:04:00Z"}},
		{"run --for 0s --rate 0 --devices 0 --speed 0", []string{
			"--for 0s: want above 0", "--rate 0: want above 0", "--devices 0: want 1 to 1048576", "--speed 0: want above 0", "leave it out",
		}},
		{"simulate location --speed 0 --rate NaN", []string{"--speed 0: want above 0", "--rate NaN: want above 0"}},
		{"chaos matrix --for 0s --devices 0", []string{"--for 0s: want above 0", "--devices 0: want 1"}},
		{"chaos run location", []string{"`weir run --chaos PRESET`", "weir chaos --help"}},
		{"chaos kills", []string{"`weir run --chaos kills`", "`weir chaos list kills`"}},
		{"peek s --follow --no-follow", []string{"--follow and --no-follow exclude each other"}},
		{"run cab --target containers --registry nope --opensearch nope", []string{
			`--registry "nope" is not a URL; give something like http://127.0.0.1:8081`, `--opensearch "nope" is not a URL; give something like http://127.0.0.1:9200`,
		}},
		{"chaos matrix cab --epoch 1990-01-01T00:00:00Z", []string{"--epoch 1990-01-01T00:00:00Z", "what cab sends", "weir chaos matrix --help"}},
		{"run --rate 0.01 --for 5s", []string{"less than one event"}},
		{"run location --slo signup→offer=soon --slo device→hub=1s", []string{"--slo signup→offer=soon: want a duration", "--slo device→hub: no latency", "there are signup→offer"}},
		{"run --json /", []string{"--json /: is a directory"}},
		{"run --listen 192.0.2.1:80", []string{"cannot listen", "--listen 127.0.0.1:0"}},
		{"run --region us", []string{`--region "us"`}},
		{"simulate badge --for -1s --url here --endpoint there", []string{"--for -1s", `--url "here"`, `--endpoint "there"`, "--ledger FILE", "planned"}},
		{"simulate location --ledger /dev/null", []string{"--ledger /dev/null: is not a file"}},
		{"simulate location --ledger /no/such/x", []string{"--ledger /no/such/x: cannot be written"}},
		{"grade location --json /no/such/x --ledger /no/such/y --endpoint there", []string{"--json /no/such/x", "/no/such/y", `--endpoint "there"`}},
		{"serve location --listen here --set shards=0", []string{`--listen "here"`, `shards="0"`}},
		{"cloud --region= --listen 192.0.2.1:80", []string{"--region is empty"}},
		{"cloud --listen 192.0.2.1:80", []string{"cannot listen"}},
		{"peek s --from 2999-01-01T00:00:00Z", []string{"is still to come"}},
		{"cloud --listen here --account 12 --quotas some", []string{`listen "here"`, `account "12"`, `--quotas "some"`}},
		{"peek", []string{"STREAM|TOPIC is missing"}},
		{"peek s --kafka --shard x --partition -2", []string{"exclude each other", "--partition -2"}},
		{"peek s --partition x", []string{`--partition "x": want a whole number`}},
		{"peek s --kafka --endpoint http://127.0.0.1:1", []string{"nothing answers", "KAFKA_BOOTSTRAP_SERVERS"}},
		{"dlq lst", []string{"did you mean `weir dlq list`"}},
		{"dlq list --endpoint http://127.0.0.1:1", []string{"nothing answers", "KAFKA_BOOTSTRAP_SERVERS"}},
		{"dlq show", []string{"TOPIC is missing"}},
		{"dlq show t --offset 3 --limit -1 --raw --json --endpoint there", []string{
			"--offset 3 is a place in one partition", "--limit -1", "--raw and --json", `--endpoint "there"`,
		}},
		{"dlq replay t", []string{"say which letters: --all"}},
		{"dlq replay t --all --partition 0 --offset -7", []string{"--all excludes", "--offset -7"}},
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
		"":                {"Usage:", "weir run"},
		"list":            {"location", "planned", "fleet"},
		"list --json":     {`"name": "cab"`},
		"help chaos list": {"weir chaos list [PRESET]"},
		"help":            {"Usage:", "weir run"},
		"version":         {"weir ", "commit ", "go1."},
		"--version":       {"weir "},
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

// A taken port is the environment's fault and no verdict on the scenario.
func TestTakenPortIsSaidBeforeTheRun(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, command := range []string{"run location", "cloud"} {
		var stdout, stderr bytes.Buffer
		args := append(strings.Fields(command), "--listen", l.Addr().String())
		if code := execute(args, strings.NewReader(""), &stdout, &stderr); code != exitUsage {
			t.Errorf("weir %s: exit code %d, want %d", command, code, exitUsage)
		}
		if said := stderr.String(); !strings.Contains(said, "is taken by another process") || stdout.Len() > 0 {
			t.Errorf("weir %s: stderr %q, stdout %q", command, said, stdout.String())
		}
	}
}

func TestOutputIsCheckedWithoutATrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	if err := os.WriteFile(kept, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "-", kept, filepath.Join(dir, "new"), os.DevNull} {
		if err := checkOutput("--json", path); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
	if data, err := os.ReadFile(kept); err != nil || string(data) != "old" {
		t.Errorf("the file that was there holds %q, %v", data, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%d files left, %v", len(files), err)
	}
}
