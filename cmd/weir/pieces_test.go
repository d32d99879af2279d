package main

import (
	"slices"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
)

func TestChildTakesTheRunsClock(t *testing.T) {
	sim := clock.Simulated{Epoch: time.Unix(1, 0).UTC(), Origin: time.Unix(2, 0), Speed: 15}
	t.Setenv(clock.EnvVar, sim.String())
	got, err := pieceClock(t.Context(), baseConfig("us-east-1", "http://127.0.0.1:1", nil)) // which answers nobody
	if err != nil || got.String() != sim.String() {
		t.Errorf("%v, %v", got, err)
	}
}

// TestPiecesFindTheBrokers asks a cloud where its Kafka is, and the environment first.
func TestPiecesFindTheBrokers(t *testing.T) {
	base := cloudtest.Root(t, cloudtest.Run(t, cloud.Config{}))
	found, err := brokersOf(base)()
	if err != nil || len(found.Seeds) != 3 || found.User != "test" || found.Password != "test" {
		t.Errorf("asked: %+v, %v", found, err)
	}
	t.Setenv(brokersVar, "a:1,b:2")
	if found, err = brokersOf(base)(); err != nil || !slices.Equal(found.Seeds, []string{"a:1", "b:2"}) || found.User != "" {
		t.Errorf("told: %+v, %v", found, err)
	}
}
