package main

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/scenario"
)

// Environment variables that say where Kafka, its schema registry and OpenSearch
// are, for targets that cannot be asked.
const (
	brokersVar  = "KAFKA_BOOTSTRAP_SERVERS" // HOST:PORT,HOST:PORT
	userVar     = "KAFKA_USER"              // of SASL/SCRAM-SHA-512
	passwordVar = "KAFKA_PASSWORD"
	usersVar    = "KAFKA_USERS" // "components": the user may make others, one for each component

	registryVar         = "SCHEMA_REGISTRY_URL"
	registryUserVar     = "SCHEMA_REGISTRY_USER"
	registryPasswordVar = "SCHEMA_REGISTRY_PASSWORD"

	searchVar         = "OPENSEARCH_URL"
	searchUserVar     = "OPENSEARCH_USER"
	searchPasswordVar = "OPENSEARCH_PASSWORD"
)

// noOtherEngines keeps what the environment says of engines, such as lines that a
// `weir cloud` printed, from the processes of a run that has its own.
func noOtherEngines() []string {
	return []string{
		brokersVar + "=", userVar + "=", passwordVar + "=", usersVar + "=",
		registryVar + "=", registryUserVar + "=", registryPasswordVar + "=",
		searchVar + "=", searchUserVar + "=", searchPasswordVar + "=",
	}
}

// findTimeout bounds the question where brokers are. An embedded cloud starts
// them when it is first asked.
const findTimeout = 15 * time.Second

// ownBrokers are those of a cloud inside this process.
func ownBrokers(c *cloud.Cloud, root aws.Credentials) func() (scenario.Brokers, error) {
	return func() (scenario.Brokers, error) {
		seeds, err := c.KafkaBrokers()
		return scenario.Brokers{Seeds: seeds, User: root.AccessKeyID, Password: root.SecretAccessKey}, err
	}
}

// componentUser signs a component in as a user of its own. The password follows
// from that of the identity that was found, as a role is assumed from it, so
// that the processes of a scenario need no secrets but that one.
func componentUser(found scenario.Brokers, user string) scenario.Brokers {
	if found.User == "" {
		return found
	}
	mac := hmac.New(sha256.New, []byte(found.Password))
	mac.Write([]byte("weir kafka user " + user))
	found.User, found.Password = user, hex.EncodeToString(mac.Sum(nil))
	return found
}

// componentUsers is componentUser where users can be made: at a cloud of weir's,
// and at foreign brokers if the environment says so. nil means that they cannot.
func componentUsers(foreign bool) func(scenario.Brokers, string) scenario.Brokers {
	if foreign && os.Getenv(usersVar) != "components" {
		return nil
	}
	return componentUser
}

// ownAddress is that of a service of such a cloud.
func ownAddress(find func() (string, error), root aws.Credentials) (scenario.Address, error) {
	url, err := find()
	return scenario.Address{URL: url, User: root.AccessKeyID, Password: root.SecretAccessKey}, err
}

// brokersOf are those that the environment names, else those of the MSK cluster
// that the endpoint has.
func brokersOf(base aws.Config) func() (scenario.Brokers, error) {
	return func() (scenario.Brokers, error) {
		ctx, cancel := context.WithTimeout(context.Background(), findTimeout)
		defer cancel()
		if seeds := os.Getenv(brokersVar); seeds != "" {
			named := scenario.Brokers{Seeds: splitSeeds(seeds), User: os.Getenv(userVar), Password: os.Getenv(passwordVar)}
			if named.User == "" && slices.ContainsFunc(named.Seeds, runningAt(base).hasBroker) {
				return asRoot(ctx, base, named)
			}
			return named, nil
		}
		seeds, err := askMSK(ctx, kafka.NewFromConfig(base))
		if err != nil {
			return scenario.Brokers{}, fmt.Errorf("%w; %s names the brokers of another target", err, brokersVar)
		}
		found, err := asRoot(ctx, base, scenario.Brokers{Seeds: seeds})
		found.User, found.Password = cmp.Or(os.Getenv(userVar), found.User), cmp.Or(os.Getenv(passwordVar), found.Password)
		return found, err
	}
}

func asRoot(ctx context.Context, base aws.Config, b scenario.Brokers) (scenario.Brokers, error) {
	root, err := base.Credentials.Retrieve(ctx)
	b.User, b.Password = root.AccessKeyID, root.SecretAccessKey
	return b, err
}

// runningEngines are what a weir cloud has running beside its endpoint. What the
// environment names without a user may be just those, for whoever takes over the
// lines that `weir cloud` prints; its users are the cloud's, then.
type runningEngines struct {
	Kafka            []string
	Registry, Search string
}

func (r runningEngines) hasBroker(seed string) bool {
	return slices.ContainsFunc(r.Kafka, func(own string) bool { return sameAddress(own, seed) })
}

