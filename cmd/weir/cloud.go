package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
)

// defaultListen is the port by which emulators of AWS are known.
const defaultListen = "127.0.0.1:4566"

const cloudLong = `Run the embedded cloud alone, for any AWS client: one account in one region on
one port. Every call is authenticated and authorised as on AWS. It prints its
endpoint, its Kafka brokers, schema registry and OpenSearch domain, the credentials
of the account's root and, once clients are served, "ready". Ctrl-C finishes the
calls in hand and ends it.

Without --data nothing is kept. With it, whatever was answered with success is
on disk and is there again at the next start, also after a crash or kill -9.

Kafka's clients sign in by SCRAM-SHA-512 or PLAIN, with the root's access key for
user and its secret for password; topics are made by who wants them. OpenSearch's
sign for the service es, or send the same user and password by Basic authentication.

The root credentials are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where both
are set, else test and test.`

const cloudExample = `  # For the aws CLI, boto3 or any SDK: paste the printed export lines
  weir cloud

  # On any free port, without AWS's rate limits
  weir cloud --listen 127.0.0.1:0 --quotas off

  # Over TLS, for clients that speak nothing else; trust the printed AWS_CA_BUNDLE
  weir cloud --tls

  # Keep everything in a directory, across restarts and crashes
  weir cloud --data ~/weir-data

  # Where clients expect them: Kafka on 9092, 9093 and 9094, OpenSearch on 9200
  weir cloud --kafka-listen 127.0.0.1:9092 --registry-listen 127.0.0.1:8081 --opensearch-listen 127.0.0.1:9200

  # In another region and account
  weir cloud --region eu-central-1 --account 111122223333`

type cloudFlags struct {
	listen         string
	kafkaListen    string
	registryListen string
	searchListen   string
	quotas         string
	account        string
	tls            bool
	caFile         string
	data           string
	dataKey        string
}

