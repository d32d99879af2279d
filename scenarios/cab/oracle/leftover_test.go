package oracle

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// TestLeftoversOfOthersAreNoFaultOfARun puts what nobody can read on each topic,
// once before the run began and once after.
func TestLeftoversOfOthersAreNoFaultOfARun(t *testing.T) {
	t.Parallel()
	names := []string{event.ActivityTopic, event.MetricsTopic, event.LateTopic, event.DeadTopic, event.ActivityDeadTopic, event.IndexDeadTopic}
	brokers, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, names...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(brokers.Close)
	start := time.Now()
	o, err := newTopics(scenario.Env{
		RunID: "r", Start: start,
		Kafka: func(string) (scenario.Brokers, error) { return scenario.Brokers{Seeds: brokers.ListenAddrs()}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for round, at := range []time.Time{start.Add(-time.Second), start.Add(time.Second)} {
		for _, name := range names {
			if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: name, Value: []byte("?"), Timestamp: at}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		unreadable, letters := 0, 0
		for _, err := range o.Activity(t.Context()) {
			unreadable += told(err)
		}
		for _, err := range o.Measured(t.Context()) {
			unreadable += told(err)
		}
		for _, err := range o.Late(t.Context()) {
			unreadable += told(err)
		}
		for _, err := range o.DeadLetters(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			letters++
		}
		if unreadable != 3*round || letters != 3*round {
			t.Errorf("round %d: %d unreadable records and %d dead letters, want %d of each", round, unreadable, letters, 3*round)
		}
	}
}

func told(err error) int {
	if err != nil {
		return 1
	}
	return 0
}
