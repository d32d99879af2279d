// Package observetest looks at metrics as Prometheus does, for tests.
package observetest

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// Scrape gives the values of counters and gauges by series, such as
// weir_index_documents_total{outcome="written"}, labels in the order of their
// names. It reads Prometheus' text format over HTTP and has its linter look at
// all but MSK's metrics, whose names are as they are.
func Scrape(t testing.TB, metrics prometheus.Gatherer) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	each(t, metrics, func(name string, m *dto.Metric) {
		labels := make([]string, 0, len(m.Label))
		for _, l := range m.Label {
			labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
		}
		if slices.Sort(labels); len(labels) > 0 {
			name += "{" + strings.Join(labels, ",") + "}"
		}
		values[name] = value(m)
	})
	return values
}

// Sums is Scrape with each metric's series added up under its name.
func Sums(t testing.TB, metrics prometheus.Gatherer) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	each(t, metrics, func(name string, m *dto.Metric) { values[name] += value(m) })
	return values
}

func value(m *dto.Metric) float64 { return m.GetGauge().GetValue() + m.GetCounter().GetValue() }

func each(t testing.TB, metrics prometheus.Gatherer, do func(name string, m *dto.Metric)) {
	t.Helper()
	reply := httptest.NewRecorder()
	promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}).ServeHTTP(reply, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	text := reply.Body.String()
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if !strings.HasPrefix(p.Metric, "kafka_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	for _, name := range slices.Sorted(maps.Keys(families)) {
		for _, m := range families[name].Metric {
			do(name, m)
		}
	}
}
