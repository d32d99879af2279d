package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/scenario"
)

// process is one `weir` of a test, in a process of its own.
type process struct {
	*exec.Cmd
	t     *testing.T
	lines *bufio.Scanner
	seen  strings.Builder
}

// start runs this test binary as weir.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], args...), t: t}
	p.Env = append(os.Environ(), asWeir+"=1")
	p.Stderr = os.Stderr
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewScanner(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(2*time.Minute, func() { _ = p.Process.Kill() })
	t.Cleanup(func() {
		watchdog.Stop()
		_ = p.Process.Kill() // an error only says that it has ended already
	})
	return p
}

// waitFor reads standard output up to a line that matches and returns the
// pattern's first group, or the line.
func (p *process) waitFor(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	for p.lines.Scan() {
		p.seen.WriteString(p.lines.Text() + "\n")
		if m := re.FindStringSubmatch(p.lines.Text()); m != nil {
			return m[len(m)-1]
		}
	}
	p.t.Fatalf("%v ended without saying %q:\n%s", p.Args[1:], pattern, p.seen.String())
	return ""
}

// exit waits for the end and returns the exit code.
func (p *process) exit() int {
	p.t.Helper()
	for p.lines.Scan() {
		p.seen.WriteString(p.lines.Text() + "\n")
	}
	if err := p.Wait(); err != nil && p.ProcessState == nil {
		p.t.Fatalf("%v: %v", p.Args[1:], err)
	}
	return p.ProcessState.ExitCode()
}

func (p *process) interrupt() {
	p.t.Helper()
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		p.t.Fatalf("interrupt %v: %v", p.Args[1:], err)
	}
}

// TestPiecesAsProcesses runs the scenario as five processes that know each
// other by address alone.
func TestPiecesAsProcesses(t *testing.T) {
	t.Parallel()
	ledgerFile := filepath.Join(t.TempDir(), "run.ledger")

	cloud := start(t, "cloud", "--listen", "127.0.0.1:0")
	endpoint := cloud.waitFor(`^endpoint +(http://\S+)`)
	cloud.waitFor(`^ready$`)

	provision := start(t, "provision", "location", "--endpoint", endpoint)
	if code := provision.exit(); code != exitPass {
		t.Fatalf("provision: exit %d", code)
	}
	serve := start(t, "serve", "location", "app", "--endpoint", endpoint, "--listen", "127.0.0.1:0")
	url := serve.waitFor(`^app +(http://\S+)`)
	serve.waitFor(`^ready$`)

	simulate := start(t, "simulate", "location", "--endpoint", endpoint, "--url", url, "--ledger", ledgerFile, "--for", "2s", "--rate", "50")
	if code := simulate.exit(); code != exitPass {
		t.Fatalf("simulate: exit %d\n%s", code, simulate.seen.String())
	}
	grade := start(t, "grade", "location", "--endpoint", endpoint, "--ledger", ledgerFile, "--json", "-")
	code := grade.exit()
	var verdicts []scenario.Verdict
	if err := json.Unmarshal([]byte(grade.seen.String()), &verdicts); err != nil || len(verdicts) != 1 {
		t.Fatalf("grade: exit %d, %v:\n%s", code, err, grade.seen.String())
	}
	g := graded{exit: code, verdict: verdicts[0]}
	if len(g.broken()) > 0 {
		t.Errorf("failed: %q", g.failed())
	}
	for _, h := range g.verdict.Hops {
		if h.Received < 50 {
			t.Errorf("hop %s → %s received %d", h.From, h.To, h.Received)
		}
	}
	for _, p := range []*process{serve, cloud} {
		p.interrupt()
		if code := p.exit(); code != exitPass {
			t.Errorf("%v after an interrupt: exit %d", p.Args[1:], code)
		}
	}
}

// TestInterruptDrainsAndGrades presses Ctrl-C in a run that would take a minute.
func TestInterruptDrainsAndGrades(t *testing.T) {
	t.Parallel()
	report := filepath.Join(t.TempDir(), "verdict.json")
	run := start(t, "run", "location", "--for", "60s", "--rate", "50", "--json", report)
	run.waitFor(`sending .* delivered=[1-9]`)
	run.interrupt()
	began := time.Now()
	code := run.exit()
	if took := time.Since(began); took > 50*time.Second {
		t.Errorf("leaving took %v", took)
	}
	file, err := os.Open(report)
	if err != nil {
		t.Fatalf("exit %d, no report: %v\n%s", code, err, run.seen.String())
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	var verdicts []scenario.Verdict
	if err := json.Unmarshal(data, &verdicts); err != nil || len(verdicts) != 1 {
		t.Fatalf("report: %v", err)
	}
	g := graded{exit: code, verdict: verdicts[0]}
	if !g.verdict.Interrupted || len(g.broken()) > 0 {
		t.Errorf("interrupted %v, failed %q", g.verdict.Interrupted, g.failed())
	}
	if !strings.Contains(run.seen.String(), "interrupted: graded what was sent") {
		t.Errorf("the screen does not say so:\n%s", run.seen.String())
	}
}
