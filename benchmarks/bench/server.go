package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud"
)

// The servers under test run as processes of their own, so that the client's
// garbage collector works alike against each of them.
const (
	servePrefix  = "serve-"
	serveCeiling = servePrefix + "ceiling"
	serveKafka   = servePrefix + "kafka"
	serveCloud   = servePrefix + "cloud" // with a directory: everything it acknowledges is on disk
)

// serve is this program as a server: it prints its address and serves until
// its standard input ends, which it does with the parent.
func serve(kind string, args []string) error {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // any end will do
		cancel()
	}()
	if kind == serveCeiling {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		context.AfterFunc(ctx, func() { _ = listener.Close() })
		fmt.Println("http://" + listener.Addr().String())
		if err := ceiling(listener); ctx.Err() == nil {
			return err
		}
		return nil
	}
	if kind == serveKafka {
		return serveBrokers(ctx)
	}
	config := cloud.Config{QuotasOff: true}
	if len(args) == 1 {
		config.Data = args[0]
	}
	c, err := cloud.New(config)
	if err != nil {
		return err
	}
	fmt.Println(c.Endpoint())
	return c.Run(ctx)
}

// server is a running one.
type server struct {
	endpoint string
	cmd      *exec.Cmd
	in       io.Closer
}

// start runs a server; its user stops it.
func start(kind string, args ...string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(self, append([]string{kind}, args...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", kind, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", kind, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", kind, err)
	}
	s := &server{cmd: cmd, in: in}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("start %s: it ended before it served", kind)
	}
	s.endpoint = strings.TrimSpace(line)
	return s, nil
}

// stop ends the server and says what processor time it took in all. Further
// calls do nothing.
func (s *server) stop() (busy time.Duration) {
	if s.in == nil {
		return 0
	}
	_ = s.in.Close()
	s.in = nil
	_ = s.cmd.Wait() // it has nothing to say by then
	return s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
}
