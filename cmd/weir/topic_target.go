package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
)

// topicHelp says where commands that look into topics find them.
const topicHelp = `The brokers are those of KAFKA_BOOTSTRAP_SERVERS, as KAFKA_USER with
KAFKA_PASSWORD, else those of the cloud at --endpoint. Avro is shown as JSON by
the schema registry of SCHEMA_REGISTRY_URL, else by that cloud's; what it does
not know is shown in hex.`

// topicTarget is what those commands talk to.
type topicTarget struct {
	cluster kafka.Cluster
	client  *kgo.Client
	values  *valueReader
}

// openTopics finds the brokers and signs in, so that what usually goes wrong is
// said at once.
func (g *globals) openTopics(cmd *cobra.Command, component string) (*topicTarget, error) {
	base := baseConfig(g.region, g.endpoint, g.trust)
	base.RetryMaxAttempts = 1
	return openTopicsAt(cmd.Context(), base, component)
}

func openTopicsAt(ctx context.Context, base aws.Config, component string) (*topicTarget, error) {
	found, err := brokersOf(base)()
	if err != nil {
		return nil, fmt.Errorf("find the Kafka brokers: %w", unanswered(err))
	}
	found.ClientID = "weir-" + component
	cluster := kafka.Cluster(found)
	if err := cluster.Validate(); err != nil {
		return nil, &usageError{err: fmt.Errorf("%s, %s, %s: %w", brokersVar, userVar, passwordVar, err)}
	}
	if err := signIn(ctx, cluster); err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(cluster.Options()...)
	if err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	return &topicTarget{cluster: cluster, client: client, values: &valueReader{find: registryOf(base)}}, nil
}

func (t *topicTarget) close() {
	t.client.Close()
}

// signIn asks a broker for anything, once.
func signIn(ctx context.Context, cluster kafka.Cluster) error {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client, err := kgo.NewClient(append(cluster.Options(), kgo.DialTimeout(patience), kgo.RequestRetries(0))...)
	if err != nil {
		return fmt.Errorf("kafka client: %w", err)
	}
	defer client.Close()
	err = client.Ping(ctx)
	where := strings.Join(cluster.Seeds, ", ")
	var dial *net.OpError
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return fmt.Errorf("the Kafka brokers at %s refuse user %q; %s and %s name another (%w)", where, cluster.User, userVar, passwordVar, err)
	case errors.As(err, &dial), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no Kafka broker answers at %s; %s names others (%w)", where, brokersVar, err)
	case err != nil:
		// Brokers may just hang up on a user that they do not know, and on none.
		return fmt.Errorf("ask the Kafka brokers at %s as user %q, whom %s and %s name: %w", where, cluster.User, userVar, passwordVar, err)
	}
	return nil
}

// missingError says that something does not exist, and what does.
type missingError struct {
	what   string // "topic", as in a message
	name   string
	where  string
	others []string
}

func (e *missingError) Error() string {
	return fmt.Sprintf("no %s %q at %s; %s", e.what, e.name, e.where, thereAre(e.others))
}

// thereAre names things, not too many of them.
func thereAre(names []string) string {
	const most = 20
	switch {
	case len(names) == 0:
		return "there is none yet"
	case len(names) > most:
		return fmt.Sprintf("there are %s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return "there are " + strings.Join(names, ", ")
}

// find returns how far a topic's partitions reach.
func (t *topicTarget) find(ctx context.Context, topic string) ([]kafka.Extent, error) {
	extents, err := kafka.Extents(ctx, t.client, topic)
	if !errors.Is(err, kafka.ErrNoTopic) {
		return extents, err
	}
	names, err := t.names(ctx)
	if err != nil {
		return nil, err
	}
	return nil, &missingError{what: "topic", name: topic, where: strings.Join(t.cluster.Seeds, ", "), others: names}
}

// names are those of all topics but Kafka's own.
func (t *topicTarget) names(ctx context.Context) ([]string, error) {
	topics, err := kadm.NewClient(t.client).ListTopics(ctx)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	var names []string
	for _, topic := range topics.Sorted() {
		if topic.Err == nil { // else it was asked for and is not there
			names = append(names, topic.Topic)
		}
	}
	return names, nil
}

// anyPartition stands for all of them.
const anyPartition = -1

// pickPartition narrows extents to one partition.
func pickPartition(extents []kafka.Extent, partition int32) ([]kafka.Extent, error) {
	if partition == anyPartition {
		return extents, nil
	}
	i := slices.IndexFunc(extents, func(e kafka.Extent) bool { return e.Partition == partition })
	if i < 0 {
		return nil, usagef("--partition %d: the topic has partitions 0 to %d", partition, len(extents)-1)
	}
	return extents[i : i+1], nil
}

// holds says what offsets a partition has, for a message.
func holds(e kafka.Extent, end int64) string {
	if e.First >= end {
		return fmt.Sprintf("partition %d holds nothing", e.Partition)
	}
	return fmt.Sprintf("partition %d holds offsets %d to %d", e.Partition, e.First, end-1)
}
