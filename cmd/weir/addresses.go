package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// addresses are where the services of this process listen and are found. The
// flag's port is bound before anything else happens, so that a taken one is
// said at once and nobody can take it meanwhile.
type addresses struct {
	host  string
	fixed bool // the flag names a port

	mu    sync.Mutex
	first net.Listener // the flag's port, for the first service; nil once given
	urls  map[string]string
	loans map[string]string // addresses of services in other processes
}

// checkListen refuses what is no address at all.
func checkListen(listen string) error {
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen %q: want HOST:PORT, e.g. 127.0.0.1:8080", listen)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("--listen %q: want a port from 0, which takes a free one, to 65535", listen)
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
	host, port, _ := net.SplitHostPort(listen) // checked above
	return &addresses{host: host, fixed: port != "0" && port != "", first: first, urls: map[string]string{}, loans: map[string]string{}}, nil
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
	a.found(service, l.Addr().(*net.TCPAddr).Port)
	return l, nil
}

// found notes where a service is reached; a.mu is held.
func (a *addresses) found(service string, port int) {
	reach := a.host
	if ip := net.ParseIP(reach); reach == "" || ip != nil && ip.IsUnspecified() {
		reach = "127.0.0.1"
	}
	a.urls[service] = "http://" + net.JoinHostPort(reach, strconv.Itoa(port))
}

// Ports that no connection takes as its own end by chance: below the ephemeral
// range of Linux, macOS and Windows.
const (
	quietPortFirst = 20_000
	quietPorts     = 12_000
)

// lent is the address of a service in another process, which listens there
// now and again: while it is down nobody else may come to have its port.
func (a *addresses) lent(service string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if address := a.loans[service]; address != "" {
		return address, nil
	}
	address, err := a.lend(service)
	a.loans[service] = address
	return address, err
}

// lend picks an address; a.mu is held.
func (a *addresses) lend(service string) (string, error) {
	if a.first != nil && a.fixed {
		port := a.first.Addr().(*net.TCPAddr).Port
		err := a.first.Close()
		a.first = nil
		a.found(service, port)
		return net.JoinHostPort(a.host, strconv.Itoa(port)), err
	}
	rng := rand.New(rand.NewPCG(uint64(os.Getpid()), uint64(time.Now().UnixNano())))
	for range 100 {
		port := quietPortFirst + rng.IntN(quietPorts)
		address := net.JoinHostPort(a.host, strconv.Itoa(port))
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		a.found(service, port)
		return address, l.Close()
	}
	return "", fmt.Errorf("no free port found for %s; name one with --listen", service)
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
