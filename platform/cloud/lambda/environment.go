package lambda

import (
	"context"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"os/exec"
	"time"

	"github.com/google/uuid"

	"github.com/weirstream/weir/platform/clock"
)

// initMax is how long a runtime may take before it first asks for work.
const initMax = 10 * time.Second

// peakEvery is how old the memory in a REPORT line may be.
const peakEvery = 100 * time.Millisecond

// environment is one execution environment: one child process with a Runtime
// API listener of its own. It serves one invocation at a time and is reused
// until it is idle too long, its credentials near their end, its function
// changes, or it fails.
type environment struct {
	spec    *spec
	api     *runtimeAPI
	proc    *process
	sink    *logSink
	wall    clock.Clock
	expires time.Time // of its credentials

	initStarted time.Time
	initDone    bool // this and peak are touched only by the invocation in hand
	peak        int64
	peakAt      time.Time
	idleSince   time.Time

	exited  chan struct{} // closed after the child is reaped and its log read
	exitErr string        // how it ended; read after exited
}

// start creates an environment and its goroutines under the supervisor.
func (p *pool) start(ctx context.Context, s *spec) (*environment, error) {
	session := s.name
	if len(session) > 64 {
		session = session[:64]
	}
	credentials, err := p.cfg.Roles.ServiceCredentials(s.role, servicePrincipal, session)
	if err != nil {
		return nil, invalidParameter("The role defined for the function cannot be assumed by Lambda.")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("runtime API listener: %w", err)
	}
	command, dir, err := s.code.command(p.cfg.Launcher)
	if err != nil {
		listener.Close()
		return nil, err
	}
	cmd := exec.Command(command.Path, command.Args...)
	cmd.Dir = dir
	now := p.cfg.Wall.Now()
	cmd.Env = s.environ(placement{
		region: p.cfg.Region, runtimeAPI: listener.Addr().String(), endpoint: p.cfg.Endpoint(), caFile: p.cfg.CAFile,
		logStream: logStreamName(now, s.version, uuid.NewString()), taskRoot: dir,
		credentials: credentials, sim: p.cfg.Sim, launcher: command.Env,
	})
	proc, err := startProcess(ctx, p.starter, cmd)
	if err != nil {
		listener.Close()
		return nil, s.startFailure(err)
	}
	e := &environment{
		spec: s, api: newRuntimeAPI(), proc: proc, wall: p.cfg.Wall, expires: credentials.Expires,
		sink:        &logSink{ring: s.logs, log: p.cfg.Log, function: s.name},
		initStarted: now, exited: make(chan struct{}),
	}
	s.code.acquire()
	if !p.sup.spawn(func(ctx context.Context) { p.keep(ctx, e, listener) }) {
		// The service stopped between the fork and here: end the child in place.
		proc.kill()
		listener.Close()
		e.exitErr = proc.wait(e.wall)
		proc.readLog(e.sink)
		s.code.release()
		return nil, errStopped
	}
	return e, nil
}

// keep runs e and knows it for as long as it lives.
func (p *pool) keep(ctx context.Context, e *environment, listener net.Listener) {
	p.mu.Lock()
	p.all[e] = struct{}{}
	p.mu.Unlock()
	e.run(ctx, listener)
	p.mu.Lock()
	delete(p.all, e)
	p.mu.Unlock()
}

