package main

import (
	"slices"
	"strings"
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

// TestWhatTheCloudPrintsIsTheClouds takes over the lines that `weir cloud`
// prints. It has an environment, so it is not parallel.
func TestWhatTheCloudPrintsIsTheClouds(t *testing.T) {
	c := cloudtest.Run(t, cloud.Config{})
	base := cloudtest.Root(t, c)
	if opened := runningAt(base); opened.Kafka != nil || opened.Registry != "" || opened.Search != "" {
		t.Errorf("nobody has asked, and there are %+v", opened)
	}
	seeds, err := c.KafkaBrokers()
	if err != nil {
		t.Fatal(err)
	}
	registry, err := c.SchemaRegistry()
	if err != nil {
		t.Fatal(err)
	}
	search, err := c.OpenSearch()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(brokersVar, strings.Join(seeds, ","))
	t.Setenv(registryVar, registry)
	t.Setenv(searchVar, search)
	if found, err := brokersOf(base)(); err != nil || !slices.Equal(found.Seeds, seeds) || found.User != "test" || found.Password != "test" {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err := registryOf(base)(); err != nil || found.URL != registry || found.User != "test" {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err := searchOf(base)(); err != nil || found.URL != search || !found.Signed {
		t.Errorf("%+v, %v", found, err)
	}
	t.Setenv(brokersVar, "elsewhere:1, "+strings.Replace(seeds[1], "127.0.0.1", "localhost", 1))
	t.Setenv(searchVar, strings.Replace(search, "127.0.0.1", "localhost", 1)+"/")
	if found, err := brokersOf(base)(); err != nil || found.User != "test" || !strings.HasPrefix(found.Seeds[1], "localhost:") {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err := searchOf(base)(); err != nil || !found.Signed {
		t.Errorf("%+v, %v", found, err)
	}
	t.Setenv(userVar, "me")
	t.Setenv(registryUserVar, "me")
	t.Setenv(searchUserVar, "me")
	kafka, _ := brokersOf(base)()
	schemas, _ := registryOf(base)()
	documents, _ := searchOf(base)()
	if kafka.User != "me" || schemas.User != "me" || documents.User != "me" || documents.Signed {
		t.Errorf("another user is not asked: %+v, %+v, %+v", kafka, schemas, documents)
	}
}
