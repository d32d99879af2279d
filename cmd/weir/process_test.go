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
	return startWith(t, os.Stderr, args...)
}

// startWith is start with standard error to stderr; nil means among the lines.
func startWith(t *testing.T, stderr io.Writer, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], args...), t: t}
	p.Env = append(os.Environ(), asWeir+"=1")
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.Stderr = stderr; stderr == nil {
		p.Stderr = p.Stdout
	}
	p.lines = bufio.NewScanner(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(5*time.Minute, func() { _ = p.Process.Kill() })
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
	cloud := start(t, "cloud", "--listen", "127.0.0.1:0")
	endpoint := cloud.waitFor(`^endpoint +(http://\S+)`)
	cloud.waitFor(`^ready$`)
	runPieces(t, endpoint, "2s", func(*process) {})
	cloud.interrupt()
	if code := cloud.exit(); code != exitPass {
		t.Errorf("the cloud after an interrupt: exit %d", code)
	}
}

// TestRunOutlivesTheCloud kills a cloud that keeps its data twice in the midst
// of a run: it takes time, but no signup is lost, and nobody gets two offers.
func TestRunOutlivesTheCloud(t *testing.T) {
	t.Parallel()
	dir, address := t.TempDir(), quietAddress(t)
	cloud := start(t, "cloud", "--listen", address, "--data", dir)
	endpoint := cloud.waitFor(`^endpoint +(http://\S+)`)
	cloud.waitFor(`^ready$`)
	runPieces(t, endpoint, "6s", func(simulate *process) {
		for range 2 {
			simulate.waitFor(`sending .*delivered=[1-9]`)
			if err := cloud.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			cloud.exit()
			cloud = start(t, "cloud", "--listen", address, "--data", dir)
			cloud.waitFor(`^ready$`)
		}
	})
}

// quietAddress is one that nobody comes to have while nobody listens there: clients
// that try a free port again and again are connected to themselves at last, where it
// is one that connections take for their own end.
func quietAddress(t *testing.T) string {
	t.Helper()
	a, err := newAddresses("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	address, err := a.lent("cloud")
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// runPieces provisions, serves, simulates and grades at endpoint, each in a
// process of its own; during is called when the simulator has begun.
func runPieces(t *testing.T, endpoint, length string, during func(simulate *process)) {
	t.Helper()
	ledgerFile := filepath.Join(t.TempDir(), "run.ledger")
	provision := start(t, "provision", "location", "--endpoint", endpoint)
	if code := provision.exit(); code != exitPass {
		t.Fatalf("provision: exit %d", code)
	}
	serve := start(t, "serve", "location", "app", "--endpoint", endpoint, "--listen", "127.0.0.1:0")
	url := serve.waitFor(`^app +(http://\S+)`)
	serve.waitFor(`^ready$`)

	simulate := startWith(t, nil, "simulate", "location", "--endpoint", endpoint, "--url", url, "--ledger", ledgerFile, "--for", length, "--rate", "50")
	during(simulate)
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
	serve.interrupt()
	if code := serve.exit(); code != exitPass {
		t.Errorf("serve after an interrupt: exit %d", code)
	}
}

// TestInterruptDrainsAndGrades presses Ctrl-C in a run that would take an hour.
func TestInterruptDrainsAndGrades(t *testing.T) {
	t.Parallel()
	report := filepath.Join(t.TempDir(), "verdict.json")
	run := start(t, "run", "location", "--for", "1h", "--rate", "50", "--json", report)
	run.waitFor(`sending .* delivered=[1-9]`)
	run.interrupt()
	code := run.exit()
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
