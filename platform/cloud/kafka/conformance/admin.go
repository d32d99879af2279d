package conformance

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// topics are made by who asks for them, keep their settings, grow and go.
func (s *suite) topics(t *testing.T) {
	admin := kadm.NewClient(s.dial(t))
	topic := s.topic(t, 2, map[string]*string{"retention.ms": kadm.StringPtr("3600000")})
	if _, err := admin.CreateTopic(t.Context(), 2, s.replicas(t), nil, topic); !isAny(err, kerr.TopicAlreadyExists) {
		t.Errorf("made twice: %v", err)
	}
	grown, err := admin.CreatePartitions(t.Context(), 1, topic)
	if err == nil {
		err = grown.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the topic has three partitions", func() bool {
		list, err := admin.ListTopics(t.Context(), topic)
		return err == nil && len(list[topic].Partitions) == 3
	})
	configs, err := admin.DescribeTopicConfigs(t.Context(), topic)
	kept := func(c kadm.Config) bool { return c.Key == "retention.ms" && c.MaybeValue() == "3600000" }
	if err != nil || !slices.ContainsFunc(configs[0].Configs, kept) {
		t.Errorf("configs %+v, %v", configs, err)
	}
	if _, err := admin.DeleteTopic(t.Context(), topic); err != nil {
		t.Error(err)
	}
	if _, err := admin.DeleteTopic(t.Context(), name("none")); !isAny(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("deleted what was not there: %v", err)
	}
}

