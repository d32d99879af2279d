package main

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
)

func TestInjectorDisturbsTheNeighbours(t *testing.T) {
	t.Parallel()
	c, err := cloud.New(cloud.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	defer func() { cancel(); <-done }()
	j := &injector{cloud: c, wall: clock.Wall{}}
	fault := func(kind chaos.Kind, on chaos.TargetKind, name string) chaos.Planned {
		return chaos.Planned{Fault: chaos.Fault{Kind: kind, Rate: 1}, On: chaos.Target{Name: name, Kind: on}, For: time.Minute, Seed: 2}
	}
	t.Run("two of three brokers can go", func(t *testing.T) {
		lose := fault(chaos.Lose, chaos.Broker, "broker")
		count := func() int { list, _ := c.KafkaBrokers(); return len(list) }
		var undo []func()
		for left := 2; left > 0; left-- {
			back, err := j.Disturb(lose)
			if err != nil || count() != left {
				t.Fatalf("%v, %d brokers, want %d", err, count(), left)
			}
			undo = append(undo, back)
		}
		if _, err := j.Disturb(lose); !errors.Is(err, chaos.ErrNotNow) {
			t.Errorf("a third broker: %v", err)
		}
		for _, back := range undo {
			back()
		}
		if count() != 3 {
			t.Errorf("%d brokers are back", count())
		}
	})
	t.Run("a group without members is waited for", func(t *testing.T) {
		if _, err := j.Disturb(fault(chaos.Rebalance, chaos.Group, "nobody")); !errors.Is(err, chaos.ErrNotNow) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("what cannot be is refused", func(t *testing.T) {
		for _, f := range []chaos.Planned{
			fault(chaos.Split, chaos.Topic, "t"), fault(chaos.Delay, chaos.Registry, "r"), fault(chaos.Kill, chaos.Index, "i"),
		} {
			if _, err := j.Disturb(f); !errors.Is(err, chaos.ErrUnsupported) {
				t.Errorf("%s of a %s: %v", f.Kind, f.On.Kind, err)
			}
		}
	})
	t.Run("registry and OpenSearch go and come back", func(t *testing.T) {
		for kind, url := range map[chaos.TargetKind]func() (string, error){chaos.Registry: c.SchemaRegistry, chaos.Index: c.OpenSearch} {
			at, err := url()
			if err != nil {
				t.Fatal(err)
			}
			there := func() bool {
				reply, err := http.Get(at)
				if err == nil {
					reply.Body.Close()
				}
				return err == nil
			}
			undo, err := j.Disturb(fault(chaos.Lose, kind, "it"))
			if err != nil || there() {
				t.Errorf("%s is lost (%v) and answers", kind, err)
			}
			if undo(); !there() {
				t.Errorf("%s does not come back", kind)
			}
		}
	})
	t.Run("OpenSearch is pressed until the last fault has ended", func(t *testing.T) {
		at, err := c.OpenSearch()
		if err != nil {
			t.Fatal(err)
		}
		write := func() int {
			request, _ := http.NewRequestWithContext(ctx, http.MethodPut, at+"/i/_doc/1", http.NoBody)
			request.SetBasicAuth("test", "test")
			reply, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer reply.Body.Close()
			return reply.StatusCode
		}
		part := fault(chaos.Throttle, chaos.Index, "search")
		part.Rate = 0.5
		undoPart, err := j.Disturb(part)
		if err != nil {
			t.Fatal(err)
		}
		undoAll, err := j.Disturb(fault(chaos.Throttle, chaos.Index, "search"))
		if err != nil {
			t.Fatal(err)
		}
		undoPart()
		if got := write(); got != http.StatusTooManyRequests {
			t.Errorf("under pressure: %d", got)
		}
		if undoAll(); write() == http.StatusTooManyRequests {
			t.Error("the pressure does not end")
		}
	})
}
