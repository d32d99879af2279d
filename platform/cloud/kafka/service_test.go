package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long anything may take.
const patience = time.Minute

// run serves a cluster until the test ends, or end is called.
func run(t *testing.T, cfg Config) (s *Service, seeds []string, end func()) {
	t.Helper()
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	over := false
	end = func() {
		if over {
			return
		}
		over = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(end)
	if seeds, err = s.Brokers(); err != nil {
		t.Fatal(err)
	}
	return s, seeds, end
}

// dial connects as root; options come after its own.
func dial(t *testing.T, seeds []string, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	return dialAs(t, root(), seeds, options...)
}

func dialAs(t *testing.T, who sasl.Mechanism, seeds []string, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(seeds...), kgo.SASL(who), kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond }),
		kgo.FetchMaxWait(100 * time.Millisecond), kgo.MetadataMinAge(10 * time.Millisecond),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func root() sasl.Mechanism { return scram.Auth{User: "test", Pass: "test"}.AsSha512Mechanism() }

func makeTopic(t *testing.T, client *kgo.Client, name string, partitions int32, configs map[string]*string) {
	t.Helper()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), partitions, 3, configs, name); err != nil {
		t.Fatal(err)
	}
}

func produce(t *testing.T, client *kgo.Client, topic string, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		r := &kgo.Record{Topic: topic, Key: fmt.Appendf(nil, "k%d", i%3), Value: fmt.Appendf(nil, "v%d", i)}
		if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// collect polls until n records came.
func collect(t *testing.T, client *kgo.Client, n int) (got []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for len(got) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("%d of %d records: %v", len(got), n, err)
		}
		fetches.EachRecord(func(r *kgo.Record) { got = append(got, string(r.Value)) })
	}
	return got
}

func TestNothingStartsUntilItIsUsed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kafka")
	s, err := New(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory: %v", err)
	}
	if _, err := s.Brokers(); err != ErrClosed {
		t.Errorf("brokers after the end: %v", err)
	}
}

func TestTopicsAreNeverMadeByThemselves(t *testing.T) {
	t.Parallel()
	_, seeds, _ := run(t, Config{})
	client := dial(t, seeds, kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(1), kgo.RecordRetries(1))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: "surprise", Value: []byte("v")}).FirstErr(); err == nil {
		t.Error("a topic that nobody made took a record")
	}
	topics, err := kadm.NewClient(client).ListTopics(ctx)
	if err != nil || len(topics) != 0 {
		t.Errorf("topics %v, %v", topics.Names(), err)
	}
}

func TestDefaultsAreThoseOfMSK(t *testing.T) {
	t.Parallel()
	_, seeds, _ := run(t, Config{})
	admin := kadm.NewClient(dial(t, seeds))
	if _, err := admin.CreateTopic(t.Context(), -1, -1, nil, "plain"); err != nil {
		t.Fatal(err)
	}
	topics, err := admin.ListTopics(t.Context(), "plain")
	if err != nil {
		t.Fatal(err)
	}
	if p := topics["plain"].Partitions; len(p) != 1 || len(p[0].Replicas) != 3 {
		t.Errorf("partitions: %+v", p)
	}
	configs, err := admin.DescribeBrokerConfigs(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range configs[0].Configs {
		got[c.Key] = c.MaybeValue()
	}
	for key, want := range defaults() {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
}

func makeUser(t *testing.T, admin *kadm.Client, name string) {
	t.Helper()
	made, err := admin.AlterUserSCRAMs(t.Context(), nil, []kadm.UpsertSCRAM{{User: name, Mechanism: kadm.ScramSha512, Iterations: 4096, Password: "of " + name}})
	if err == nil {
		err = made[name].Err
	}
	if err != nil {
		t.Fatal(err)
	}
}

func scramOf(user string) sasl.Mechanism {
	return scram.Auth{User: user, Pass: "of " + user}.AsSha512Mechanism()
}

func allow(t *testing.T, admin *kadm.Client, user, topic string, operations ...kadm.ACLOperation) {
	t.Helper()
	acls := kadm.NewACLs().Topics(topic).ResourcePatternType(kadm.ACLPatternLiteral).Operations(operations...).Allow("User:" + user).AllowHosts("*")
	made, err := admin.CreateACLs(t.Context(), acls)
	for _, result := range made {
		if err == nil {
			err = result.Err
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}
