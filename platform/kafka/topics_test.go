package kafka_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
)

func TestProvisionTwiceIsOnce(t *testing.T) {
	t.Parallel()
	faulty, cluster := brokers(t, nil)
	topics := []kafka.Topic{{Name: "data", Retention: time.Hour}, {Name: "state", Compact: true, Partitions: 3}, {Name: "kept", Retention: -1}}
	for range 2 {
		if err := kafka.Provision(t.Context(), cluster, topics); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(faulty.PartitionInfos("data")); n != 6 {
		t.Fatalf("%d partitions", n)
	}
}

func TestProvisionRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, nil)
	made := []kafka.Topic{
		{Name: "data", Retention: time.Hour},
		{Name: "state", Partitions: 3, Compact: true},
		{Name: "kept", Retention: -1},
		{Name: "short", Retention: time.Hour, Configs: map[string]string{"retention.bytes": "1000"}},
		{Name: "narrow", Compact: true, Configs: map[string]string{"max.message.bytes": "100"}},
		{Name: "wide", Configs: map[string]string{"max.message.bytes": "9999999"}},
	}
	if err := kafka.Provision(t.Context(), cluster, made); err != nil {
		t.Fatal(err)
	}
	less := []kafka.Topic{{Name: "data", Retention: time.Minute}, {Name: "kept", Retention: time.Minute}, {Name: "wide"}}
	if err := kafka.Provision(t.Context(), cluster, less); err != nil {
		t.Fatalf("topics that keep records for longer, or take larger ones: %v", err)
	}
	for name, test := range map[string]struct {
		topic kafka.Topic
		field string
		fix   string
	}{
		"more partitions":  {kafka.Topic{Name: "data", Partitions: 12, Retention: time.Hour}, "Partitions", "kafka-topics.sh"},
		"fewer partitions": {kafka.Topic{Name: "data", Partitions: 3, Retention: time.Hour}, "Partitions", "delete the topic"},
		"retention":        {kafka.Topic{Name: "data", Retention: 2 * time.Hour}, "retention.ms", "kafka-configs.sh"},
		"retained bytes":   {kafka.Topic{Name: "short", Retention: time.Hour}, "retention.bytes", "retention.bytes=-1"},
		"small records":    {kafka.Topic{Name: "narrow", Compact: true}, "max.message.bytes", "max.message.bytes=1048588"},
		"policy":           {kafka.Topic{Name: "data", Compact: true}, "cleanup.policy", "kafka-configs.sh"},
		"other policy":     {kafka.Topic{Name: "state", Partitions: 3}, "cleanup.policy", "cleanup.policy=delete"},
		"for ever":         {kafka.Topic{Name: "data", Retention: -1}, "retention.ms", "retention.ms=-1"},
		"replicas":         {kafka.Topic{Name: "new", ReplicationFactor: 2}, "ReplicationFactor", "set 3"},
		"minimum in sync":  {kafka.Topic{Name: "new", MinInsyncReplicas: 3}, "MinInsyncReplicas", "refuses writes"},
		"one in sync":      {kafka.Topic{Name: "new", MinInsyncReplicas: 1}, "MinInsyncReplicas", "one disk"},
		"too many":         {kafka.Topic{Name: "new", ReplicationFactor: 5}, "ReplicationFactor", "add brokers"},
		"a config":         {kafka.Topic{Name: "data", Retention: time.Hour, Configs: map[string]string{"max.message.bytes": "2000000"}}, "max.message.bytes", "kafka-configs.sh"},
	} {
		err := kafka.Provision(t.Context(), cluster, []kafka.Topic{test.topic})
		e, ok := errors.AsType[*kafka.TopicError](err)
		if !ok || e.Topic != test.topic.Name || e.Field != test.field || !strings.Contains(e.Fix, test.fix) || e.Have == "" || e.Want == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProvisionOnOneBroker(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, nil, kfake.NumBrokers(1))
	if err := kafka.Provision(t.Context(), cluster, []kafka.Topic{{Name: "data"}}); err != nil {
		t.Fatal(err)
	}
}

// TestTopicMadeForOneBrokerIsNotGoodEnoughForThree has every fault at once, and
// each is told with what is there, what is wanted, and what mends it.
func TestTopicMadeForOneBrokerIsNotGoodEnoughForThree(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, nil)
	client, err := kgo.NewClient(cluster.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	one, hour := "1", "3600000"
	configs := map[string]*string{"min.insync.replicas": &one, "retention.ms": &hour}
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 4, 1, configs, "weak"); err != nil {
		t.Fatal(err)
	}
	err = kafka.Provision(t.Context(), cluster, []kafka.Topic{{Name: "weak", Retention: 2 * time.Hour}, {Name: "good"}})
	for _, want := range []string{
		"topic weak: Partitions is 4, want 6; fix: kafka-topics.sh --bootstrap-server HOST:PORT --alter --topic weak --partitions 6",
		"topic weak: ReplicationFactor is 1, want 3; fix: kafka-reassign-partitions.sh",
		`topic weak: min.insync.replicas is "1", want "2"; fix: kafka-configs.sh --bootstrap-server HOST:PORT --alter --entity-type topics --entity-name weak --add-config min.insync.replicas=2`,
		`topic weak: retention.ms is "3600000", want "7200000"; fix: kafka-configs.sh`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
	details, err := kadm.NewClient(client).ListTopics(t.Context(), "weak")
	if err != nil || len(details["weak"].Partitions) != 4 {
		t.Errorf("the topic was altered: %+v, %v", details["weak"], err)
	}
}
