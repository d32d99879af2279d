package kafka

import (
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// An error that may pass, and does not, is said in the end.
func TestReaderEndsWithWhatDoesNotPass(t *testing.T) {
	t.Parallel()
	faulty, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(faulty.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(faulty.ListenAddrs()...), kgo.DefaultProduceTopic("t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.ProduceSync(t.Context(), kgo.StringRecord("a")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	fault := faulty.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "t", Err: kerr.KafkaStorageError, Count: -1})
	l := newLogReader(client, "t", 0)
	l.patience = 100 * time.Millisecond
	if _, err := l.state(t.Context()); !errors.Is(err, kerr.KafkaStorageError) {
		t.Fatalf("want the brokers' error, got %v", err)
	}
	fault.Remove()
	if records, err := l.state(t.Context()); err != nil || len(records) != 1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
}
