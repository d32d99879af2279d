package location_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/lambda"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location"
)

// selfLauncher starts this test binary as a function; see TestMain.
type selfLauncher struct{}

func (selfLauncher) Command(name string) (lambda.Command, error) {
	path, err := os.Executable()
	return lambda.Command{Path: path, Args: []string{"lambda", name}}, err
}

// provisioned is a world with the whole scenario in it, every component under
// its own role.
func provisioned(t *testing.T, settings map[string]string) *world {
	t.Helper()
	w := newWorld(t, cloud.Config{Launcher: selfLauncher{}})
	w.provision(settings)
	return w
}

func (w *world) provision(settings map[string]string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	complete, err := scenario.CompleteSettings(location.New().Settings(), settings)
	if err != nil {
		w.t.Fatal(err)
	}
	env, err := scenario.NewEnv(ctx, scenario.World{
		Base: w.base, Listen: w.env.Listen, URL: w.env.URL, Wall: w.env.Wall, Sim: w.env.Sim, Log: w.env.Log,
		Function: func(handler string) scenario.FunctionCode {
			return scenario.FunctionCode{S3Bucket: lambda.HandlerBucket, S3Key: handler}
		},
	}, location.New(), w.env.RunID, complete)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := scenario.Provision(ctx, location.New(), env); err != nil {
		w.t.Fatal(err)
	}
	w.env = env
}

// serve runs the scenario's services.
func (w *world) serve() {
	w.t.Helper()
	services, err := location.New().Services(w.env)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range services {
		runUntilCleanup(w.t, s.Name, s.Run)
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
		defer cancel()
		if err := s.Ready(ctx); err != nil {
			w.t.Fatal(err)
		}
	}
}

// gets signs up at a place and checks the offer's country.
func (w *world) gets(id string, lat, lon float64, country string) {
	w.t.Helper()
	r := w.ask("POST", "/signups", signupBody(id, lat, lon), accept, eventStream)
	if r.status != 200 || len(r.events) != 2 || r.events[1].event != "offer" {
		w.t.Fatalf("%s got %d %s %+v", id, r.status, r.body, r.events)
	}
	if o := offerOf(w.t, r.events[1]); o.ID != id || o.Country != country {
		w.t.Fatalf("%s got %+v, want an offer for %s", id, o, country)
	}
}

func TestPipelineUnderItsOwnRoles(t *testing.T) {
	t.Parallel()
	w := provisioned(t, nil)
	w.serve()
	w.gets("d000001-000000", 48.8566, 2.3522, "FR")
	w.gets("d000001-000001", -29.3151, 27.4869, "LS")
	w.gets("d000001-000002", 0, -30, "")

	w.provision(nil) // once more changes nothing
	w.gets("d000001-000003", 64.1466, -21.9426, "IS")
}

// With aggregation=on, signups that come together share records of the stream,
// and each still has its offer.
func TestAggregatedSignups(t *testing.T) {
	t.Parallel()
	w := provisioned(t, map[string]string{"aggregation": "on"})
	w.serve()
	const signups = 40
	var together sync.WaitGroup
	for n := range signups {
		together.Go(func() {
			id := fmt.Sprintf("d000004-%06d", n)
			r, err := w.try("POST", "/signups", signupBody(id, 48.8566, 2.3522), accept, eventStream)
			if err != nil || len(r.events) != 2 || r.events[1].event != "offer" || !strings.Contains(r.events[1].data, id) {
				t.Errorf("%s got %d %s %+v, %v", id, r.status, r.body, r.events, err)
			}
		})
	}
	together.Wait()
	stored := w.records(location.SignupsStream)
	aggregates := 0
	for _, data := range stored {
		if bytes.HasPrefix(data, []byte("\xf3\x89\x9a\xc2")) {
			aggregates++
		}
	}
	if len(stored) > signups/2 || aggregates == 0 {
		t.Errorf("%d signups became %d records, %d of them aggregates", signups, len(stored), aggregates)
	}
}

// Poison that got onto the stream past the app goes to the on-failure queue
// with its position; what surrounds it is answered.
func TestPoisonGoesToTheQueue(t *testing.T) {
	t.Parallel()
	w := provisioned(t, nil)
	w.serve()
	put, err := awskinesis.NewFromConfig(w.base).PutRecord(t.Context(), &awskinesis.PutRecordInput{
		StreamName: aws.String(location.SignupsStream), PartitionKey: aws.String("d000002-000001"), Data: []byte("poison"),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.gets("d000002-000000", 48.8566, 2.3522, "FR")
	w.gets("d000002-000001", 48.8566, 2.3522, "FR") // on the poison's shard

	queues := sqs.NewFromConfig(w.env.AWS(scenario.Auditor))
	queue, err := queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String(location.FailedQueue)})
	if err != nil {
		t.Fatal(err)
	}
	message, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, WaitTimeSeconds: 15})
	if err != nil || len(message.Messages) != 1 {
		t.Fatalf("the queue holds %+v, %v", message, err)
	}
	var failure struct {
		RequestContext   struct{ Condition string }
		KinesisBatchInfo struct {
			ShardID             string
			StartSequenceNumber string
			EndSequenceNumber   string
			BatchSize           int
		}
	}
	if err := json.Unmarshal([]byte(*message.Messages[0].Body), &failure); err != nil {
		t.Fatal(err)
	}
	info := failure.KinesisBatchInfo
	if info.ShardID != *put.ShardId || info.StartSequenceNumber != *put.SequenceNumber ||
		info.EndSequenceNumber != *put.SequenceNumber || info.BatchSize != 1 || failure.RequestContext.Condition != "RetryAttemptsExhausted" {
		t.Errorf("the queue got %s; the poison lies at %s in %s", *message.Messages[0].Body, *put.SequenceNumber, *put.ShardId)
	}
}

// The other reader takes the mapping's place, and back.
func TestReaderCanBeSwitched(t *testing.T) {
	t.Parallel()
	w := provisioned(t, map[string]string{"reader": "shared"})
	w.serve()
	w.gets("d000003-000000", 48.8566, 2.3522, "FR")
	for i, reader := range []string{"efo", "shared"} {
		w.provision(map[string]string{"reader": reader})
		mappings, err := awslambda.NewFromConfig(w.base).ListEventSourceMappings(t.Context(),
			&awslambda.ListEventSourceMappingsInput{FunctionName: aws.String(location.FunctionName)})
		if err != nil {
			t.Fatal(err)
		}
		if len(mappings.EventSourceMappings) != 1 ||
			strings.Contains(*mappings.EventSourceMappings[0].EventSourceArn, "/consumer/") != (reader == "efo") {
			t.Errorf("with reader %s: mappings %+v", reader, mappings.EventSourceMappings)
		}
		w.gets([]string{"d000003-000001", "d000003-000002"}[i], 48.8566, 2.3522, "FR")
	}
}