// run serves the Runtime API until the child ends, and ends the child with ctx.
func (e *environment) run(ctx context.Context, listener net.Listener) {
	defer e.spec.code.release()
	server := &http.Server{
		Handler:           e.api.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // a child that is killed mid-request is no news
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	logged := make(chan struct{})
	go func() { defer close(logged); e.proc.readLog(e.sink) }()
	reaped := make(chan struct{})
	go func() { defer close(reaped); e.exitErr = e.proc.wait(e.wall) }()

	select {
	case <-reaped:
	case <-ctx.Done():
		e.proc.kill()
		<-reaped
	}
	<-logged
	_ = server.Close()
	<-served
	close(e.exited)
}

// alive reports whether the child still runs.
func (e *environment) alive() bool {
	select {
	case <-e.exited:
		return false
	default:
		return true
	}
}

// stop kills the child and waits for its end.
func (e *environment) stop() {
	e.proc.kill()
	<-e.exited
}

// invoke hands one event to the runtime and waits for the answer, a time-out
// or the runtime's end. The environment may be used again if reusable.
func (e *environment) invoke(j job) (r Result, reusable bool) {
	id := j.id
	e.sink.begin()
	initDuration, failed := e.awaitInit(id)
	if failed != nil {
		r = *failed
		e.report(&r, id, 0, initDuration)
		return r, false
	}
	started := e.wall.Now()
	inv := newInvocation(id, j.arn, j.payload, started.Add(e.spec.timeout))
	e.sink.line([]byte("START RequestId: " + id + " Version: " + e.spec.version))
	timer := e.wall.NewTimer(e.spec.timeout)
	defer timer.Stop()

	var answered outcome
	select {
	case e.api.work <- inv:
		answered, reusable = e.await(inv, timer)
	case <-e.exited:
		answered = failure("Runtime.ExitError", "RequestId: "+id+" Error: "+e.exitErr)
	}
	if reusable {
		e.proc.barrier(e.exited)
	}
	r = Result{RequestID: id, Version: e.spec.version, Payload: answered.payload}
	if answered.failed {
		r.FunctionError = unhandled
	}
	e.report(&r, id, e.wall.Now().Sub(started), initDuration)
	return r, reusable
}

// awaitInit waits for the runtime's first request for work.
func (e *environment) awaitInit(id string) (time.Duration, *Result) {
	if e.initDone {
		return 0, nil
	}
	timer := e.wall.NewTimer(initMax - e.wall.Now().Sub(e.initStarted))
	defer timer.Stop()
	fail := func(payload []byte) (time.Duration, *Result) {
		e.stop()
		return e.wall.Now().Sub(e.initStarted), &Result{RequestID: id, Version: e.spec.version, Payload: payload, FunctionError: unhandled}
	}
	select {
	case <-e.api.ready:
		e.initDone = true
		return e.wall.Now().Sub(e.initStarted), nil
	case posted := <-e.api.initErr:
		return fail(posted)
	case <-e.exited:
		select { // it may have said why before it ended
		case posted := <-e.api.initErr:
			return fail(posted)
		default:
		}
		return fail(errorPayload("Runtime.ExitError", "RequestId: "+id+" Error: "+e.exitErr))
	case <-timer.C:
		return fail(errorPayload("Sandbox.Timedout", fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", id, initMax.Seconds())))
	}
}

// await waits for the answer and for the runtime to ask for more, which is
// when its output is complete and it can take another event.
func (e *environment) await(inv *invocation, timer *clock.Timer) (answered outcome, reusable bool) {
	select {
	case <-inv.done:
		return <-inv.outcome, true
	case <-e.exited:
	case <-timer.C:
		e.stop()
		select {
		case answered = <-inv.outcome: // it answered in time and then did not come back
		default:
			text := fmt.Sprintf("%s %s Task timed out after %.2f seconds", timestamp(e.wall.Now()), inv.id, e.spec.timeout.Seconds())
			e.sink.line([]byte(text))
			answered = outcome{payload: errorPayload("", text), failed: true}
		}
		return answered, false
	}
	select {
	case answered = <-inv.outcome: // it answered and then ended
	default:
		answered = failure("Runtime.ExitError", "RequestId: "+inv.id+" Error: "+e.exitErr)
	}
	return answered, false
}

// peakBytes is the most memory the child has used, 0 if that is not known. It
// asks the kernel at most every peakEvery: that costs as much as a small
// invocation.
func (e *environment) peakBytes() int64 {
	if now := e.wall.Now(); e.peakAt.IsZero() || now.Sub(e.peakAt) >= peakEvery {
		if peak, ok := peakRSS(e.proc.cmd.Process.Pid); ok {
			e.peak, e.peakAt = peak, now
		}
	}
	return e.peak
}

// report writes the END and REPORT lines and takes the log tail.
func (e *environment) report(r *Result, id string, took, initTook time.Duration) {
	e.sink.line([]byte("END RequestId: " + id))
	r.Duration = took
	ms := float64(took) / float64(time.Millisecond)
	text := fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %.0f ms\tMemory Size: %d MB",
		id, ms, math.Ceil(ms), e.spec.memoryMB)
	if peak := e.peakBytes(); peak > 0 {
		text += fmt.Sprintf("\tMax Memory Used: %d MB", (peak+1<<20-1)>>20)
	}
	if initTook > 0 {
		text += fmt.Sprintf("\tInit Duration: %.2f ms", float64(initTook)/float64(time.Millisecond))
	}
	e.sink.line([]byte(text))
	r.LogTail = e.sink.last()
}
