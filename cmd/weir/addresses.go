package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"
)

// addresses are where the services of this process listen and are found. The
// flag's port is bound before anything else happens, so that a taken one is
// said at once and nobody can take it meanwhile.
type addresses struct {
	host string

	mu    sync.Mutex
	first net.Listener // the flag's port, for the first service; nil once given
	urls  map[string]string
}

// checkListen refuses what is no address at all.
func checkListen(listen string) error {
	if _, _, err := net.SplitHostPort(listen); err != nil {
		return fmt.Errorf("--listen %q: want HOST:PORT, e.g. 127.0.0.1:8080", listen)
	}
	return nil
}

func newAddresses(listen string) (*addresses, error) {
	if err := checkListen(listen); err != nil {
		return nil, &usageError{err: err}
	}
	first, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, cannotListen(listen, err)
	}
	host, _, _ := net.SplitHostPort(listen) // checked above
	return &addresses{host: host, first: first, urls: map[string]string{}}, nil
}

// cannotListen says what to do about an address that cannot be had.
func cannotListen(listen string, err error) error {
	host, _, _ := net.SplitHostPort(listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is taken by another process; stop it, or take a free port with --listen %s", listen, net.JoinHostPort(host, "0"))
	}
	return fmt.Errorf("cannot listen there: %w; --listen 127.0.0.1:0 takes a free port of this machine", err)
}

// open listens for a service. The first gets the flag's port, others any.
func (a *addresses) open(service string) (net.Listener, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.first
	if l == nil {
		var err error
		if l, err = net.Listen("tcp", net.JoinHostPort(a.host, "0")); err != nil {
			return nil, fmt.Errorf("listen for %s: %w", service, err)
		}
	}
	a.first = nil
	reach := a.host
	if ip := net.ParseIP(reach); reach == "" || ip != nil && ip.IsUnspecified() {
		reach = "127.0.0.1"
	}
	a.urls[service] = "http://" + net.JoinHostPort(reach, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	return l, nil
}

// close gives back a port that no service took.
func (a *addresses) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.first != nil {
		_ = a.first.Close() // nothing was ever served on it
	}
}

func (a *addresses) url(service string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.urls[service]
}

// print lists the services of this process and where they are.
func (a *addresses) print(out io.Writer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, service := range slices.Sorted(maps.Keys(a.urls)) {
		fmt.Fprintf(out, "%-10s %s\n", service, a.urls[service])
	}
}
