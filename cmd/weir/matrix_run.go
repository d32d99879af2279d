package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/scenario"
)

// matrixGrade is what a run of a matrix came to.
type matrixGrade string

const (
	matrixPass   matrixGrade = "pass"
	matrixLate   matrixGrade = "LATE" // nothing but a latency objective was missed
	matrixFail   matrixGrade = "FAIL"
	matrixBroken matrixGrade = "none" // there is no verdict
)

// run makes the runs and prints what they come to.
func (m *matrix) run(cmd *cobra.Command) error {
	dir, tidy, err := m.directory()
	if err != nil {
		return err
	}
	defer tidy()
	out := cmd.OutOrStdout()
	count := map[matrixGrade]int{}
	began := time.Now()
	for i, r := range m.runs {
		since := time.Now()
		base := filepath.Join(dir, filepath.Base(r.preset)+fmt.Sprintf("-%d", r.seed))
		v, err := m.once(cmd.Context(), r, base)
		if cmd.Context().Err() != nil {
			tell(out, m.tally(count, began), "interrupted; to go on: "+m.rest(m.runs[i]))
			return m.conclude(count, true)
		}
		g, said := judge(v, err)
		count[g]++
		tell(out, fmt.Sprintf("%s  %-8s seed %-3d %5.1fs  %s", g, r.preset, r.seed, time.Since(since).Seconds(), said))
		if g == matrixPass {
			continue
		}
		tell(out, "      replay: weir "+shellWords(m.command(r)), "      kept:   "+base+".json and .log")
		if g == matrixBroken && exitOf(err) == exitUsage {
			tell(out, m.tally(count, began))
			return fmt.Errorf("the run %v could not begin, so no other is tried: %s", r, said)
		}
	}
	tell(out, m.tally(count, began))
	return m.conclude(count, false)
}

// directory is where failed runs leave their traces; tidy removes it when there
// are none.
func (m *matrix) directory() (dir string, tidy func(), err error) {
	if m.keep == "" {
		dir, err = os.MkdirTemp("", "weir-chaos-")
	} else {
		dir, err = m.keep, os.MkdirAll(m.keep, 0o755)
	}
	if err != nil {
		return "", nil, fmt.Errorf("a directory for failed runs: %w; name another with --keep", err)
	}
	return dir, func() { _ = os.Remove(dir) }, nil // refused while anything is in it
}

// once makes one run in a process of its own. What a passed run leaves is removed.
func (m *matrix) once(ctx context.Context, r matrixRun, base string) (v scenario.Verdict, err error) {
	log, err := os.Create(base + ".log")
	if err != nil {
		return v, fmt.Errorf("keep the output: %w", err)
	}
	report := base + ".json"
	defer func() {
		_ = log.Close()
		if err == nil && v.Pass || ctx.Err() != nil {
			_ = errors.Join(os.Remove(log.Name()), os.Remove(report)) // what is left says no more than the line printed
		}
	}()
	self, err := os.Executable()
	if err != nil {
		return v, fmt.Errorf("find weir's own binary: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, m.longest)
	defer cancel()
	cmd := exec.CommandContext(limited, self, append(m.command(r), "--json", report)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = servedAttributes()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute // to drain and leave
	runtime.LockOSThread()      // on Linux the process ends with the thread that started it
	defer runtime.UnlockOSThread()
	ran := cmd.Run()
	data, err := os.ReadFile(report)
	var verdicts []scenario.Verdict
	if err != nil || json.Unmarshal(data, &verdicts) != nil || len(verdicts) != 1 {
		return v, errors.Join(errors.New("no verdict"), ran, limited.Err())
	}
	return verdicts[0], nil
}

// exitOf is the exit code of a process that ended with one, else -1.
func exitOf(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// judge sums a verdict up in one line.
func judge(v scenario.Verdict, err error) (matrixGrade, string) {
	if err != nil {
		return matrixBroken, strings.ReplaceAll(err.Error(), "\n", ": ")
	}
	grade := matrixLate
	var broken []string
	for _, o := range v.Outcomes {
		if o.Pass {
			continue
		}
		text, _, _ := strings.Cut(o.Got, "\n")
		broken = append(broken, fmt.Sprintf("%s: %s (want %s)", o.Name, text, o.Want))
		if !strings.HasPrefix(o.Name, "p99 ") {
			grade = matrixFail
		}
	}
	switch {
	case len(broken) > 0:
		return grade, strings.Join(broken, "; ")
	case !v.Pass || v.Interrupted:
		return matrixFail, "the run did not come to its end"
	}
	return matrixPass, priceOf(v)
}

// priceOf is what a passed run's faults cost, all hops together.
func priceOf(v scenario.Verdict) string {
	var lost, redelivered, doubled int
	for _, h := range v.Hops {
		lost += h.Lost
		if h.Guarantee == scenario.ExactlyOnce {
			doubled += h.Duplicates
		} else {
			redelivered += h.Duplicates
		}
	}
	text := fmt.Sprintf("%d faults: %d lost, %d redelivered, %d doubled", len(v.Faults), lost, redelivered, doubled)
	if len(v.Faults) > 0 {
		slowest := slices.MaxFunc(v.Faults, func(a, b scenario.Fault) int { return int(a.RecoveredAfterMs - b.RecoveredAfterMs) })
		text += fmt.Sprintf(", slowest recovery %.0f ms", slowest.RecoveredAfterMs)
	}
	for _, o := range v.Outcomes {
		if strings.HasPrefix(o.Name, "p99 ") {
			text += fmt.Sprintf(", %s %s", o.Name, o.Got)
		}
	}
	return text
}

func (m *matrix) tally(count map[matrixGrade]int, began time.Time) string {
	return fmt.Sprintf("\n%d of %d runs in %v: %d passed, %d late, %d failed, %d without a verdict",
		count[matrixPass]+count[matrixLate]+count[matrixFail]+count[matrixBroken], len(m.runs),
		time.Since(began).Round(time.Second), count[matrixPass], count[matrixLate], count[matrixFail], count[matrixBroken])
}

// conclude is the exit code: an interrupted matrix that failed nothing has not
// passed either.
func (m *matrix) conclude(count map[matrixGrade]int, interrupted bool) error {
	switch {
	case count[matrixPass] < len(m.runs) && !interrupted || count[matrixLate]+count[matrixFail]+count[matrixBroken] > 0:
		return failedVerdict("chaos matrix: FAIL (%d late, %d failed, %d without a verdict)", count[matrixLate], count[matrixFail], count[matrixBroken])
	case interrupted:
		return &exitError{code: exitInterrupted, err: errors.New("interrupted before every run was made")}
	}
	return nil
}

// rest is the command that makes the runs from r on.
func (m *matrix) rest(r matrixRun) string {
	args := []string{"chaos", "matrix", m.scenario, "--presets", strings.Join(m.presets, ","), "--seeds", m.seeds, "--from", r.String()}
	run := m.command(r)
	return "weir " + shellWords(append(args, run[slices.Index(run, "--epoch"):]...))
}

// shellWords joins words so that a shell reads the same words.
func shellWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = word
		if word == "" || strings.ContainsFunc(word, func(c rune) bool {
			return !strings.ContainsRune("-_./:,=+@%", c) && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
		}) {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
