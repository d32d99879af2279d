package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/aws/aws-sdk-go-v2/aws"
	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/weirstream/weir/platform/kinesis"
)

const latencyRate = 200 // records per second

// measureLatency is put → read at a low rate: one record at a time by
// PutRecord, read by weir's consumer, polling and by enhanced fan-out. It
// counts from the intended put.
func measureLatency(ctx context.Context, o options) ([]row, error) {
	var rows []row
	for _, reader := range []struct {
		name, consumer string
		p99Max         float64 // ms
	}{
		{"polling every ms", "", 4},
		{"enhanced fan-out", "bench", 2},
	} {
		h, err := latencyRound(ctx, reader.consumer, o.round*time.Duration(o.rounds))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", reader.name, err)
		}
		ms := func(q float64) float64 { return float64(h.ValueAtQuantile(q)) / 1000 }
		rows = append(rows, row{
			what:   fmt.Sprintf("put → read, %d rec/s, %s", latencyRate, reader.name),
			got:    fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, max %.1f ms", ms(50), ms(99), ms(100)),
			target: fmt.Sprintf("p99 ≤ %.0f ms", reader.p99Max), met: ms(99) <= reader.p99Max,
		})
	}
	return rows, nil
}

func latencyRound(ctx context.Context, consumer string, length time.Duration) (*hdrhistogram.Histogram, error) {
	server, err := start(serveCloud)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	api := client(server.endpoint)
	if err := createStream(ctx, api, "bench", 1); err != nil {
		return nil, err
	}
	count := int(length.Seconds() * latencyRate)
	h := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	began := time.Now().Add(500 * time.Millisecond)
	due := func(i int) time.Time { return began.Add(time.Duration(i) * time.Second / latencyRate) }
	seen := 0
	reading, cancel := context.WithTimeout(ctx, length+20*time.Second)
	defer cancel()
	reader, err := kinesis.NewConsumer(client(server.endpoint), kinesis.ConsumerConfig{
		Stream: "bench", ConsumerName: consumer, PollInterval: time.Millisecond,
		Start: kinesis.Position{Type: kinesis.TrimHorizon},
	}, func(_ context.Context, b kinesis.Batch) error {
		now := time.Now()
		for _, record := range b.Records {
			i := int(binary.BigEndian.Uint32(record.Data))
			if err := h.RecordValue(int64(now.Sub(due(i)) / time.Microsecond)); err != nil {
				return err
			}
			if seen++; seen == count {
				cancel()
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- reader.Run(reading) }()
	for i := range count {
		sleepUntil(due(i))
		data := binary.BigEndian.AppendUint32(make([]byte, 0, putBytes), uint32(i))
		_, err := api.PutRecord(ctx, &awskinesis.PutRecordInput{
			StreamName: aws.String("bench"), PartitionKey: aws.String("k"), Data: data[:putBytes],
		})
		if err != nil {
			return nil, fmt.Errorf("put: %w", err)
		}
	}
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	if seen < count {
		return nil, fmt.Errorf("read %d of %d records", seen, count)
	}
	return h, nil
}