func newCloudCommand(g *globals) *cobra.Command {
	f := &cloudFlags{}
	cmd := &cobra.Command{
		Use:     "cloud",
		Short:   "Run the embedded cloud alone, for any AWS client",
		Long:    cloudLong,
		Example: cloudExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serveCloud(cmd, g, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", defaultListen, "address and port; port 0 takes a free one")
	flags.StringVar(&f.kafkaListen, "kafka-listen", "127.0.0.1:0", "address and port of the first Kafka broker; two more take the ports after it")
	flags.StringVar(&f.registryListen, "registry-listen", "127.0.0.1:0", "address and port of the schema registry")
	flags.StringVar(&f.searchListen, "opensearch-listen", "127.0.0.1:0", "address and port of the OpenSearch domain")
	flags.StringVar(&f.quotas, "quotas", "aws", "aws: enforce AWS's limits; off: measure the software itself")
	flags.StringVar(&f.account, "account", "123456789012", "account number, twelve digits")
	flags.BoolVar(&f.tls, "tls", false, "serve HTTPS with HTTP/2 under an authority made for this run")
	flags.StringVar(&f.caFile, "ca-file", "", "where --tls writes the authority's certificate (default a temporary file)")
	flags.StringVar(&f.data, "data", "", "directory that keeps everything, made if absent (default: nothing is kept)")
	flags.StringVar(&f.dataKey, "data-key", "", "file of the key for what is encrypted at rest, made if absent (default master.key in --data)")
	g.addRegion(cmd)
	return cmd
}

func (f *cloudFlags) config(cmd *cobra.Command, g *globals) (cloud.Config, error) {
	credentials, err := rootCredentials().Retrieve(cmd.Context())
	if err != nil {
		return cloud.Config{}, fmt.Errorf("root credentials: %w", err)
	}
	config := cloud.Config{
		Listen: f.listen, KafkaListen: f.kafkaListen, RegistryListen: f.registryListen, OpenSearchListen: f.searchListen,
		Region: g.region, Account: f.account,
		AccessKeyID: credentials.AccessKeyID, SecretAccessKey: credentials.SecretAccessKey,
		QuotasOff: f.quotas == "off", Wall: clock.Wall{}, Log: g.logger(cmd), Launcher: launcher(),
		TLS: f.tls, CAFile: f.caFile, Data: f.data, DataKey: f.dataKey,
	}
	problems := []error{config.Validate()}
	if g.region == "" {
		problems = append(problems, g.checkRegion())
	}
	if f.quotas != "aws" && f.quotas != "off" {
		problems = append(problems, fmt.Errorf("--quotas %q: want aws or off", f.quotas))
	}
	if err := errors.Join(problems...); err != nil {
		return cloud.Config{}, &usageError{err: err}
	}
	return config, nil
}

func serveCloud(cmd *cobra.Command, g *globals, f *cloudFlags) error {
	config, err := f.config(cmd, g)
	if err != nil {
		return err
	}
	c, err := cloud.New(config)
	var listening *net.OpError
	if errors.As(err, &listening) {
		return cannotListen(f.listen, err)
	}
	if err != nil {
		return err
	}
	brokers, err := c.KafkaBrokers()
	if err != nil {
		return errors.Join(cannotServe("kafka-listen", f.kafkaListen, err), abandon(cmd.Context(), c))
	}
	registry, err := c.SchemaRegistry()
	if err != nil {
		return errors.Join(cannotServe("registry-listen", f.registryListen, err), abandon(cmd.Context(), c))
	}
	search, err := c.OpenSearch()
	if err != nil {
		return errors.Join(cannotServe("opensearch-listen", f.searchListen, err), abandon(cmd.Context(), c))
	}
	// The ports are open: a client that connects from here on is served.
	f.introduce(cmd.OutOrStdout(), c, config, services{kafka: strings.Join(brokers, ","), registry: registry, search: search})
	if !f.onLoopback() && config.SecretAccessKey == "test" {
		fmt.Fprintln(cmd.ErrOrStderr(), "weir: others can reach this address and know the password test; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	go holdMemory(cmd.Context(), cloudMemoryGoal)
	if err := c.Run(cmd.Context()); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// cannotServe says what to do about a further address that cannot be had.
func cannotServe(flag, listen string, err error) error {
	if listening := (*net.OpError)(nil); !errors.As(err, &listening) {
		return err
	}
	host, _, _ := net.SplitHostPort(listen) // checked with the configuration
	return fmt.Errorf("%w; --%s %s takes free ports", err, flag, net.JoinHostPort(host, "0"))
}

// abandon gives back what a cloud holds that is not going to serve.
func abandon(ctx context.Context, c *cloud.Cloud) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return c.Run(ctx)
}

// services are the URLs beside the endpoint, and brokers.
type services struct{ kafka, registry, search string }

// introduce prints how to reach c, for people and their shells.
func (f *cloudFlags) introduce(out io.Writer, c *cloud.Cloud, config cloud.Config, at services) {
	trust := ""
	if file := c.CAFile(); file != "" {
		trust = "export AWS_CA_BUNDLE=" + file + "\n"
	}
	fmt.Fprintf(out, `endpoint  %[1]s
account   %[2]s in %[3]s, quotas %[4]s
root      access key %[5]s, secret key %[6]s
kafka     %[8]s by SCRAM-SHA-512 or PLAIN, user %[5]s, password %[6]s
registry  %[9]s for Avro schemas
search    %[10]s for OpenSearch's clients, user %[5]s, password %[6]s

export AWS_ENDPOINT_URL=%[1]s
export AWS_ACCESS_KEY_ID=%[5]s AWS_SECRET_ACCESS_KEY=%[6]s
export AWS_REGION=%[3]s AWS_DEFAULT_REGION=%[3]s
export KAFKA_BOOTSTRAP_SERVERS=%[8]s
export SCHEMA_REGISTRY_URL=%[9]s
export OPENSEARCH_URL=%[10]s
%[7]s
ready
`, c.Endpoint(), config.Account, config.Region, cmp.Or(f.quotas, "aws"), config.AccessKeyID, config.SecretAccessKey, trust,
		at.kafka, at.registry, at.search)
}

// onLoopback says whether all ports can be reached from this machine alone.
func (f *cloudFlags) onLoopback() bool {
	return isLoopback(f.listen) && isLoopback(f.kafkaListen) && isLoopback(f.registryListen) && isLoopback(f.searchListen)
}

func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}
