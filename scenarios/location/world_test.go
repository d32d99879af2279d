package location_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	runtime "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"go.uber.org/goleak"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/kinesis"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/functions"
	"github.com/weirstream/weir/scenarios/location"
	"github.com/weirstream/weir/scenarios/location/event"
	"github.com/weirstream/weir/scenarios/location/offers"
)

// TestMain serves as a Lambda function when the cloud starts this binary as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "lambda" {
		handler, err := functions.All()[os.Args[2]](context.Background())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		runtime.Start(handler)
	}
	goleak.VerifyTestMain(m)
}

// world is an embedded cloud and an environment of the scenario in it.
type world struct {
	t    *testing.T
	base aws.Config // the account's root
	env  scenario.Env
	wall clock.Clock
}

// newWorld runs a cloud for the length of the test. It has no quotas: several
// readers poll a shard here, and one could keep another from it for minutes.
func newWorld(t *testing.T, cfg cloud.Config) *world {
	t.Helper()
	cfg.QuotasOff = true
	base := cloudtest.Root(t, cloudtest.Run(t, cfg))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() }) // if no app did
	first := make(chan net.Listener, 1)    // was there before, lest somebody else takes the port
	first <- listener
	now := clock.Wall{}.Now()
	w := &world{t: t, base: base, wall: clock.Wall{}, env: scenario.Env{
		AWS: func(string) aws.Config { return base },
		Listen: func(string) (net.Listener, error) {
			select {
			case l := <-first:
				return l, nil
			default:
				return net.Listen("tcp", listener.Addr().String())
			}
		},
		URL:   func(string) string { return "http://" + listener.Addr().String() },
		RunID: "run-1", Wall: clock.Wall{}, Sim: clock.Simulated{Epoch: now, Origin: now},
	}}
	return w
}

// runUntilCleanup runs a component and stops it at the end of the test; stop
// ends it earlier.
func runUntilCleanup(t *testing.T, name string, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := run(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// streams creates both streams and the app's consumer, without the function.
func (w *world) streams() {
	w.t.Helper()
	client := awskinesis.NewFromConfig(w.base)
	for _, name := range []string{location.SignupsStream, location.OffersStream} {
		_, err := client.CreateStream(w.t.Context(), &awskinesis.CreateStreamInput{StreamName: aws.String(name), ShardCount: aws.Int32(2)})
		if err != nil {
			w.t.Fatal(err)
		}
		waiter := awskinesis.NewStreamExistsWaiter(client, func(o *awskinesis.StreamExistsWaiterOptions) {
			o.MinDelay, o.MaxDelay = 20*time.Millisecond, 100*time.Millisecond
		})
		if err := waiter.Wait(w.t.Context(), &awskinesis.DescribeStreamInput{StreamName: aws.String(name)}, time.Minute); err != nil {
			w.t.Fatal(err)
		}
	}
}

// function plays the Lambda function inside the test: the handler's own
// library behind a polling consumer. copies is how often each offer is put.
func (w *world) function(copies int) {
	w.t.Helper()
	finder, err := offers.Load(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	client := awskinesis.NewFromConfig(w.base)
	consumer, err := kinesis.NewConsumer(client,
		kinesis.ConsumerConfig{Stream: location.SignupsStream, PollInterval: 20 * time.Millisecond},
		func(ctx context.Context, b kinesis.Batch) error {
			var out []kinesis.Record
			for _, r := range b.Records {
				var s event.Signup
				if err := json.Unmarshal(r.Data, &s); err != nil {
					return err
				}
				data, err := json.Marshal(finder.Offer(s))
				if err != nil {
					return err
				}
				for range copies {
					out = append(out, kinesis.Record{PartitionKey: s.ID, Data: data})
				}
			}
			return kinesis.PutAll(ctx, client, location.OffersStream, out)
		})
	if err != nil {
		w.t.Fatal(err)
	}
	runUntilCleanup(w.t, "function", consumer.Run)
}

// app runs an App until stop or the end of the test.
func (w *world) app(cfg location.AppConfig) (stop func()) {
	w.t.Helper()
	app, err := location.NewApp(w.env, cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	stop = runUntilCleanup(w.t, "app", app.Run)
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	if err := app.Ready(ctx); err != nil {
		w.t.Fatal(err)
	}
	return stop
}

// records reads everything on a stream.
func (w *world) records(name string) (data [][]byte) {
	w.t.Helper()
	client := awskinesis.NewFromConfig(w.base)
	shards, err := client.ListShards(w.t.Context(), &awskinesis.ListShardsInput{StreamName: aws.String(name)})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, shard := range shards.Shards {
		it, err := client.GetShardIterator(w.t.Context(), &awskinesis.GetShardIteratorInput{
			StreamName: aws.String(name), ShardId: shard.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
		})
		if err != nil {
			w.t.Fatal(err)
		}
		for at := it.ShardIterator; at != nil; {
			out, err := client.GetRecords(w.t.Context(), &awskinesis.GetRecordsInput{ShardIterator: at})
			if err != nil {
				w.t.Fatal(err)
			}
			for _, r := range out.Records {
				data = append(data, r.Data)
			}
			at = out.NextShardIterator
			if aws.ToInt64(out.MillisBehindLatest) == 0 {
				break
			}
		}
	}
	return data
}

// sse is one server-sent event.
type sse struct{ id, event, data string }

// response is an answer of the app.
type response struct {
	status int
	header http.Header
	body   string
	events []sse
}

// ask sends one request and reads the answer to its end.
func (w *world) ask(method, path, body string, header ...string) response {
	w.t.Helper()
	r, err := w.try(method, path, body, header...)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) try(method, path, body string, header ...string) (response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, w.env.URL("app")+path, strings.NewReader(body))
	if err != nil {
		return response{}, err
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	reply, err := w.base.HTTPClient.Do(request)
	if err != nil {
		return response{}, err
	}
	defer reply.Body.Close()
	r := response{status: reply.StatusCode, header: reply.Header}
	if reply.Header.Get("Content-Type") != "text/event-stream" {
		data, err := io.ReadAll(reply.Body)
		r.body = string(data)
		return r, err
	}
	r.events, err = readEvents(reply.Body)
	return r, err
}

// readEvents reads server-sent events to the end of the body.
func readEvents(body io.Reader) (all []sse, err error) {
	var e sse
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.event = value
		case "data":
			e.data = value
		case "":
			if e.event != "" {
				all = append(all, e)
			}
			e = sse{}
		}
	}
	return all, lines.Err()
}

const accept = "Accept"

const eventStream = "text/event-stream"

func signupBody(id string, lat, lon float64) string {
	field := ""
	if id != "" {
		field = fmt.Sprintf(`"id":%q,`, id)
	}
	return fmt.Sprintf(`{%s"subscriber":{"name":"Ada","email":"ada@example.com"},"location":{"latitude":%v,"longitude":%v}}`, field, lat, lon)
}
