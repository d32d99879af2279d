package opensearch_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/weirstream/weir/platform/cloud/opensearch"
	"github.com/weirstream/weir/platform/cloud/opensearch/conformance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestConformance runs the suite on the embedded service or, when
// WEIR_OPENSEARCH_ENDPOINT is set, on the engine there.
func TestConformance(t *testing.T) {
	t.Parallel()
	// No connection is kept, so none is left to be taken for a leak.
	target := conformance.Target{Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	target.URL = os.Getenv("WEIR_OPENSEARCH_ENDPOINT")
	target.User, target.Password = os.Getenv("WEIR_OPENSEARCH_USER"), os.Getenv("WEIR_OPENSEARCH_PASSWORD")
	if target.URL == "" {
		target.URL = served(t, opensearch.Config{})
	}
	conformance.Run(t, target)
}

// served serves a service until the test ends.
func served(t testing.TB, cfg opensearch.Config) string {
	t.Helper()
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := opensearch.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	url, err := s.URL()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return url
}
