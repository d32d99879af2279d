package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/weirstream/weir/platform/scenario"
)

// handlerBucket is the bucket name under which a cloud that runs this binary
// knows the functions built into it; see docs/adr/0003.
const handlerBucket = "weir-handlers"

// builtInFunction locates a handler of scenarios/functions.
func builtInFunction(handler string) scenario.FunctionCode {
	return scenario.FunctionCode{S3Bucket: handlerBucket, S3Key: handler}
}

// clientHTTP is one pool of connections for every AWS client of the process.
func clientHTTP() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = 64
		t.MaxIdleConns = 256
	})
}

// addresses are where the services of this process listen and are found.
type addresses struct {
	listen string // the flag: HOST:PORT for the first service, port 0 for any

	mu   sync.Mutex
	used bool
	urls map[string]string
}

func newAddresses(listen string) (*addresses, error) {
	listen = cmp.Or(listen, "127.0.0.1:0")
	if _, _, err := net.SplitHostPort(listen); err != nil {
		return nil, usagef("--listen %q: want HOST:PORT, e.g. 127.0.0.1:8080", listen)
	}
	return &addresses{listen: listen, urls: map[string]string{}}, nil
}

// open listens for a service. The first gets the flag's port, others any.
func (a *addresses) open(service string) (net.Listener, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	host, port, err := net.SplitHostPort(a.listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", a.listen, err)
	}
	if a.used {
		port = "0"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("listen for %s on %s: %w (is the port taken? --listen %s picks a free one)",
			service, a.listen, err, net.JoinHostPort(host, "0"))
	}
	a.used = true
	bound := l.Addr().(*net.TCPAddr)
	reach := host
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		reach = "127.0.0.1"
	}
	a.urls[service] = "http://" + net.JoinHostPort(reach, strconv.Itoa(bound.Port))
	return l, nil
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

// elsewhere finds services that run in other processes: all behind one URL.
func elsewhere(url string) (func(string) (net.Listener, error), func(string) string) {
	listen := func(service string) (net.Listener, error) {
		return nil, errors.New(service + " is served by another process")
	}
	return listen, func(string) string { return url }
}

// baseConfig is the identity this process was started with, at an endpoint.
func baseConfig(region, endpoint string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(endpoint),
		Credentials:  rootCredentials(),
		HTTPClient:   clientHTTP(),
	}
}
