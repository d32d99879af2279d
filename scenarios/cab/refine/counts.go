package refine

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// counts are of the records that the stage has judged since New, for Prometheus;
// what was judged again after an abort counts again.
type counts struct {
	verdicts [Outdated + 1]atomic.Int64 // by Verdict
	dead     atomic.Int64
}

// names are what a Verdict is called where it is counted.
func names() [Outdated + 1]string {
	return [...]string{Accepted: "accepted", Duplicate: "duplicate", Late: "late", Outdated: "outdated"}
}

func readingsDesc() *prometheus.Desc {
	return prometheus.NewDesc("weir_refine_readings_total", "Readings by what became of them: accepted, duplicate, late, or outdated, of a run that another one has followed.", []string{"verdict"}, nil)
}

func deadDesc() *prometheus.Desc {
	return prometheus.NewDesc("weir_refine_dead_letters_total", "Records that could not be read, or are no valid reading.", nil, nil)
}

// Describe implements prometheus.Collector.
func (s *Stage) Describe(descs chan<- *prometheus.Desc) {
	descs <- readingsDesc()
	descs <- deadDesc()
}

// Collect implements prometheus.Collector. It shows nothing before the stage has
// had a partition: it may be another process that runs it.
func (s *Stage) Collect(metrics chan<- prometheus.Metric) {
	if s.Stats().Restores == 0 {
		return
	}
	for verdict := Accepted; verdict <= Outdated; verdict++ {
		n := float64(s.counts.verdicts[verdict].Load())
		metrics <- prometheus.MustNewConstMetric(readingsDesc(), prometheus.CounterValue, n, names()[verdict])
	}
	metrics <- prometheus.MustNewConstMetric(deadDesc(), prometheus.CounterValue, float64(s.counts.dead.Load()))
}
