package index

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// scraped are the stage's counts by name, those of documents by outcome.
func scraped(t *testing.T, s *Stage) map[string]float64 {
	t.Helper()
	metrics := prometheus.NewPedanticRegistry()
	if err := metrics.Register(s); err != nil {
		t.Fatal(err)
	}
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if problems, err := promlint.NewWithMetricFamilies(families).Lint(); err != nil || len(problems) > 0 {
		t.Fatalf("%+v, %v", problems, err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			name := f.GetName()
			for _, l := range m.Label {
				name = l.GetValue()
			}
			got[name] = m.GetCounter().GetValue()
		}
	}
	return got
}
