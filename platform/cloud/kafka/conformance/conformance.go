// Package conformance is what weir relies on in Kafka brokers, as a suite for
// any of them: the embedded ones and real ones. It makes topics and groups with
// names of its own and deletes the topics.
package conformance

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Target is a cluster under test.
type Target struct {
	Seeds   []string
	Options []kgo.Opt // authentication and TLS of somebody who may do everything

	// Compact compacts now; nil skips what needs it, as real brokers compact
	// when they please.
	Compact func()
	// As authenticates as a SCRAM user; nil skips what needs access control.
	As func(user, password string) []kgo.Opt
}

// Run judges the target.
func Run(t *testing.T, target Target) {
	s := &suite{Target: target}
	for name, test := range map[string]func(*testing.T){
		"records":       s.records,
		"idempotence":   s.idempotence,
		"offsets":       s.offsets,
		"topics":        s.topics,
		"names":         s.names,
		"lists":         s.lists,
		"settings":      s.settings,
		"replication":   s.replication,
		"transactions":  s.transactions,
		"fencing":       s.fencing,
		"transform":     s.transform,
		"classic group": s.classicGroup,
		"group 848":     s.serverGroup,
		"static member": s.staticMember,
		"compaction":    s.compaction,
		"authorization": s.authorization,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

type suite struct{ Target }

// patience is how long anything may take.
const patience = 60 * time.Second

// dial connects as the one who may do everything; admitted options are tried first.
func (s *suite) dial(t *testing.T, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	return s.connect(t, append(s.Options[:len(s.Options):len(s.Options)], options...)...)
}

func (s *suite) connect(t *testing.T, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(s.Seeds...), kgo.FetchMaxWait(200 * time.Millisecond), kgo.MetadataMinAge(100 * time.Millisecond)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// name is one that nobody else uses.
func name(what string) string { return "conformance-" + what + "-" + strings.ToLower(rand.Text()[:8]) }

// topic makes a topic for the test, with as many replicas as the target has brokers for.
func (s *suite) topic(t *testing.T, partitions int32, configs map[string]*string) string {
	t.Helper()
	topic, admin := name("topic"), kadm.NewClient(s.dial(t))
	if _, err := admin.CreateTopic(t.Context(), partitions, s.replicas(t), configs, topic); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = admin.DeleteTopic(context.WithoutCancel(t.Context()), topic) })
	until(t, "every partition of the new topic has a leader", func() bool {
		list, err := admin.ListTopics(t.Context(), topic)
		leaderless := func(p kadm.PartitionDetail) bool { return p.Err != nil || p.Leader < 0 }
		return err == nil && len(list[topic].Partitions) == int(partitions) && !slices.ContainsFunc(list[topic].Partitions.Sorted(), leaderless)
	})
	return topic
}

func (s *suite) brokers(t *testing.T) int {
	t.Helper()
	brokers, err := kadm.NewClient(s.dial(t)).ListBrokers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(brokers)
}

func (s *suite) replicas(t *testing.T) int16 { return int16(min(3, s.brokers(t))) }

func send(t *testing.T, client *kgo.Client, records ...*kgo.Record) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func record(topic, key, value string) *kgo.Record {
	return &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}
}

// read polls until n records came.
func read(t *testing.T, client *kgo.Client, n int) (records []*kgo.Record) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for len(records) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("%d of %d records: %v", len(records), n, err)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

// quiet fails if a record comes within a moment.
func quiet(t *testing.T, client *kgo.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) { t.Errorf("unexpected record %q", r.Value) })
	}
}

func valuesOf(records []*kgo.Record) (values []string) {
	for _, r := range records {
		values = append(values, string(r.Value))
	}
	return values
}

// isAny tells whether err is one of the broker's errors.
func isAny(err error, wanted ...*kerr.Error) bool {
	for _, w := range wanted {
		if errors.Is(err, w) {
			return true
		}
	}
	return false
}
