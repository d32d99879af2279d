package main

import (
	"math"
	"testing"
)

func TestMemoryLimitGrowsWithWhatLives(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int64{0: 100, 49: 100, 50: 100, 51: 102, math.MaxUint64: math.MaxInt64} {
		if got := memoryLimit(100, live); got != want {
			t.Errorf("%d live: %d, want %d", live, got, want)
		}
	}
}
