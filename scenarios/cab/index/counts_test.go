package index

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirstream/weir/platform/observe/observetest"
)

// scraped are the stage's counts.
func scraped(t *testing.T, s *Stage) map[string]float64 {
	t.Helper()
	metrics := prometheus.NewPedanticRegistry()
	if err := metrics.Register(s); err != nil {
		t.Fatal(err)
	}
	return observetest.Scrape(t, metrics)
}

const deadLetters = "weir_index_dead_letters_total"

func documents(outcome string) string {
	return fmt.Sprintf("weir_index_documents_total{outcome=%q}", outcome)
}
