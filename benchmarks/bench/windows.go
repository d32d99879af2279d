package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
)

const (
	windowsRecords = 5_000_000
	windowsTarget  = 800_000 // events per processor second
	windowsLength  = time.Minute
	windowsBehind  = 2 * time.Second
	flatMax        = 1.25
)

// measureWindows counts trips in one-minute windows by zone and status: exactly
// once, with state saved and offsets committed all the while, from records that
// lie on Kafka already. The processor time is the job's: it fetches, decodes,
// counts, saves and writes, in this process; the brokers are in another.
func measureWindows(ctx context.Context, _ options) ([]row, error) {
	var rows []row
	var heaps []int64 // as the records went by
	for _, form := range []struct {
		name   string
		append func(*trip, []byte, int) []byte
		decode []decoder
	}{
		{"JSON", (*trip).appendJSON, []decoder{{"known fields scanned", byScan, true}, {"goccy/go-json", byGoJSON, false}}},
		{"Avro", (*trip).appendAvro, []decoder{{"hamba/avro", byAvro(), true}}},
	} {
		for _, d := range form.decode {
			rate, cpu, sampled, err := windowsRound(ctx, form.append, d.decode)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", form.name, d.name, err)
			}
			if d.target {
				heaps = append(heaps, sampled...)
			}
			r := row{
				what: fmt.Sprintf("%d M %s records of %d B in one-minute windows, state and commits on, %s", windowsRecords/1_000_000, form.name, kafkaBytes, d.name),
				got:  fmt.Sprintf("%.0f k events per CPU-s, %s", cpu/1000, thousands(rate)),
			}
			if d.target {
				r.ratio, r.target, r.met = fmt.Sprintf("%.2f", cpu/windowsTarget), "≥ 800 k per CPU-s", cpu >= windowsTarget
			}
			rows = append(rows, r)
		}
	}
	return append(rows, flatness(heaps)), nil
}

type decoder struct {
	name   string
	decode func([]byte, *trip) error
	target bool
}

// flatness compares the mean heaps of the first and the last fifth of all
// records; the very first sample still has what was put in it.
func flatness(heaps []int64) row {
	heaps = heaps[1:]
	fifth := len(heaps) / 5
	first, last := int64(0), int64(0)
	for i := range fifth {
		first, last = first+heaps[i]/int64(fifth), last+heaps[len(heaps)-1-i]/int64(fifth)
	}
	growth := float64(last) / float64(first)
	return row{
		what: fmt.Sprintf("the job's live heap over %d M records, last fifth over first", 2*windowsRecords/1_000_000),
		got:  fmt.Sprintf("%d MB → %d MB", first>>20, last>>20), ratio: fmt.Sprintf("%.2f", growth),
		target: fmt.Sprintf("≤ %.2f", flatMax), met: growth <= flatMax,
	}
}

func windowsRound(ctx context.Context, form func(*trip, []byte, int) []byte, decode func([]byte, *trip) error) (rate, cpu float64, heaps []int64, err error) {
	server, cluster, err := startBrokers(ctx, "trips", "trips-state", "results")
	if err != nil {
		return 0, 0, nil, err
	}
	defer server.stop()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if err := putTrips(ctx, cluster, form); err != nil {
		return 0, 0, nil, err
	}
	debug.FreeOSMemory()
	job, err := newTripJob(cluster, "trips", windowsLength, windowsBehind, decode)
	if err != nil {
		return 0, 0, nil, err
	}
	before, began := ownProcessorTime(), time.Now()
	ended := make(chan error, 1)
	running, stop := context.WithCancel(ctx)
	defer stop()
	go func() { ended <- job.Run(running) }()
	const sampled = windowsRecords / 10
	for next := int64(sampled); ; {
		done := job.Stats().Records
		for ; next <= done && next <= windowsRecords; next += sampled {
			heaps = append(heaps, liveHeap())
		}
		if done >= windowsRecords {
			break
		}
		select {
		case err := <-ended:
			return 0, 0, nil, fmt.Errorf("the job ended at %d records: %w", done, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	took, busy := time.Since(began), ownProcessorTime()-before
	stop()
	err = <-ended
	if s := job.Stats(); s.Records != windowsRecords || s.Aborts > 0 || s.Outputs == 0 || s.State == 0 {
		err = errors.Join(err, fmt.Errorf("the job went wrong: %+v", s))
	}
	return windowsRecords / took.Seconds(), windowsRecords / busy.Seconds(), heaps, err
}

// liveHeap is what the last collection left.
func liveHeap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.NextGC) * 100 / 200 // by the collector's default pace
}

// putTrips puts all records on the topic, by zone.
func putTrips(ctx context.Context, cluster kafka.Cluster, form func(*trip, []byte, int) []byte) error {
	producer, err := kafka.NewProducer(cluster, kafka.ProducerConfig{Topic: "trips"})
	if err != nil {
		return err
	}
	producing, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- producer.Run(producing) }()
	var failed atomic.Int64
	source := newTrips()
	for i := range windowsRecords {
		r := source.next()
		value := form(&r, make([]byte, 0, 2*kafkaBytes), i)
		if i == 0 && (len(value) < kafkaBytes*9/10 || len(value) > kafkaBytes*11/10) {
			err = fmt.Errorf("a record of %d bytes", len(value))
			break
		}
		err = producer.PutAsync(ctx, &kgo.Record{Key: []byte(r.zone), Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Add(1)
			}
		})
		if err != nil {
			break
		}
	}
	stop()
	err = errors.Join(err, <-ended)
	if failed.Load() > 0 {
		err = errors.Join(err, fmt.Errorf("%d records failed", failed.Load()))
	}
	return err
}
