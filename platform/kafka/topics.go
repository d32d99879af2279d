package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// Topic is one topic as it should be; zero fields take defaults.
type Topic struct {
	Name              string
	Partitions        int32         // 0 means 6
	ReplicationFactor int16         // 0 means 3 where there are three brokers or more, else 1
	MinInsyncReplicas int16         // 0 means 2 where the replication factor is 3 or more, else 1
	Retention         time.Duration // at least, whatever the size; 0 means what the cluster has by default, negative means for ever
	Compact           bool          // keep the last value of each key instead: Retention must be 0
	Configs           map[string]string
}

// TopicError says what is wrong with one topic that exists, or that cannot be.
type TopicError struct {
	Topic string
	Field string // as Topic names it, or the broker's config key
	Have  string
	Want  string
	Fix   string // a command or a call
}

func (e *TopicError) Error() string {
	return fmt.Sprintf("topic %s: %s is %s, want %s; fix: %s", e.Topic, e.Field, e.Have, e.Want, e.Fix)
}

// Provision creates the topics that are missing and checks those that exist:
// it never changes one, because more partitions move keys, and the rest is not
// its to decide. Every problem is a *TopicError in the error returned, and
// Provision may be called again and by several at once. It ends when all
// partitions have leaders.
func Provision(ctx context.Context, cluster Cluster, topics []Topic) error {
	if err := cluster.Validate(); err != nil {
		return fmt.Errorf("provision: %w", err)
	}
	client, err := cluster.client()
	if err != nil {
		return fmt.Errorf("provision: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	brokers, err := admin.ListBrokers(ctx)
	if err != nil {
		return fmt.Errorf("provision: list brokers: %w", err)
	}
	var problems []error
	for _, topic := range topics {
		wanted, err := topic.on(len(brokers))
		if err == nil {
			err = create(ctx, admin, wanted)
		}
		if err != nil {
			problems = append(problems, err)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("provision: %w", err)
	}
	return awaitLeaders(ctx, admin, topics)
}

// on fills in what depends on the cluster and refuses what would not be safe there.
func (t Topic) on(brokers int) (Topic, error) {
	replicas, insync := int16(1), int16(1)
	if brokers >= 3 {
		replicas = 3
	}
	if t.ReplicationFactor == 0 {
		t.ReplicationFactor = replicas
	}
	if t.ReplicationFactor >= 3 {
		insync = 2
	}
	if t.MinInsyncReplicas == 0 {
		t.MinInsyncReplicas = insync
	}
	if t.Partitions == 0 {
		t.Partitions = 6
	}
	wrong := func(field string, have any, want, fix string) error {
		return &TopicError{Topic: t.Name, Field: field, Have: fmt.Sprint(have), Want: want, Fix: fix}
	}
	var problems []error
	if t.Name == "" {
		problems = append(problems, wrong("Name", `""`, "a name", "give one"))
	}
	if t.Partitions < 0 {
		problems = append(problems, wrong("Partitions", t.Partitions, "1 or more", "give a count"))
	}
	if brokers >= 3 && t.ReplicationFactor < 3 {
		problems = append(problems, wrong("ReplicationFactor", t.ReplicationFactor, fmt.Sprintf("3 or more on %d brokers", brokers),
			"leave it 0 or set 3: with fewer, one broker down stops or loses the topic"))
	}
	if int(t.ReplicationFactor) > brokers {
		problems = append(problems, wrong("ReplicationFactor", t.ReplicationFactor, fmt.Sprintf("at most %d, the number of brokers", brokers), "add brokers or lower it"))
	}
	if t.ReplicationFactor >= 3 && (t.MinInsyncReplicas < 2 || t.MinInsyncReplicas >= t.ReplicationFactor) {
		problems = append(problems, wrong("MinInsyncReplicas", t.MinInsyncReplicas, fmt.Sprintf("2 to %d", t.ReplicationFactor-1),
			"with 1 an acknowledged record may be on one disk only; with all replicas one broker down refuses writes"))
	}
	if t.Compact && t.Retention != 0 {
		problems = append(problems, wrong("Retention", t.Retention, "0 with Compact", "a compacted topic has no retention"))
	}
	return t, errors.Join(problems...)
}

// messageBytesMax is what brokers take by default. No batch of weir's is larger.
const messageBytesMax = 1_048_588

// wants are the configs that Provision sets and later insists on.
func (t Topic) wants() map[string]string {
	wants := map[string]string{
		"min.insync.replicas": strconv.Itoa(int(t.MinInsyncReplicas)), "cleanup.policy": "delete",
		"max.message.bytes": strconv.Itoa(messageBytesMax),
	}
	if t.Compact {
		wants["cleanup.policy"] = "compact"
	}
	if t.Retention != 0 {
		wants["retention.bytes"] = "-1" // or records would go sooner
	}
	switch {
	case t.Retention < 0:
		wants["retention.ms"] = "-1"
	case t.Retention > 0:
		wants["retention.ms"] = strconv.FormatInt(t.Retention.Milliseconds(), 10)
	}
	for key, value := range t.Configs {
		wants[key] = value
	}
	return wants
}

func create(ctx context.Context, admin *kadm.Client, t Topic) error {
	configs := map[string]*string{}
	for key, value := range t.wants() {
		configs[key] = &value
	}
	_, err := admin.CreateTopic(ctx, t.Partitions, t.ReplicationFactor, configs, t.Name)
	switch {
	case errors.Is(err, kerr.TopicAlreadyExists):
		return verify(ctx, admin, t)
	case err != nil:
		return fmt.Errorf("create topic %s (%d partitions, replication factor %d): %w", t.Name, t.Partitions, t.ReplicationFactor, err)
	}
	return nil
}

// verify compares a topic that exists with what it should be.
func verify(ctx context.Context, admin *kadm.Client, t Topic) error {
	details, err := admin.ListTopics(ctx, t.Name)
	if err == nil {
		err = details[t.Name].Err
	}
	if err != nil {
		return fmt.Errorf("describe topic %s: %w", t.Name, err)
	}
	detail := details[t.Name]
	var problems []error
	if have := len(detail.Partitions); have != int(t.Partitions) {
		fix := fmt.Sprintf("kafka-topics.sh --bootstrap-server HOST:PORT --alter --topic %s --partitions %d, when it is empty: keys move", t.Name, t.Partitions)
		if have > int(t.Partitions) {
			fix = fmt.Sprintf("delete the topic and provision again, or expect %d: partitions cannot be taken away", have)
		}
		problems = append(problems, &TopicError{t.Name, "Partitions", strconv.Itoa(have), strconv.Itoa(int(t.Partitions)), fix})
	}
	if have := detail.Partitions.NumReplicas(); have < int(t.ReplicationFactor) {
		problems = append(problems, &TopicError{
			t.Name, "ReplicationFactor", strconv.Itoa(have), strconv.Itoa(int(t.ReplicationFactor)),
			"kafka-reassign-partitions.sh --bootstrap-server HOST:PORT --execute with " + strconv.Itoa(int(t.ReplicationFactor)) + " replicas a partition (kadm: AlterPartitionAssignments)",
		})
	}
	described, err := admin.DescribeTopicConfigs(ctx, t.Name)
	if err != nil {
		return errors.Join(append(problems, fmt.Errorf("describe configs of topic %s: %w", t.Name, err))...)
	}
	config, err := described.On(t.Name, nil)
	if err == nil {
		err = config.Err
	}
	if err != nil {
		return errors.Join(append(problems, fmt.Errorf("describe configs of topic %s: %w", t.Name, err))...)
	}
	return errors.Join(append(problems, compareConfigs(t, config)...)...)
}

func compareConfigs(t Topic, config kadm.ResourceConfig) []error {
	have := map[string]string{}
	for _, c := range config.Configs {
		have[c.Key] = c.MaybeValue()
	}
	var problems []error
	wants := t.wants()
	for _, key := range slices.Sorted(maps.Keys(wants)) {
		if have[key] == wants[key] || (key == "retention.ms" || key == "max.message.bytes") && more(have[key], wants[key]) {
			continue
		}
		fix := fmt.Sprintf("kafka-configs.sh --bootstrap-server HOST:PORT --alter --entity-type topics --entity-name %s --add-config %s=%s (kadm: AlterTopicConfigs)", t.Name, key, wants[key])
		if strings.Contains(wants[key], ",") {
			fix = strings.Replace(fix, key+"="+wants[key], key+"=["+wants[key]+"]", 1)
		}
		problems = append(problems, &TopicError{t.Name, key, strconv.Quote(have[key]), strconv.Quote(wants[key]), fix})
	}
	return problems
}

// more compares two limits, of which -1 is none.
func more(have, want string) bool {
	h, err := strconv.ParseInt(have, 10, 64)
	w, err2 := strconv.ParseInt(want, 10, 64)
	return err == nil && err2 == nil && w >= 0 && (h < 0 || h > w)
}
