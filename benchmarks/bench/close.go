package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
)

const (
	closeRate   = 2000                   // records per second
	closeWindow = 200 * time.Millisecond // short, for more samples
	closeP95Max = 30.0                   // ms
)

// measureClose is how long a window's result takes: from the put of the record
// that says that the window is over, to the result's arrival at a reader of
// committed records. Records keep coming meanwhile.
func measureClose(ctx context.Context, o options) ([]row, error) {
	waits, err := closeRound(ctx, 2*o.round*time.Duration(o.rounds))
	if err != nil {
		return nil, err
	}
	ms := func(percent int) float64 {
		return float64(waits[min(len(waits)-1, len(waits)*percent/100)]) / float64(time.Millisecond)
	}
	return []row{{
		what:   fmt.Sprintf("end of a window → its result is read, %d rec/s, %d results", closeRate, len(waits)),
		got:    fmt.Sprintf("p50 %.1f ms, p95 %.1f ms, max %.1f ms", ms(50), ms(95), ms(100)),
		target: fmt.Sprintf("p95 ≤ %.0f ms", closeP95Max), met: ms(95) <= closeP95Max,
	}}, nil
}

// ends tells when each window's end was put, by partition.
type ends struct {
	mu  sync.Mutex
	put map[windowEnd]time.Time
}

type windowEnd struct {
	partition int32
	end       int64
}

// closeRound gives the waits in order.
func closeRound(ctx context.Context, length time.Duration) ([]time.Duration, error) {
	server, cluster, err := startBrokers(ctx, "trips", "trips-state", "results")
	if err != nil {
		return nil, err
	}
	defer server.stop()
	ctx, cancel := context.WithTimeout(ctx, length+time.Minute)
	defer cancel()
	job, err := newTripJob(cluster, "trips", closeWindow, 0, byScan)
	if err != nil {
		return nil, err
	}
	producer, err := kafka.NewProducer(cluster, kafka.ProducerConfig{Topic: "trips", LingerMax: time.Millisecond})
	if err != nil {
		return nil, err
	}
	all := &ends{put: map[windowEnd]time.Time{}}
	var waits []time.Duration
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 3)
	go func() { ended <- job.Run(running) }()
	go func() { ended <- producer.Run(running) }()
	go func() { ended <- readResults(running, cluster, all, &waits) }()
	<-job.Ready()
	err = putOnTime(ctx, producer, all, length)
	time.Sleep(time.Second) // the last results' way
	stop()
	if err = errors.Join(err, <-ended, <-ended, <-ended); err != nil {
		return nil, err
	}
	if len(waits) == 0 {
		return nil, errors.New("no window ended")
	}
	slices.Sort(waits)
	return waits, nil
}

// putOnTime puts trips whose time is when they are put.
func putOnTime(ctx context.Context, producer *kafka.Producer, all *ends, length time.Duration) error {
	began := time.Now()
	source, latest := newTrips(), map[int32]int64{}
	for i := range int(length.Seconds() * closeRate) {
		sleepUntil(began.Add(time.Duration(i) * time.Second / closeRate))
		r := source.next()
		partition := int32(i % 6)
		r.at = source.begin + time.Since(began).Milliseconds()
		if end := r.at / closeWindow.Milliseconds() * closeWindow.Milliseconds(); end > latest[partition] {
			latest[partition] = end
			all.mu.Lock()
			all.put[windowEnd{partition, end}] = time.Now()
			all.mu.Unlock()
		}
		value := r.appendJSON(nil, i)
		if err := producer.PutAsync(ctx, kafka.ToPartition(&kgo.Record{Value: value}, partition), nil); err != nil {
			return err
		}
	}
	return nil
}

// readResults notes how long each result took.
func readResults(ctx context.Context, cluster kafka.Cluster, all *ends, waits *[]time.Duration) error {
	reader, err := kgo.NewClient(append(cluster.Options(), kgo.ConsumeTopics("results"), kgo.FetchIsolationLevel(kgo.ReadCommitted()))...)
	if err != nil {
		return err
	}
	defer reader.Close()
	for {
		fetches := reader.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		now := time.Now()
		for record := range fetches.RecordsAll() {
			var r result
			if err := json.Unmarshal(record.Value, &r); err != nil {
				return err
			}
			all.mu.Lock()
			if put, ok := all.put[windowEnd{r.Partition, r.End}]; ok {
				*waits = append(*waits, now.Sub(put))
			}
			all.mu.Unlock()
		}
	}
}
