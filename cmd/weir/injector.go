package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/kinesis"
	"github.com/weirstream/weir/platform/cloud/wire"
	"github.com/weirstream/weir/platform/scenario"
)

// injector disturbs an embedded cloud: calls by hooks, functions by their
// processes, Kafka and OpenSearch by faults of their own. Reads of a Lambda event source mapping are not calls here, so
// nothing hits them.
type injector struct {
	cloud *cloud.Cloud
	wall  clock.Clock

	mu       sync.Mutex
	pressing int // faults that press OpenSearch
}

var _ chaos.Injector = (*injector)(nil)

// KillFunction implements chaos.Injector. A function without a process at the
// moment is hit by nothing, and that is no mistake.
func (j *injector) KillFunction(name string) error {
	j.cloud.KillFunction(name)
	return nil
}

// Skew implements chaos.Injector.
func (j *injector) Skew(by time.Duration) (undo func(), err error) {
	return j.cloud.SkewSignatures(by), nil
}

// Disturb implements chaos.Injector.
func (j *injector) Disturb(f chaos.Planned) (undo func(), err error) {
	d := &disturbance{fault: f, wall: j.wall, rng: rand.New(rand.NewPCG(f.Seed, 1))}
	var harm wire.Hook
	switch f.On.Kind {
	case chaos.Topic, chaos.Group, chaos.Broker:
		return j.disturbKafka(f)
	case chaos.Registry, chaos.Index:
		return j.disturbNeighbour(f)
	}
	switch f.Kind {
	case chaos.Throttle:
		harm = d.throttle
	case chaos.Error:
		harm = d.fail
	case chaos.Delay:
		harm = d.delay
	case chaos.DropReply:
		harm = d.dropReply
	default:
		return nil, fmt.Errorf("%s of calls: %w", f.Kind, chaos.ErrUnsupported)
	}
	return j.cloud.AddHook(func(ctx context.Context, call *wire.Call, in any, next wire.Next) (any, error) {
		if !d.hits(call) {
			return next(ctx, in)
		}
		return harm(ctx, call, in, next)
	}), nil
}

// disturbance is one fault of calls at work.
type disturbance struct {
	fault chaos.Planned
	wall  clock.Clock

	mu  sync.Mutex
	rng *rand.Rand
}

// hits tells whether a call is of the operation and the stream that the fault
// is for. The runner's own identities are spared: the judge must see.
func (d *disturbance) hits(call *wire.Call) bool {
	if call.Operation != d.fault.Operation || call.Service != "kinesis" || spared(call.Principal.ARN) {
		return false
	}
	for _, access := range call.Access {
		_, resource, _ := strings.Cut(access.Resource, ":stream/")
		stream, _, _ := strings.Cut(resource, "/") // a consumer of the stream
		if stream == d.fault.On.Name {
			return true
		}
	}
	return false
}

// spared are sessions of a scenario's audit and chaos roles.
func spared(arn string) bool {
	_, session, _ := strings.Cut(arn, ":assumed-role/")
	role, _, _ := strings.Cut(session, "/")
	return strings.HasSuffix(role, "-"+scenario.Auditor) || strings.HasSuffix(role, "-"+scenario.Chaos)
}

// lucky draws whether a call or record is passed over.
func (d *disturbance) lucky() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.Float64() >= d.fault.Rate
}

// throttle refuses calls as a stream over its throughput does; PutRecords
// refuses single records, as Kinesis does.
func (d *disturbance) throttle(ctx context.Context, call *wire.Call, in any, next wire.Next) (any, error) {
	if put, ok := in.(*kinesis.PutRecordsInput); ok {
		return d.throttleRecords(ctx, call, put, next)
	}
	if d.lucky() {
		return next(ctx, in)
	}
	return nil, wire.Errorf(throughputExceeded, "%s", d.rateExceeded(call, "shardId-000000000000"))
}

const throughputExceeded = "ProvisionedThroughputExceededException"

func (d *disturbance) rateExceeded(call *wire.Call, shard string) string {
	return fmt.Sprintf("Rate exceeded for shard %s in stream %s under account %s.", shard, d.fault.On.Name, call.Account)
}

func (d *disturbance) throttleRecords(ctx context.Context, call *wire.Call, in *kinesis.PutRecordsInput, next wire.Next) (any, error) {
	taken := make([]kinesis.PutRecordsEntry, 0, len(in.Records))
	place := make([]int, 0, len(in.Records))
	for i, record := range in.Records {
		if d.lucky() {
			taken, place = append(taken, record), append(place, i)
		}
	}
	reply := &kinesis.PutRecordsOutput{
		Records: make([]kinesis.PutRecordsResult, len(in.Records)), FailedRecordCount: len(in.Records) - len(taken),
	}
	for i := range reply.Records {
		reply.Records[i] = kinesis.PutRecordsResult{
			ErrorCode: throughputExceeded, ErrorMessage: d.rateExceeded(call, "shardId-000000000000"),
		}
	}
	if len(taken) == 0 {
		return reply, nil
	}
	less := *in
	less.Records = taken
	out, err := next(ctx, &less)
	stored, ok := out.(*kinesis.PutRecordsOutput)
	if err != nil || !ok {
		return out, err
	}
	for i, result := range stored.Records {
		reply.Records[place[i]] = result
	}
	reply.FailedRecordCount += stored.FailedRecordCount
	reply.EncryptionType = stored.EncryptionType
	return reply, nil
}

// fail answers without doing anything.
func (d *disturbance) fail(ctx context.Context, _ *wire.Call, in any, next wire.Next) (any, error) {
	if d.lucky() {
		return next(ctx, in)
	}
	e := &wire.Error{Code: d.fault.Code, Status: http.StatusInternalServerError}
	e.Message = "The request processing has failed because of an unknown error, exception or failure."
	if d.fault.Code == "ServiceUnavailable" {
		e.Status = http.StatusServiceUnavailable
		e.Message = "The request has failed due to a temporary failure of the server."
	}
	return nil, e
}

func (d *disturbance) delay(ctx context.Context, _ *wire.Call, in any, next wire.Next) (any, error) {
	if d.lucky() {
		return next(ctx, in)
	}
	wait := d.fault.Delay
	if d.fault.Jitter > 0 {
		d.mu.Lock()
		wait += time.Duration(d.rng.Int64N(int64(d.fault.Jitter)))
		d.mu.Unlock()
	}
	if err := d.wall.Sleep(ctx, wait); err != nil {
		return nil, err // the caller has left
	}
	return next(ctx, in)
}

func (d *disturbance) dropReply(ctx context.Context, _ *wire.Call, in any, next wire.Next) (any, error) {
	if d.lucky() {
		return next(ctx, in)
	}
	if _, err := next(ctx, in); err != nil {
		return nil, err
	}
	return nil, wire.ErrDropReply
}
