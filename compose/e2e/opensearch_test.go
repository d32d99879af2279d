//go:build e2e

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/weirstream/weir/compose"
	"github.com/weirstream/weir/platform/cloud/opensearch/conformance"
)

// searcher is a real OpenSearch of one node, without passwords.
type searcher struct {
	testcontainers.Container
	url string
}

func startOpenSearch(t *testing.T) searcher {
	t.Helper()
	needsEngine(t)
	port := freePort(t)
	began := time.Now()
	c, err := testcontainers.Run(
		t.Context(), compose.OpenSearch().Name(),
		testcontainers.WithExposedPorts("9200/tcp"),
		published(map[string]string{"9200/tcp": port}),
		testcontainers.WithHostConfigModifier(func(hc *container.HostConfig) { hc.Memory = 1500 << 20 }),
		testcontainers.WithEnv(map[string]string{
			"discovery.type":              "single-node",
			"DISABLE_SECURITY_PLUGIN":     "true",
			"DISABLE_INSTALL_DEMO_CONFIG": "true",
			"OPENSEARCH_JAVA_OPTS":        "-Xms512m -Xmx512m",
			// A test's megabytes need no tenth of the disk to be free.
			"cluster.routing.allocation.disk.threshold_enabled": "false",
		}),
		testcontainers.WithWaitStrategyAndDeadline(3*time.Minute, wait.ForHTTP("/_cluster/health?wait_for_status=yellow").WithPort("9200/tcp")),
	)
	testcontainers.CleanupContainer(t, c, testcontainers.StopTimeout(0))
	if err != nil {
		t.Fatalf("start OpenSearch: %v", err)
	}
	t.Logf("%s answers %d ms after its start was asked for", compose.OpenSearch().Name(), time.Since(began).Milliseconds())
	return searcher{c, "http://127.0.0.1:" + port}
}

// TestOpenSearchConformance holds what weir's own service is judged by against
// OpenSearch.
func TestOpenSearchConformance(t *testing.T) {
	s := startOpenSearch(t)
	conformance.Run(t, conformance.Target{URL: s.url, Client: http.DefaultClient})
}
