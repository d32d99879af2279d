package kafka_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
)

// guarded starts brokers that know one user, who may do everything.
func guarded(t tb, topics ...string) kafka.Cluster {
	t.Helper()
	_, cluster := brokers(t, topics, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("SCRAM-SHA-512", "root", "secret"))
	cluster.User, cluster.Password = "root", "secret"
	return cluster
}

func TestAccountsMayDoWhatTheySayAndNoMore(t *testing.T) {
	t.Parallel()
	root := guarded(t, "in", "in.dlq", "other")
	accounts := []kafka.Account{
		{User: "writer", Password: "w", Writes: []string{"in"}},
		{User: "reader", Password: "r", Reads: []string{"in*"}},
	}
	for range 2 {
		if err := kafka.Admit(t.Context(), root, accounts); err != nil {
			t.Fatal(err)
		}
	}
	as := func(user, password string) kafka.Cluster {
		return kafka.Cluster{Seeds: root.Seeds, User: user, Password: password}
	}
	put := func(cluster kafka.Cluster, topic string) error {
		client, err := kgo.NewClient(append(cluster.Options(), kgo.UnknownTopicRetries(0))...)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		return client.ProduceSync(t.Context(), &kgo.Record{Topic: topic}).FirstErr()
	}
	read := func(cluster kafka.Cluster, topic string) error {
		_, err := kafka.ReadAll(t.Context(), cluster, topic)
		return err
	}
	writer, reader := as("writer", "w"), as("reader", "r")
	for name, err := range map[string]error{
		"the writer writes": put(writer, "in"), "the reader reads": read(reader, "in"), "and what begins so": read(reader, "in.dlq"),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"the writer reads": read(writer, "in"), "the writer writes elsewhere": put(writer, "other"),
		"the reader writes": put(reader, "in"), "the reader reads elsewhere": read(reader, "other"),
	} {
		if !kafka.Refused(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := kafka.Admit(t.Context(), writer, accounts); !kafka.Refused(err) {
		t.Errorf("the writer makes users: %v", err)
	}
	if read(as("reader", "wrong"), "in") == nil {
		t.Error("a wrong password reads")
	}
}
