package cloud

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weirstream/weir/platform/cloud/wire"
)

func TestMain(m *testing.M) {
	if os.Getenv(handlerVariable) != "" {
		runHandler()
		return
	}
	goleak.VerifyTestMain(m)
}

// runCloud serves a Cloud until the test ends and fails it if Run does not end cleanly.
func runCloud(t *testing.T, cfg Config, extra ...wire.Service) *Cloud {
	t.Helper()
	c, _ := runStoppable(t, cfg, extra...)
	return c
}

// runStoppable is runCloud with a way to end Run's context earlier.
func runStoppable(t *testing.T, cfg Config, extra ...wire.Service) (c *Cloud, stop context.CancelFunc) {
	t.Helper()
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.services = append(c.services, extra...)
	if err := c.route(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("Run did not end")
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return c, cancel
}

type echoInput struct {
	Name  string
	Count int
	Fail  string
}

type echoOutput struct{ Greeting string }

func (in *echoInput) Validate() error {
	var v wire.Violations
	if in.Name == "" {
		v.Null("name")
	}
	return v.Err()
}

// echoService proves the pipeline without any real service.
func echoService() wire.Service {
	return wire.Service{
		SigningName: "echo",
		Protocol:    wire.Protocol{Kind: wire.JSON, TargetPrefix: "Echo_1", JSONVersion: "1.1"},
		Operations: []wire.Operation{
			wire.Op("Greet", nil, func(ctx context.Context, _ *wire.Call, in *echoInput) (*echoOutput, error) {
				switch in.Fail {
				case "panic":
					panic("greeting fell over")
				case "typed":
					return nil, wire.Errorf("NoSuchName", "%s is unknown", in.Name)
				}
				return &echoOutput{Greeting: "hello " + in.Name}, nil
			}),
			wire.Op("Nothing", nil, func(context.Context, *wire.Call, *echoInput) (*echoOutput, error) { return nil, nil }),
		},
	}
}
