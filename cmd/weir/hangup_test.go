//go:build unix

package main

import (
	"bufio"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// A terminal that is closed, and a shell that says so once more, end a command as
// Ctrl-C does: the call in hand may finish, and nothing is left in the temporary
// directory.
func TestClosedTerminalEndsInOrder(t *testing.T) {
	t.Parallel()
	cloud, tmp, endpoint := hangable(t, `exec "$0" "$@"`)
	call, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer call.Close()
	if _, err := call.Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")); err != nil {
		t.Fatal(err)
	}
	hangUp(t, cloud)
	for healthy(endpoint) { // until it has heard
		if err := (clock.Wall{}).Sleep(t.Context(), 5*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	hangUp(t, cloud)
	if err := call.Close(); err != nil {
		t.Error(err)
	}
	if code := cloud.exit(); code != exitPass {
		t.Errorf("exit code %d:\n%s", code, cloud.seen.String())
	}
	if left, err := filepath.Glob(filepath.Join(tmp, "weir-*")); err != nil || len(left) > 0 {
		t.Errorf("left %q, %v", left, err)
	}
}

// What nohup started goes on.
func TestClosedTerminalIsIgnoredUnderNohup(t *testing.T) {
	t.Parallel()
	cloud, _, endpoint := hangable(t, `trap "" HUP; exec "$0" "$@"`)
	hangUp(t, cloud)
	if !healthy(endpoint) {
		t.Error("the cloud has ended")
	}
	cloud.interrupt()
	if code := cloud.exit(); code != exitPass {
		t.Errorf("exit code %d:\n%s", code, cloud.seen.String())
	}
}

// hangable is a cloud that a shell has started, ready.
func hangable(t *testing.T, script string) (cloud *process, tmp, endpoint string) {
	t.Helper()
	tmp = t.TempDir()
	cloud = &process{Cmd: exec.Command("sh", "-c", script, os.Args[0], "cloud", "--listen", "127.0.0.1:0"), t: t}
	cloud.Env = append(os.Environ(), asWeir+"=1", "TMPDIR="+tmp)
	out, err := cloud.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cloud.lines, cloud.Stderr = bufio.NewScanner(out), cloud.Stdout
	caught := make(chan os.Signal, 1) // what is caught here a child has the default for, also under nohup
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	if err := cloud.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(time.Minute, func() { _ = cloud.Process.Kill() })
	t.Cleanup(func() {
		watchdog.Stop()
		_ = cloud.Process.Kill() // an error only says that it has ended already
	})
	endpoint = cloud.waitFor(`^endpoint +(http://\S+)`)
	cloud.waitFor(`^ready$`)
	if there, err := filepath.Glob(filepath.Join(tmp, "weir-kafka-*")); err != nil || len(there) != 1 {
		t.Errorf("the cloud keeps %q, %v; want one directory that can be left behind", there, err)
	}
	return cloud, tmp, endpoint
}

func hangUp(t *testing.T, p *process) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

func healthy(endpoint string) bool {
	reply, err := http.Get(endpoint + "/_weir/health")
	if err != nil {
		return false
	}
	return reply.Body.Close() == nil && reply.StatusCode == http.StatusOK
}
