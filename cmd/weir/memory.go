package main

import (
	"context"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// What a process tries to stay within: Go collects garbage sooner and gives
// memory back when it comes near. It is no wall; see holdMemory.
const (
	cloudMemoryGoal = 200 << 20
	runMemoryGoal   = 240 << 20 // with all of a run in it
)

// holdMemory keeps the process near goal until ctx ends. Where more than
// two thirds of the goal are really in use, by many queued messages, say, the goal
// grows with it: collecting the same live memory over and over would free nothing.
// GOMEMLIMIT or GOGC in the environment say that somebody else decides.
func holdMemory(ctx context.Context, goal int64) {
	if os.Getenv("GOMEMLIMIT") != "" || os.Getenv("GOGC") != "" {
		return
	}
	before := debug.SetMemoryLimit(goal)
	defer debug.SetMemoryLimit(before)
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for tick := time.NewTicker(time.Second); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
			metrics.Read(sample)
			debug.SetMemoryLimit(memoryLimit(goal, sample[0].Value.Uint64()))
		}
	}
}

// memoryLimit is the limit for that much live memory.
func memoryLimit(goal int64, live uint64) int64 {
	if live > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return max(goal, int64(live)+int64(live)/2)
}
