package offers

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/weirstream/weir/platform/kinesis"
	"github.com/weirstream/weir/platform/sdkhttp"
	"github.com/weirstream/weir/scenarios/location/event"
	"github.com/weirstream/weir/scenarios/location/intake"
)

// StreamVar is the environment variable that names the stream to publish to.
const StreamVar = "OFFERS_STREAM"

// Function is the Lambda function between location-signups and location-offers.
//
// Delivery is at-least-once: a batch counts as done only after Kinesis has
// acknowledged every offer made from it, so a crash or a failed put repeats the
// batch, and whatever of it was published before is published again. Poison (a
// record that is no valid signup) is reported as a partial batch failure after
// every good record of the batch was published; the mapping then retries from
// the poison on, so good records behind it are published again too, and finally
// hands the poison to the on-failure destination.
//
// Signups may come aggregated. To the mapping an aggregate is one record: poison
// inside makes all of it be reported, retried and handed over, and every try
// publishes its good signups again. Those all have their offer by then; only the
// queue names more than the poison.
type Function struct {
	finder *Finder
	put    func(ctx context.Context, records []kinesis.Record) error
}

// NewHandler builds the handler for lambda.Start from the environment: the
// stream's name in StreamVar, everything else the SDK's own variables.
func NewHandler(ctx context.Context) (any, error) {
	stream := os.Getenv(StreamVar)
	if stream == "" {
		return nil, errors.New(StreamVar + " is not set; it names the stream that offers go to")
	}
	finder, err := Load(nil)
	if err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("configure the SDK: %w", err)
	}
	cfg.HTTPClient = sdkhttp.Bodies{Next: cmp.Or[aws.HTTPClient](cfg.HTTPClient, awshttp.NewBuildableClient())}
	client := awskinesis.NewFromConfig(cfg)
	f := &Function{finder: finder, put: func(ctx context.Context, records []kinesis.Record) error {
		return kinesis.PutAll(ctx, client, stream, records)
	}}
	return f.Handle, nil
}

// Handle publishes one offer per valid signup of the batch, keyed by the
// signup's id. It fails only if publishing did.
func (f *Function) Handle(ctx context.Context, batch events.KinesisEvent) (events.KinesisEventResponse, error) {
	var reply events.KinesisEventResponse
	records := make([]kinesis.Record, 0, len(batch.Records))
	for i := range batch.Records {
		in := &batch.Records[i].Kinesis
		made, poison, err := f.offers(in.Data)
		if err != nil {
			return events.KinesisEventResponse{}, err
		}
		records = append(records, made...)
		// Records of a batch are in sequence order, so the first is the lowest.
		if poison && len(reply.BatchItemFailures) == 0 {
			reply.BatchItemFailures = []events.KinesisBatchItemFailure{{ItemIdentifier: in.SequenceNumber}}
		}
	}
	if len(records) > 0 {
		if err := f.put(ctx, records); err != nil {
			return events.KinesisEventResponse{}, fmt.Errorf("publish %d offers: %w", len(records), err)
		}
	}
	return reply, nil
}

// offers makes the offers of all valid signups in one record of the stream;
// poison says that there is something else in it.
func (f *Function) offers(stored []byte) (made []kinesis.Record, poison bool, err error) {
	signups, broken := kinesis.Deaggregate(kinesis.ReceivedRecord{Data: stored})
	for _, s := range signups {
		signup, bad := decode(s.Data)
		if bad != nil {
			poison = true
			continue
		}
		data, err := json.Marshal(f.finder.Offer(signup))
		if err != nil {
			return nil, false, fmt.Errorf("encode the offer of %s: %w", signup.ID, err)
		}
		made = append(made, kinesis.Record{PartitionKey: signup.ID, Data: data})
	}
	return made, poison || broken != nil, nil
}

func decode(data []byte) (event.Signup, *event.Rejection) {
	signup, bad := intake.Decode(data)
	if bad == nil {
		bad = intake.Complete(signup)
	}
	return signup, bad
}
