package kinesis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/kinesis"
)

// TestBothWireFormsCarryTheSame puts and reads in CBOR and in JSON, crosswise.
func TestBothWireFormsCarryTheSame(t *testing.T) {
	t.Parallel()
	c := cloudtest.Run(t, cloud.Config{QuotasOff: true})
	api := client(t, c, &dialer{})
	stream := newStream(t, api, 1)
	began := time.Now().Truncate(time.Millisecond)
	for _, json := range []bool{false, true} {
		p, err := kinesis.NewProducer(api, kinesis.ProducerConfig{Stream: stream, JSON: json})
		if err != nil {
			t.Fatal(err)
		}
		runUntilCleanup(t, p.Run)
		for _, r := range []kinesis.Record{
			{PartitionKey: "é", Data: []byte{0, 255, '"'}}, {PartitionKey: "k", ExplicitHashKey: "5"},
		} {
			if _, err := p.Put(t.Context(), r); err != nil {
				t.Fatalf("put with JSON %v: %v", json, err)
			}
		}
	}
	var read [2][]string
	for i, json := range []bool{false, true} {
		ctx, done := context.WithCancel(t.Context())
		var mu sync.Mutex
		reader, err := kinesis.NewConsumer(api, kinesis.ConsumerConfig{Stream: stream, PollInterval: time.Millisecond, JSON: json},
			func(_ context.Context, b kinesis.Batch) error {
				mu.Lock()
				defer mu.Unlock()
				for _, r := range b.Records {
					if r.Arrival.Before(began) || r.Arrival.After(time.Now()) {
						t.Errorf("with JSON %v, %q arrived at %v, put after %v", json, r.PartitionKey, r.Arrival, began)
					}
					read[i] = append(read[i], fmt.Sprintf("%s %q %x %d", r.SequenceNumber, r.PartitionKey, r.Data, r.Arrival.UnixMilli()))
				}
				if len(read[i]) >= 4 {
					done()
				}
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
		if err := reader.Run(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if len(read[0]) != 4 || !slices.Equal(read[0], read[1]) {
		t.Errorf("in CBOR %v\nin JSON %v", read[0], read[1])
	}
}

// TestErrorsKeepTheirTypeInCBOR puts on a stream that is not there.
func TestErrorsKeepTheirTypeInCBOR(t *testing.T) {
	t.Parallel()
	api := client(t, cloudtest.Run(t, cloud.Config{}), &dialer{})
	p, err := kinesis.NewProducer(api, kinesis.ProducerConfig{Stream: "absent"})
	if err != nil {
		t.Fatal(err)
	}
	runUntilCleanup(t, p.Run)
	_, err = p.Put(t.Context(), kinesis.Record{PartitionKey: "k"})
	if absent, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok || absent.ErrorMessage() == "" {
		t.Errorf("got %v, want a ResourceNotFoundException with its message", err)
	}
}
