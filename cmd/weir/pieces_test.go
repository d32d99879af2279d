package main

import (
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

func TestChildTakesTheRunsClock(t *testing.T) {
	sim := clock.Simulated{Epoch: time.Unix(1, 0).UTC(), Origin: time.Unix(2, 0), Speed: 15}
	t.Setenv(clock.EnvVar, sim.String())
	got, err := pieceClock(t.Context(), baseConfig("us-east-1", "http://127.0.0.1:1", nil)) // which answers nobody
	if err != nil || got.String() != sim.String() {
		t.Errorf("%v, %v", got, err)
	}
}
