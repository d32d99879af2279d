package main

import (
	"context"
	"fmt"
	"os"
)

// measureData compares PutRecords on a cloud whose every acknowledgement is on
// disk with one in memory.
func measureData(ctx context.Context, o options) ([]row, error) {
	var ratios, rates []float64
	for range o.rounds {
		inMemory, err := putOnCloud(ctx, o.round)
		if err != nil {
			return nil, err
		}
		dir, err := os.MkdirTemp("", "weir-bench-")
		if err != nil {
			return nil, fmt.Errorf("make a data directory: %w", err)
		}
		onDisk, err := putOnCloud(ctx, o.round, dir)
		if err != nil {
			return nil, err
		}
		if err := os.RemoveAll(dir); err != nil {
			return nil, fmt.Errorf("remove the data directory: %w", err)
		}
		ratios, rates = append(ratios, onDisk/inMemory), append(rates, onDisk)
	}
	return []row{atLeast("the same PutRecords with --data, over in memory", thousands(median(rates)), median(ratios), 0.50)}, nil
}