// names: what Apache Kafka takes for a topic's name, beside others that it does not.
func (s *suite) names(t *testing.T) {
	admin := kadm.NewClient(s.dial(t))
	good := name("Good.na-me_")
	bad := []string{"", ".", "..", "bad name", "bäd", strings.Repeat("x", 250)}
	made, err := admin.CreateTopics(t.Context(), 1, s.replicas(t), nil, append(bad, good)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range bad {
		if got := made[topic]; !errors.Is(got.Err, kerr.InvalidTopicException) || got.ErrMessage == "" {
			t.Errorf("%q: %v %q", topic, got.Err, got.ErrMessage)
		}
	}
	if err := made[good].Err; err != nil {
		t.Errorf("%q: %v", good, err)
	}
}

// settings: what is no setting of topics, or no value of one, is refused, and
// changes nothing; what stands beside it is done.
func (s *suite) settings(t *testing.T) {
	admin := kadm.NewClient(s.dial(t))
	topic, other := s.topic(t, 1, map[string]*string{"retention.ms": kadm.StringPtr("3600000")}), s.topic(t, 1, nil)
	set := func(name, value string) []kadm.AlterConfig {
		return []kadm.AlterConfig{{Op: kadm.SetConfig, Name: name, Value: &value}}
	}
	for _, bad := range []struct{ name, value string }{
		{"nonsense", "1"},
		{"retention.ms", "long"},
		{"retention.ms", "-2"},
		{"cleanup.policy", "keep"},
		{"cleanup.policy", "compact,keep"},
		{"min.insync.replicas", "0"},
		{"min.insync.replicas", "3000000000"},
		{"preallocate", "perhaps"},
		{"compression.type", "zip"},
		{"min.cleanable.dirty.ratio", "half"},
	} {
		_, err := admin.CreateTopic(t.Context(), 1, s.replicas(t), map[string]*string{bad.name: &bad.value}, name("settings"))
		if !isAny(err, kerr.InvalidConfig) {
			t.Errorf("made with %s=%s: %v", bad.name, bad.value, err)
		}
		changed, err := admin.AlterTopicConfigs(t.Context(), set(bad.name, bad.value), topic)
		if err != nil || !isAny(changed[0].Err, kerr.InvalidConfig) || changed[0].ErrMessage == "" {
			t.Errorf("changed to %s=%s: %+v, %v", bad.name, bad.value, changed, err)
		}
		whole, err := admin.AlterTopicConfigsState(t.Context(), set(bad.name, bad.value), topic)
		if err != nil || !isAny(whole[0].Err, kerr.InvalidConfig) {
			t.Errorf("set to %s=%s: %+v, %v", bad.name, bad.value, whole, err)
		}
	}
	for _, good := range []struct{ name, value string }{{"cleanup.policy", "compact,delete"}, {"retention.ms", "-1"}, {"min.cleanable.dirty.ratio", "0.25"}, {"segment.bytes", "1048576"}} {
		changed, err := admin.AlterTopicConfigs(t.Context(), set(good.name, good.value), other)
		if err != nil || changed[0].Err != nil {
			t.Errorf("changed to %s=%s: %+v, %v", good.name, good.value, changed, err)
		}
	}
	configs, err := admin.DescribeTopicConfigs(t.Context(), topic)
	kept := func(c kadm.Config) bool { return c.Key == "retention.ms" && c.MaybeValue() == "3600000" }
	if err != nil || !slices.ContainsFunc(configs[0].Configs, kept) {
		t.Errorf("configs %+v, %v", configs, err)
	}
}

// lists are there where they are empty: Java's clients fail on null.
func (s *suite) lists(t *testing.T) {
	client := s.dial(t)
	create := kmsg.NewPtrCreateTopicsRequest()
	for _, configs := range [][]kmsg.CreateTopicsRequestTopicConfig{nil, {{Name: "retention.ms", Value: kmsg.StringPtr("3600000")}}} {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor, topic.Configs = name("lists"), 1, s.replicas(t), configs
		create.Topics = append(create.Topics, topic)
	}
	create.TimeoutMillis = 10_000
	made, err := create.RequestWith(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	for i, topic := range made.Topics {
		own := slices.ContainsFunc(topic.Configs, func(c kmsg.CreateTopicsResponseTopicConfig) bool {
			return c.Name == "retention.ms" && c.Source == int8(kmsg.ConfigSourceDynamicTopicConfig)
		})
		unknown := func(c kmsg.CreateTopicsResponseTopicConfig) bool { return c.Source < 0 }
		if topic.ErrorCode != 0 || topic.Configs == nil || own != (i == 1) || slices.ContainsFunc(topic.Configs, unknown) {
			t.Errorf("made %+v", topic)
		}
	}
	until(t, "the topic is told of", func() bool {
		list, err := kadm.NewClient(client).ListTopics(t.Context(), create.Topics[0].Topic)
		return err == nil && list.Error() == nil
	})
	describe := kmsg.NewPtrDescribeTopicPartitionsRequest()
	describe.Topics = []kmsg.DescribeTopicPartitionsRequestTopic{{Topic: create.Topics[0].Topic}}
	describe.ResponsePartitionLimit = 10
	described, err := describe.RequestWith(t.Context(), client)
	if err != nil || len(described.Topics) != 1 || len(described.Topics[0].Partitions) != 1 {
		t.Fatalf("described %+v, %v", described, err)
	}
	if p := described.Topics[0].Partitions[0]; p.EligibleLeaderReplicas == nil || p.LastKnownELR == nil {
		t.Errorf("partition %+v", p)
	}
	quotas, err := kmsg.NewPtrDescribeClientQuotasRequest().RequestWith(t.Context(), client)
	if err != nil || quotas.ErrorCode != 0 || quotas.Entries == nil {
		t.Errorf("quotas %+v, %v", quotas, err)
	}
}

// replication: a factor beyond the brokers is refused; every partition has as
// many replicas in sync as it was made with.
func (s *suite) replication(t *testing.T) {
	admin, brokers := kadm.NewClient(s.dial(t)), s.brokers(t)
	if _, err := admin.CreateTopic(t.Context(), 1, int16(brokers+1), nil, name("many")); !isAny(err, kerr.InvalidReplicationFactor) {
		t.Errorf("%d replicas on %d brokers: %v", brokers+1, brokers, err)
	}
	topic := s.topic(t, 3, nil)
	list, err := admin.ListTopics(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list[topic].Partitions {
		if want := int(s.replicas(t)); len(p.Replicas) != want || len(p.ISR) != want || !slices.Contains(p.Replicas, p.Leader) {
			t.Errorf("partition %d: leader %d, replicas %v, in sync %v", p.Partition, p.Leader, p.Replicas, p.ISR)
		}
	}
}

// authorization: a user may do nothing, then what was allowed, and no more.
func (s *suite) authorization(t *testing.T) {
	if s.As == nil {
		t.Skip("this target has no users")
	}
	user, admin := name("user"), kadm.NewClient(s.dial(t))
	if _, err := admin.AlterUserSCRAMs(t.Context(), nil, []kadm.UpsertSCRAM{{User: user, Mechanism: kadm.ScramSha512, Iterations: 4096, Password: "password"}}); err != nil {
		t.Fatal(err)
	}
	everybody := kmsg.NewPtrDescribeUserSCRAMCredentialsRequest()
	everybody.Users = []kmsg.DescribeUserSCRAMCredentialsRequestUser{} // as Java's clients ask
	until(t, "the user is known", func() bool {
		users, err := everybody.RequestWith(t.Context(), s.dial(t))
		return err == nil && slices.ContainsFunc(users.Results, func(r kmsg.DescribeUserSCRAMCredentialsResponseResult) bool { return r.User == user })
	})
	readable, other := s.topic(t, 1, nil), s.topic(t, 1, nil)
	send(t, s.dial(t), record(readable, "k", "v"), record(other, "k", "v"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	as := func(options ...kgo.Opt) *kgo.Client {
		return s.connect(t, append(s.As(user, "password"), options...)...)
	}
	if err := as().ProduceSync(ctx, record(readable, "k", "refused")).FirstErr(); !isAny(err, kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed) {
		t.Errorf("a write that nobody allowed: %v", err)
	}
	acls := kadm.NewACLs().Topics(readable).ResourcePatternType(kadm.ACLPatternLiteral).Operations(kadm.OpRead, kadm.OpDescribe).Allow("User:" + user).AllowHosts("*")
	if _, err := admin.CreateACLs(t.Context(), acls); err != nil {
		t.Fatal(err)
	}
	until(t, "what was allowed is known", func() bool {
		found, err := admin.DescribeACLs(t.Context(), acls)
		return err == nil && slices.ContainsFunc(found, func(r kadm.DescribeACLsResult) bool { return len(r.Described) > 0 })
	})
	if got := valuesOf(read(t, as(kgo.ConsumeTopics(readable)), 1)); !slices.Equal(got, []string{"v"}) {
		t.Errorf("read %v", got)
	}
	if err := as(kgo.ConsumeTopics(other)).PollFetches(ctx).Err(); !isAny(err, kerr.TopicAuthorizationFailed) {
		t.Errorf("a read of another topic: %v", err)
	}
}
