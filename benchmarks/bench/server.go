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

	"github.com/weirstream/weir/platform/cloud"
)

// The servers under test run as processes of their own, so that the client's
// garbage collector works alike against each of them.
const (
	serveCeiling = "serve-ceiling"
	serveCloud   = "serve-cloud"
)

// serve is this program as a server: it prints its address and serves until
// its standard input ends, which it does with the parent.
func serve(kind string) error {
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
	c, err := cloud.New(cloud.Config{QuotasOff: true})
	if err != nil {
		return err
	}
	fmt.Println(c.Endpoint())
	return c.Run(ctx)
}

// start runs a server; stop ends it and waits for it.
func start(kind string) (endpoint string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(self, kind)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, fmt.Errorf("start %s: %w", kind, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, fmt.Errorf("start %s: %w", kind, err)
	}
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start %s: %w", kind, err)
	}
	stop = func() {
		_ = in.Close()
		_ = cmd.Wait() // it has nothing to say by then
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("start %s: it ended before it served", kind)
	}
	return strings.TrimSpace(line), stop, nil
}
