package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
)

// serving starts services of a scenario as processes: `weir serve SCENARIO SERVICE`.
type serving struct {
	region, endpoint string
	addresses        *addresses
	log              *slog.Logger
	env              []string // settings that the process has besides this one's
}

// start implements scenario.World's Process.
func (s serving) start(name, service string, env scenario.Env) (scenario.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find weir's own binary: %w", err)
	}
	listen, err := s.addresses.lent(service)
	if err != nil {
		return nil, err
	}
	args := []string{"serve", name, service, "--endpoint", s.endpoint, "--region", s.region, "--listen", listen}
	for _, key := range sortedKeys(env.Settings) {
		args = append(args, "--set", key+"="+env.Settings[key])
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(append(os.Environ(), s.env...), clock.EnvVar+"="+env.Sim.String())
	return launch(cmd, s.log)
}

// served is one such process.
type served struct {
	cmd   *exec.Cmd
	ready chan struct{} // closed when it says so
	done  chan struct{} // closed when it is gone
	err   error         // read after done
}

// launch starts cmd from a thread that lives as long as the process, because
// Linux ties a child's parent-death signal to the thread that forked it.
func launch(cmd *exec.Cmd, log *slog.Logger) (*served, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("pipe from %s: %w", cmd.Path, err)
	}
	var complaints tail
	cmd.Stderr = &complaints
	cmd.SysProcAttr = servedAttributes()
	p := &served{cmd: cmd, ready: make(chan struct{}), done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.read(out)
		if err := cmd.Wait(); err != nil {
			p.err = fmt.Errorf("%w%s", err, complaints.text())
		}
		if text := complaints.text(); text != "" {
			log.Info("a service's process has ended", "pid", cmd.Process.Pid, "said", text)
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", strings.Join(cmd.Args, " "), err)
	}
	return p, nil
}

// read waits for the line that says ready, and reads on until the process ends.
func (p *served) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	for said := false; lines.Scan(); {
		if lines.Text() == "ready" && !said {
			said = true
			close(p.ready)
		}
	}
	_, _ = io.Copy(io.Discard, out) // beyond a line too long for the scanner
}

// Ready implements scenario.Process.
func (p *served) Ready(ctx context.Context) error {
	select {
	case <-p.ready:
		return nil
	case <-p.done:
		return errors.Join(errors.New("its process ended at once"), p.err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop implements scenario.Process.
func (p *served) Stop() error { return p.cmd.Process.Signal(syscall.SIGTERM) }

// Kill implements scenario.Process.
func (p *served) Kill() error { return p.cmd.Process.Kill() }

// Done implements scenario.Process.
func (p *served) Done() <-chan struct{} { return p.done }

// Err implements scenario.Process.
func (p *served) Err() error { return p.err }

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

const tailBytes = 2 << 10

func (t *tail) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, data...)
	if over := len(t.kept) - tailBytes; over > 0 {
		t.kept = slices.Delete(t.kept, 0, over)
	}
	return len(data), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.kept) == 0 {
		return ""
	}
	return ": " + strings.TrimSpace(string(t.kept))
}
