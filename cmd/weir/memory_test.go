package main

import (
	"math"
	"testing"
)

func TestMemoryLimitGrowsWithWhatLives(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int64{0: 100, 65: 100, 66: 100, 68: 102, math.MaxUint64: math.MaxInt64} {
		if got := memoryLimit(100, live); got != want {
			t.Errorf("%d live: %d, want %d", live, got, want)
		}
	}
}
