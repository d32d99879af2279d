package scenario_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
)

// diary notes what happens to services, in order.
type diary struct {
	mu      sync.Mutex
	entries []string
}

func (d *diary) note(entry string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = append(d.entries, entry)
}

// service takes a second to become ready and as long to stop.
func (d *diary) service(name string) scenario.Service {
	return scenario.Service{
		Name: name,
		Run: func(ctx context.Context) error {
			d.note(name + " runs")
			<-ctx.Done()
			time.Sleep(time.Second)
			d.note(name + " stopped")
			return nil
		},
		Ready: func(context.Context) error {
			time.Sleep(time.Second)
			d.note(name + " ready")
			return nil
		},
	}
}

func serve(ctx context.Context, list []scenario.Service, ready func()) error {
	return scenario.Serve(ctx, toy{drainMax: time.Minute}, scenario.Env{Wall: clock.Wall{}, Log: slog.New(slog.DiscardHandler)}, list, ready)
}

// Who starts services before what they need hears why nothing goes on.
func TestServiceThatIsLongNotReadyIsNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		env := scenario.Env{Wall: clock.Wall{}, Log: slog.New(slog.NewTextHandler(&out, nil))}
		var d diary
		slow := d.service("slow")
		slow.Ready = func(context.Context) error { time.Sleep(time.Minute); return nil }
		ctx, cancel := context.WithCancel(t.Context())
		if err := scenario.Serve(ctx, toy{drainMax: time.Minute}, env, []scenario.Service{d.service("quick"), slow}, cancel); err != nil {
			t.Fatal(err)
		}
		if said := out.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "not ready yet") || !strings.Contains(said, "service=slow") {
			t.Errorf("said %q", said)
		}
	})
}

// Draining follows the data only if what is downstream starts first and stops last.
func TestServicesStartDownstreamFirstAndStopUpstreamFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d diary
		ctx, cancel := context.WithCancel(t.Context())
		list := []scenario.Service{d.service("sink"), d.service("source")}
		if err := serve(ctx, list, func() { d.note("ready"); cancel() }); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"sink runs", "sink ready", "source runs", "source ready", "ready",
			"source stopped", "sink stopped",
		}
		if !slices.Equal(d.entries, want) {
			t.Errorf("got %q, want %q", d.entries, want)
		}
	})
}

func TestServeEndsWithTheServiceThatFails(t *testing.T) {
	t.Parallel()
	fails := func(context.Context) error { return errors.New("boom") }
	panics := func(context.Context) error { panic("ouch") }
	for _, test := range []struct {
		name   string
		broken scenario.Service
		want   string
	}{
		{"run fails", scenario.Service{Name: "source", Run: fails}, "service source: boom"},
		{"run panics", scenario.Service{Name: "source", Run: panics}, "service source panicked: ouch"},
		{"never ready", scenario.Service{Name: "source", Run: func(ctx context.Context) error { <-ctx.Done(); return nil }, Ready: fails}, "service source becoming ready: boom"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var d diary
				err := serve(t.Context(), []scenario.Service{d.service("sink"), test.broken}, func() {})
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				if last := d.entries[len(d.entries)-1]; last != "sink stopped" {
					t.Errorf("the other service was not stopped: %q", d.entries)
				}
			})
		})
	}
}

// Ctrl-C before all services are ready is a clean stop of those that run.
func TestServeStoppedWhileItStarts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d diary
		never := scenario.Service{
			Name:  "source",
			Run:   func(ctx context.Context) error { <-ctx.Done(); return nil },
			Ready: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := serve(ctx, []scenario.Service{d.service("sink"), never}, func() { t.Error("called ready") }); err != nil {
			t.Error(err)
		}
		if want := []string{"sink runs", "sink ready", "sink stopped"}; !slices.Equal(d.entries, want) {
			t.Errorf("got %q, want %q", d.entries, want)
		}
	})
}
