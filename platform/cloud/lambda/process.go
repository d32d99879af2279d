package lambda

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// starter starts every child from one operating system thread, because Linux
// ties a child's parent-death signal to the thread that forked it.
type starter struct {
	work chan startRequest
}

type startRequest struct {
	cmd   *exec.Cmd
	reply chan error
}

func newStarter() *starter { return &starter{work: make(chan startRequest)} }

// run serves requests until ctx ends. It never unlocks its thread, which ends
// with it: by then every child has ended.
func (s *starter) run(ctx context.Context) {
	runtime.LockOSThread()
	for {
		select {
		case req := <-s.work:
			req.reply <- req.cmd.Start()
		case <-ctx.Done():
			return
		}
	}
}

func (s *starter) start(ctx context.Context, cmd *exec.Cmd) error {
	req := startRequest{cmd, make(chan error, 1)}
	select {
	case s.work <- req:
		return <-req.reply
	case <-ctx.Done():
		return ctx.Err()
	}
}

// process is one child and the pipe that carries its stdout and stderr.
type process struct {
	cmd    *exec.Cmd
	out    *os.File // read end
	in     *os.File // write end, kept to send barrier marks after the child's own output
	marker []byte

	mu     sync.Mutex
	reaped bool
	marks  chan struct{}
}

// startProcess starts cmd with its output in a pipe.
func startProcess(ctx context.Context, s *starter, cmd *exec.Cmd) (*process, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("function output pipe: %w", err)
	}
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails
	p := &process{
		cmd: cmd, out: out, in: in,
		marker: []byte("\x00" + hex.EncodeToString(nonce)),
		marks:  make(chan struct{}, 1),
	}
	cmd.Stdout, cmd.Stderr = in, in
	cmd.SysProcAttr = childAttributes()
	if err := s.start(ctx, cmd); err != nil {
		in.Close()
		out.Close()
		return nil, fmt.Errorf("start function: %w", err)
	}
	return p, nil
}

// kill ends the process group; it does nothing once the child is reaped.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		killGroup(p.cmd.Process)
	}
}

// wait reaps the child, ends what it left behind in its group, and lets the
// reader of its output come to an end. It returns how the runtime ended in
// Lambda's words.
func (p *process) wait(wall clock.Clock) string {
	err := p.cmd.Wait()
	p.mu.Lock()
	p.reaped = true
	killGroup(p.cmd.Process) // a group lives while a member does, so its number is not reused
	p.mu.Unlock()
	p.in.Close()
	// Something that left the group may hold the pipe open: do not wait for it long.
	_ = p.out.SetReadDeadline(wall.Now().Add(time.Second))
	if err == nil {
		return "Runtime exited without providing a reason"
	}
	return "Runtime exited with error: " + err.Error()
}

// barrier returns after everything the child wrote so far has reached the log.
func (p *process) barrier(exited <-chan struct{}) {
	if _, err := p.in.Write(append(append([]byte{}, p.marker...), '\n')); err != nil {
		return // the child has ended; its output is read to the end before exited closes
	}
	select {
	case <-p.marks:
	case <-exited:
	}
}

// readLog sends the child's output, line by line, to sink until it ends.
func (p *process) readLog(sink *logSink) {
	defer p.out.Close()
	lines := &lineWriter{emit: func(line []byte) {
		rest, marked := bytes.CutSuffix(line, p.marker)
		if !marked || len(rest) > 0 {
			sink.line(rest)
		}
		if marked {
			p.marks <- struct{}{}
		}
	}}
	_, _ = io.Copy(lines, p.out)
	lines.flush()
}
