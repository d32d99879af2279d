package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kerr"
)

// oneArgument wants exactly one argument and says what it is when it is not there.
func oneArgument(name, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usagef("%s is missing: %s", name, what)
		case len(args) > 1:
			return usagef("%s takes one %s, got %d arguments", cmd.CommandPath(), name, len(args))
		}
		return nil
	}
}

// noArguments wants no arguments.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// answers finds out whether anything listens where a simulation is to send,
// which would otherwise wait for it as long as devices do.
func answers(ctx context.Context, rawURL string) error {
	const patience = 5 * time.Second
	u, err := url.Parse(rawURL)
	if err != nil {
		return &usageError{err: fmt.Errorf("--url %q: %w", rawURL, err)}
	}
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", hostPort(u))
	if err != nil {
		return fmt.Errorf("--url %s: nothing answers there; start `weir serve` or give the address it printed (%w)", rawURL, err)
	}
	return conn.Close()
}

// hostPort is where to dial for a URL; without a port its scheme stands for one.
func hostPort(u *url.URL) string {
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), u.Scheme)
	}
	return u.Host
}

// undialled tells whether an error is that nothing answered.
func undialled(err error) bool {
	var dial *net.OpError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &dial) && dial.Op == "dial"
}

// unanswered adds the remedy to an error of a call to which nothing answered.
func unanswered(err error) error {
	if undialled(err) {
		return fmt.Errorf("nothing answers there; start `weir cloud` or give the right --endpoint (%w)", err)
	}
	return err
}

// engineless adds the remedy to an error of an engine that the environment names
// and that does not answer there.
func engineless(ctx context.Context, err error) error {
	if !undialled(err) {
		return err
	}
	for _, engine := range []struct{ name, variable string }{
		{"Kafka", brokersVar}, {"a schema registry", registryVar}, {"OpenSearch", searchVar},
	} {
		if where := os.Getenv(engine.variable); where != "" && !answersAny(ctx, splitSeeds(where)) {
			err = fmt.Errorf("%w; nothing answers at %s: start %s there, or name another with %s", err, where, engine.name, engine.variable)
		}
	}
	return err
}

// answersAny dials brokers, or a URL.
func answersAny(ctx context.Context, addresses []string) bool {
	const patience = 2 * time.Second
	for _, address := range addresses {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			address = hostPort(u)
		}
		if conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", address); err == nil {
			_ = conn.Close() // nothing was said over it
			return true
		}
	}
	return false
}

// unprovisioned adds the remedy to the error of a service that brokers do not
// know, or whose topics they do not have.
func unprovisioned(err error, scenario string) error {
	for _, sign := range []error{kerr.SaslAuthenticationFailed, kerr.UnknownTopicOrPartition, kerr.TopicAuthorizationFailed} {
		if errors.Is(err, sign) {
			return fmt.Errorf("%w; if %s was never provisioned there, `weir provision %s` does it", err, scenario, scenario)
		}
	}
	return err
}
