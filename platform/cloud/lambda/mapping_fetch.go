package lambda

import (
	"context"
	"errors"
	"time"
)

const (
	pollEvery    = time.Second // base rate of a shared-throughput mapping, per shard
	pollRecords  = 10000       // GetRecords' own limit; a reply is at most 10 MiB
	retryBase    = 20 * time.Millisecond
	retryMaxWait = 10 * time.Second
	// subscribeMaxWait is short: the shard may be had again five seconds after
	// the subscription before began.
	subscribeMaxWait = time.Second
)

// fetched is what one read or push brought.
type fetched struct {
	Batch
	asOf time.Time // wall: nothing put before then is missing, if the shard is not behind
}

// fetch reads a shard from a position until it ends or ctx does.
func (r *reader) fetch(ctx context.Context, shard string, from Position, out chan<- fetched) {
	if r.source.consumerARN != "" {
		r.subscribe(ctx, shard, from, out)
	} else {
		r.poll(ctx, shard, from, out)
	}
}

// poll reads a shard once a second, and at once while it is behind.
func (r *reader) poll(ctx context.Context, shard string, from Position, out chan<- fetched) {
	for ctx.Err() == nil {
		started := r.deps.wall.Now()
		batch, err := r.read(ctx, shard, from)
		if err != nil && ctx.Err() == nil {
			if r.handled(shard) {
				return // it left retention while it was read
			}
			r.problem(err.Error())
		}
		if err == nil {
			from = batch.Next
			select {
			case out <- fetched{batch, started}:
			case <-ctx.Done():
				return
			}
			if batch.End {
				return
			}
			if len(batch.Records) > 0 && batch.MillisBehindLatest > 0 {
				continue
			}
		}
		_ = r.deps.wall.Sleep(ctx, pollEvery-r.deps.wall.Now().Sub(started))
	}
}

// read is one GetRecords under the execution role.
func (r *reader) read(ctx context.Context, shard string, from Position) (Batch, error) {
	if err := r.authorized(); err != nil {
		return Batch{}, err
	}
	batch, err := r.deps.streams.Read(ctx, r.source.streamARN, shard, from, pollRecords)
	if err != nil {
		return Batch{}, errors.New("Cannot read shard " + shard + ": " + err.Error())
	}
	return batch, nil
}

func (r *reader) authorized() error {
	role, err := r.deps.functions.executionRole(r.function)
	if err != nil {
		return errors.New("Function not found.")
	}
	if action := r.deps.missing(role, r.source); action != "" {
		return errors.New(r.source.lacks(action))
	}
	return nil
}

// subscribe has a shard pushed, and subscribes again from the last record
// received whenever the subscription ends.
func (r *reader) subscribe(ctx context.Context, shard string, from Position, out chan<- fetched) {
	ended, silent := false, false
	failures := 0
	deliver := func(batch Batch) error {
		select {
		case out <- fetched{batch, r.deps.wall.Now()}:
		case <-ctx.Done():
			return ctx.Err()
		}
		from, ended, silent, failures = batch.Next, batch.End, false, 0
		return nil
	}
	for ctx.Err() == nil && !ended {
		err := r.authorized()
		if silent = true; err == nil {
			err = r.deps.streams.Subscribe(ctx, r.source.consumerARN, shard, from, deliver)
		}
		if ended || ctx.Err() != nil || (err == nil && !silent) {
			continue
		}
		if r.handled(shard) {
			return // it left retention while it was read
		}
		// Another subscription of this pair may still be open for some seconds.
		if failures++; failures > 3 && err != nil {
			r.problem("Cannot subscribe to shard " + shard + ": " + err.Error())
		}
		_ = r.deps.wall.Sleep(ctx, min(backoff(failures+3), subscribeMaxWait))
	}
}

// backoff is the wait before the nth retry, n from 1: doubling from 20 ms to 10 s.
// AWS does not say what it waits (U).
func backoff(n int) time.Duration {
	return min(retryMaxWait, retryBase<<min(n-1, 20))
}
