package cab

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/scenarios/cab/index"
	"github.com/weirstream/weir/scenarios/cab/measure"
	"github.com/weirstream/weir/scenarios/cab/refine"
)

// described are the labels of all metrics that a process of the scenario may
// show, by name.
func described() map[string][]string {
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		for _, c := range []prometheus.Collector{
			kafka.NewCollector(kafka.NewMeter(clock.Wall{})), kafka.NewGroupCollector(nil), new(refine.Stage), new(measure.Stage), new(index.Stage),
			collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		} {
			c.Describe(descs)
		}
	}()
	parts := regexp.MustCompile(`fqName: "([^"]*)".*variableLabels: \[([^\]]*)\]`)
	all := map[string][]string{}
	for d := range descs {
		if m := parts.FindStringSubmatch(d.String()); m != nil {
			all[m[1]] = strings.Fields(strings.NewReplacer("{", "", "<nil>", "", "}", "").Replace(m[2]))
		}
	}
	return all
}

// docs/metrics.md tells all metrics, and no other.
func TestMetricsAreTold(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	known, told := described(), map[string]bool{}
	for _, name := range regexp.MustCompile(`\b(?:weir|kafka)_\w+`).FindAllString(string(text), -1) {
		told[name] = true
		if _, ok := known[name]; !ok {
			t.Errorf("%s is told, and is not there", name)
		}
	}
	for name := range known {
		if !told[name] && !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			t.Errorf("%s is not told", name)
		}
	}
}

// The Grafana dashboard in compose asks for metrics and labels that there are.
func TestGrafanaAsksForWhatThereIs(t *testing.T) {
	t.Parallel()
	known := described()
	if len(known["weir_window_open"]) != 2 {
		t.Fatalf("the test is blind: %q", known)
	}
	text, err := os.ReadFile("../../compose/grafana/dashboards/cab.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		UID    string
		Panels []struct {
			ID         int
			Title      string
			Datasource struct{ UID string }
			GridPos    struct{ X, Y, W, H int }
			Targets    []struct{ RefID, Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../compose/grafana/provisioning/datasources/prometheus.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var ids []int
	for _, p := range dashboard.Panels {
		if slices.Contains(ids, p.ID) || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %s: its number is taken, it asks for nothing, or it is too wide", p.ID, p.Title)
		}
		ids = append(ids, p.ID)
		if !strings.Contains(string(source), "uid: "+p.Datasource.UID+"\n") {
			t.Errorf("panel %s: no data source %q is provisioned", p.Title, p.Datasource.UID)
		}
		for _, target := range p.Targets {
			checkQuery(t, known, target.Expr, target.LegendFormat)
		}
	}
	if len(ids) == 0 {
		t.Error("no panels")
	}
}

// checkQuery looks a query's metric and labels up. Each has one metric.
func checkQuery(t *testing.T, known map[string][]string, query, legend string) {
	t.Helper()
	names := regexp.MustCompile(`\b(?:weir|kafka|process|go)_\w+`).FindAllString(query, -1)
	if len(names) != 1 {
		t.Errorf("%s: want one metric of a known family", query)
		return
	}
	labels, ok := known[names[0]]
	if !ok {
		t.Errorf("%s: there is no such metric", query)
	}
	if counts, rates := strings.HasSuffix(names[0], "_total"), strings.Contains(query, "rate("); counts != rates {
		t.Errorf("%s: the rate of a counter and of nothing else", query)
	}
	var asked []string
	for _, pattern := range []string{`(\w+)=~?"`, `by \((\w+)\)`} {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(query, -1) {
			asked = append(asked, m[1])
		}
	}
	grouped := regexp.MustCompile(`by \(([^)]*)\)`).FindStringSubmatch(query)
	for _, m := range regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(legend, -1) {
		if grouped == nil || grouped[1] != m[1] {
			t.Errorf("%s: the legend shows %s", query, m[1])
		}
	}
	for _, label := range asked {
		if !slices.Contains(labels, label) {
			t.Errorf("%s: it has labels %q, not %s", query, labels, label)
		}
	}
}
