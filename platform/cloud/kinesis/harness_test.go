package kinesis

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// bench is a service in a bubble of fake time.
type bench struct {
	*testing.T
	*Service
}

// inBubble runs test with a service whose Run is running.
func inBubble(t *testing.T, cfg Config, test func(b bench)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		defer func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
		}()
		test(bench{t, s})
	})
}

// call performs an operation as the cloud's root does, without authorisation.
func call[O any](b bench, operation string, in any) (O, error) {
	var none O
	if v, ok := in.(wire.Validator); ok {
		if err := v.Validate(); err != nil {
			return none, err
		}
	}
	for _, op := range b.operations() {
		if op.Name == operation {
			out, err := op.Handle(b.Context(), &wire.Call{}, in)
			if typed, ok := out.(O); ok {
				return typed, err
			}
			return none, err
		}
	}
	return none, fmt.Errorf("no operation %s", operation)
}

func ptr[T any](v T) *T { return &v }

func named(name string) StreamRef { return StreamRef{StreamName: &name} }

func code(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func (b bench) want(what string, err error, want string) {
	b.Helper()
	if got := code(err); got != want {
		b.Errorf("%s: %v, want %q", what, err, want)
	}
}

func (b bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// stream makes an ACTIVE stream.
func (b bench) stream(name string, shards int) {
	b.Helper()
	_, err := call[any](b, "CreateStream", &CreateStreamInput{StreamName: &name, ShardCount: &shards})
	b.must(err)
	b.settle()
}

func (b bench) settle() { time.Sleep(max(b.cfg.StatusDelay, 0)); synctest.Wait() }

func (b bench) put(stream, key string, data []byte) (*PutRecordOutput, error) {
	return call[*PutRecordOutput](b, "PutRecord", &PutRecordInput{StreamRef: named(stream), PartitionKey: &key, Data: data})
}

func (b bench) iterator(stream, shard, kind string) *string {
	b.Helper()
	out, err := call[*GetShardIteratorOutput](b, "GetShardIterator", &GetShardIteratorInput{StreamRef: named(stream), ShardID: &shard, ShardIteratorType: &kind})
	b.must(err)
	return &out.ShardIterator
}

func (b bench) get(iterator *string) (*GetRecordsOutput, error) {
	return call[*GetRecordsOutput](b, "GetRecords", &GetRecordsInput{ShardIterator: iterator})
}

func (b bench) status(stream string) string {
	out, err := call[*DescribeStreamSummaryOutput](b, "DescribeStreamSummary", &DescribeStreamSummaryInput{named(stream)})
	if err != nil {
		return code(err)
	}
	return out.StreamDescriptionSummary.StreamStatus
}