// sameAddress compares addresses, or URLs, of engines.
func sameAddress(a, b string) bool {
	plain := func(s string) string {
		s = strings.TrimRight(strings.TrimSpace(s), "/")
		if port, local := strings.CutPrefix(s, "localhost:"); local {
			return "127.0.0.1:" + port
		}
		return strings.Replace(s, "://localhost:", "://127.0.0.1:", 1)
	}
	return plain(a) == plain(b)
}

// runningAt is nothing where the endpoint is no weir cloud.
func runningAt(base aws.Config) (own runningEngines) {
	ctx, cancel := context.WithTimeout(context.Background(), findTimeout)
	defer cancel()
	if told, err := askCloud(ctx, base, "engines", &own); !told || err != nil {
		return runningEngines{}
	}
	return own
}

// splitSeeds takes spaces around commas for a slip.
func splitSeeds(text string) []string {
	seeds := strings.Split(text, ",")
	for i, seed := range seeds {
		seeds[i] = strings.TrimSpace(seed)
	}
	return seeds
}

func askMSK(ctx context.Context, msk *kafka.Client) ([]string, error) {
	clusters, err := msk.ListClustersV2(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("list MSK clusters: %w", err)
	}
	if n := len(clusters.ClusterInfoList); n != 1 {
		return nil, fmt.Errorf("the endpoint has %d MSK clusters, not one", n)
	}
	out, err := msk.GetBootstrapBrokers(ctx, &kafka.GetBootstrapBrokersInput{ClusterArn: clusters.ClusterInfoList[0].ClusterArn})
	if err != nil {
		return nil, fmt.Errorf("ask for the bootstrap brokers: %w", err)
	}
	seeds := aws.ToString(out.BootstrapBrokerStringSaslScram)
	if seeds == "" {
		return nil, errors.New("the MSK cluster has no brokers that take SASL/SCRAM")
	}
	return strings.Split(seeds, ","), nil
}

// registryOf is the schema registry that the environment names, else that of the
// weir cloud at the endpoint.
func registryOf(base aws.Config) func() (scenario.Address, error) {
	return func() (scenario.Address, error) {
		if url := os.Getenv(registryVar); url != "" {
			named := scenario.Address{URL: url, User: os.Getenv(registryUserVar), Password: os.Getenv(registryPasswordVar)}
			if named.User != "" || !sameAddress(runningAt(base).Registry, url) {
				return named, nil
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), findTimeout)
		defer cancel()
		var answer struct{ URL string }
		told, err := askCloud(ctx, base, "schema-registry", &answer)
		if err != nil {
			return scenario.Address{}, err
		}
		if !told || answer.URL == "" {
			return scenario.Address{}, fmt.Errorf("the endpoint is no weir cloud: %s must name its URL", registryVar)
		}
		root, err := base.Credentials.Retrieve(ctx)
		return scenario.Address{URL: answer.URL, User: root.AccessKeyID, Password: root.SecretAccessKey}, err
	}
}

// searchOf is the OpenSearch domain that the environment names, else the one that
// the endpoint has, to which components sign for themselves unless there is a user.
func searchOf(base aws.Config) func() (scenario.Address, error) {
	return func() (scenario.Address, error) {
		if url := os.Getenv(searchVar); url != "" {
			named := scenario.Address{URL: url, User: os.Getenv(searchUserVar), Password: os.Getenv(searchPasswordVar)}
			named.Signed = named.User == "" && sameAddress(runningAt(base).Search, url)
			return named, nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), findTimeout)
		defer cancel()
		url, err := askOpenSearch(ctx, opensearch.NewFromConfig(base))
		if err != nil {
			return scenario.Address{}, fmt.Errorf("%w; %s names the OpenSearch of another target", err, searchVar)
		}
		a := scenario.Address{URL: url, User: os.Getenv(searchUserVar), Password: os.Getenv(searchPasswordVar)}
		a.Signed = a.User == ""
		return a, nil
	}
}

func askOpenSearch(ctx context.Context, control *opensearch.Client) (string, error) {
	listed, err := control.ListDomainNames(ctx, &opensearch.ListDomainNamesInput{})
	if err != nil {
		return "", fmt.Errorf("list OpenSearch domains: %w", err)
	}
	if n := len(listed.DomainNames); n != 1 {
		return "", fmt.Errorf("the endpoint has %d OpenSearch domains, not one", n)
	}
	out, err := control.DescribeDomain(ctx, &opensearch.DescribeDomainInput{DomainName: listed.DomainNames[0].DomainName})
	if err != nil {
		return "", fmt.Errorf("describe the OpenSearch domain: %w", err)
	}
	status := out.DomainStatus
	host := aws.ToString(status.Endpoint)
	if host == "" {
		return "", errors.New("the OpenSearch domain has no endpoint yet")
	}
	scheme := "http://"
	if status.DomainEndpointOptions != nil && aws.ToBool(status.DomainEndpointOptions.EnforceHTTPS) {
		scheme = "https://"
	}
	return scheme + host, nil
}
