package kafka

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/weirstream/weir/platform/clock"
)

// Cluster says where brokers are and who is asking. It holds no connection:
// every part opens its own with Options.
type Cluster struct {
	Seeds    []string    // HOST:PORT of some brokers; the others are learned from them
	User     string      // of SASL/SCRAM-SHA-512; "" means no authentication
	Password string      // goes with User
	TLS      *tls.Config // nil means plain connections
	ClientID string      // what the brokers' logs and quotas know the client as; "" means weir
}

// Validate says every problem of the cluster in one error.
func (c *Cluster) Validate() error {
	var problems []error
	if len(c.Seeds) == 0 {
		problems = append(problems, errors.New("Seeds is empty; give at least one broker as HOST:PORT"))
	}
	for _, seed := range c.Seeds {
		if err := checkAddress(seed); err != nil {
			problems = append(problems, fmt.Errorf("Seeds: %q: %w", seed, err))
		}
	}
	switch {
	case c.User == "" && c.Password != "":
		problems = append(problems, errors.New("Password is set and User is empty; give both or neither"))
	case c.User != "" && c.Password == "":
		problems = append(problems, fmt.Errorf("User is %q and Password is empty; give both or neither", c.User))
	}
	return errors.Join(problems...)
}

func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("want HOST:PORT")
	}
	if host == "" {
		return errors.New("the host is empty")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("port %q is not in 1 to 65535", port)
	}
	return nil
}

// Options are what every client of the cluster needs. Topics are never created
// by being named: Provision makes them.
func (c *Cluster) Options() []kgo.Opt {
	id := c.ClientID
	if id == "" {
		id = "weir"
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Seeds...), kgo.ClientID(id), kgo.DisableClientMetrics(),
		kgo.MetadataMinAge(metadataMinAge), kgo.RetryBackoffFn(backoff()),
	}
	if c.User != "" {
		opts = append(opts, kgo.SASL(scram.Auth{User: c.User, Pass: c.Password}.AsSha512Mechanism()))
	}
	if c.TLS != nil {
		opts = append(opts, kgo.DialTLSConfig(c.TLS))
	}
	return opts
}

// How soon a client asks again, as Java's clients do: after a broker or a
// partition's leader has gone, waiting longer only makes the outage longer.
const (
	metadataMinAge = 100 * time.Millisecond
	retryMin       = 100 * time.Millisecond
	retryMax       = time.Second
)

func backoff() func(int) time.Duration {
	j := clock.NewJitter(0, clock.Wall{})
	return func(fails int) time.Duration { return j.Half(max(0, fails-1), retryMin, retryMax) }
}

// client opens a client of the cluster.
func (c *Cluster) client(opts ...kgo.Opt) (*kgo.Client, error) {
	client, err := kgo.NewClient(append(c.Options(), opts...)...)
	if err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	return client, nil
}

func loggerOr(logger *slog.Logger) *slog.Logger {
	if logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return logger
}
