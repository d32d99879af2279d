package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// cabs is a load of the cab scenario that takes some seconds, most of them until
// the last window has ended.
func cabs(more ...string) []string {
	return append([]string{"cab", "--for", "75s", "--speed", "20", "--rate", "12", "--devices", "120"}, more...)
}

// TestCabChaos runs the presets that have most of what Kafka, OpenSearch and the
// registry can do; `task chaos` runs all with many seeds.
func TestCabChaos(t *testing.T) {
	var together sync.WaitGroup
	for preset, faults := range map[string]int{"storm": 25, "poison": 6} {
		together.Go(func() {
			t.Run(preset, func(t *testing.T) {
				g := runWeir(t, sabotage{}, cabs("--chaos", preset, "--seed", "7")...)
				if broken := g.broken(); len(broken) > 0 {
					t.Errorf("failed: %q\n%s", broken, g.screen)
				}
				if len(g.verdict.Faults) < faults {
					t.Errorf("%d faults, want %d", len(g.verdict.Faults), faults)
				}
				for _, f := range g.verdict.Faults {
					if !strings.HasPrefix(f.Cost, "0 lost, ") || !strings.Contains(f.Cost, " redelivered, 0 duplicated outcomes") {
						t.Errorf("%s %s cost %q", f.Kind, f.Target, f.Cost)
					}
				}
			})
		})
	}
	together.Go(func() { t.Run("what is lost, doubled, wrong or stray is named", eachHarmIsNamed) })
	together.Wait()
}

// TestChaosForNothingIsRefused runs presets on scenarios that have nothing for them.
func TestChaosForNothingIsRefused(t *testing.T) {
	t.Parallel()
	for name, preset := range map[string]string{"cab": "reshard", "location": "broker"} {
		f := runFlags{targetFlags: targetFlags{target: targetEmbedded}, listen: "127.0.0.1:0", quotas: "aws", chaos: preset}
		_, _, err := f.check(&globals{region: "us-east-1"}, []string{name})
		if want := "--chaos " + preset + " for " + name + ":\nnone of its faults hits anything here"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s of %s: %v, want %q", preset, name, err, want)
		}
	}
}

// eachHarmIsNamed takes away, doubles and falsifies one result each, while groups
// rebalance and leaders move, and lays a dead letter that nobody planted.
func eachHarmIsNamed(t *testing.T) {
	h := &harm{t: t, done: make(chan struct{})}
	g := runWeir(t, sabotage{world: h.begin, entry: soonDrained}, cabs("--chaos", "rebalance")...)
	h.stop()
	<-h.done
	if h.err != nil {
		t.Fatalf("the sabotage itself failed: %v", h.err)
	}
	wantFailure(
		t, g, "cab-activity holds every accepted reading exactly once", "1 lost: "+h.lost, "1 doubled: "+h.doubled,
		"every cab's last state is right", h.wrong, "dead letters are what was planted", "1 not planted: cab-telemetry.dlq/",
	)
}

// soonDrained does not wait long for what never comes.
func soonDrained(e *scenario.Entry) { e.Scenario = impatient{e.Scenario} }

type impatient struct{ scenario.Scenario }

func (i impatient) Defaults(settings map[string]string) scenario.Defaults {
	d := i.Scenario.Defaults(settings)
	d.DrainMax = 10 * time.Second
	return d
}

// harm does to a run's results what no part of weir should.
type harm struct {
	t    *testing.T
	stop context.CancelFunc
	done chan struct{}
	err  error

	lost, doubled, wrong string
}

func (h *harm) begin(w *scenario.World) {
	var ctx context.Context
	ctx, h.stop = context.WithTimeout(h.t.Context(), 5*time.Minute)
	kafka, search := w.Kafka, w.OpenSearch
	go func() {
		defer close(h.done)
		h.err = h.do(ctx, kafka, search)
	}()
}

func (h *harm) do(ctx context.Context, kafka func() (scenario.Brokers, error), search func() (scenario.Address, error)) error {
	brokers, err := kafka()
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(brokers.Seeds...), kgo.SASL(scram.Auth{User: brokers.User, Pass: brokers.Password}.AsSha512Mechanism()),
		kgo.ConsumeTopics(event.ActivityTopic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.UnknownTopicRetries(-1), kgo.MetadataMinAge(100*time.Millisecond),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	first := map[int32]*kgo.Record{}
	for len(first) < 2 {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("no activities of two partitions: %w", ctx.Err())
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Value != nil && first[r.Partition] == nil {
				first[r.Partition] = r
			}
		})
	}
	for _, r := range first {
		if h.lost == "" {
			if err := h.lose(ctx, client, r); err != nil {
				return err
			}
			continue
		}
		h.doubled, _, _ = event.Identify(r.Value)
		stray := &kgo.Record{Topic: event.DeadTopic, Value: []byte("stray")}
		again := &kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value, Headers: r.Headers}
		if err := client.ProduceSync(ctx, again, stray).FirstErr(); err != nil {
			return err
		}
		break
	}
	address, err := search()
	if err != nil {
		return err
	}
	root, err := rootCredentials().Retrieve(ctx)
	if err != nil {
		return err
	}
	address.User, address.Password = root.AccessKeyID, root.SecretAccessKey
	return h.falsify(ctx, address)
}

// lose deletes the log up to a record that is committed.
func (h *harm) lose(ctx context.Context, client *kgo.Client, r *kgo.Record) error {
	h.lost, _, _ = event.Identify(r.Value)
	offsets := kadm.Offsets{}
	offsets.AddOffset(r.Topic, r.Partition, r.Offset+1, -1)
	gone, err := kadm.NewClient(client).DeleteRecords(ctx, offsets)
	if err != nil {
		return err
	}
	return gone.Error()
}

// falsify puts another state of a cab over its document, as a later one.
func (h *harm) falsify(ctx context.Context, address scenario.Address) error {
	var found struct {
		Hits struct {
			Hits []struct {
				Index  string         `json:"_index"`
				ID     string         `json:"_id"`
				Source map[string]any `json:"_source"`
			}
		}
	}
	for len(found.Hits.Hits) == 0 {
		if err := ask(ctx, address, http.MethodGet, "/"+event.CabsIndex+"-*/_search?size=1", nil, &found); err != nil {
			return err
		}
	}
	hit := found.Hits.Hits[0]
	h.wrong = hit.Source["cab"].(string)
	hit.Source["speed_kmh"] = 999
	return ask(ctx, address, http.MethodPut, "/"+hit.Index+"/_doc/"+strings.ReplaceAll(hit.ID, "|", "%7C")+"?version=1000000&version_type=external", hit.Source, nil)
}

// ask sends one request to OpenSearch; no index yet is no answer.
func ask(ctx context.Context, address scenario.Address, method, path string, body, answer any) error {
	var text bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&text).Encode(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, address.URL+path, &text)
	if err != nil {
		return err
	}
	request.SetBasicAuth(address.User, address.Password)
	request.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	switch {
	case reply.StatusCode == http.StatusNotFound:
		return nil
	case reply.StatusCode >= http.StatusBadRequest:
		return fmt.Errorf("%s %s: %s", method, path, reply.Status)
	case answer == nil:
		return nil
	}
	return json.NewDecoder(reply.Body).Decode(answer)
}
