package index

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// count is one of what the stage has counted since New.
type count struct {
	desc   *prometheus.Desc
	of     *atomic.Int64
	labels []string
}

func (s *Stage) counts() []count {
	documents := prometheus.NewDesc("weir_index_documents_total", "Documents by what became of them: written, outdated, there in the same or a higher version, or refused for good.", []string{"outcome"}, nil)
	one := func(name, help string, of *atomic.Int64) count {
		return count{prometheus.NewDesc("weir_index_"+name, help, nil, nil), of, nil}
	}
	did := new(bulkStats) // of a Stage that New did not make, and that is only described
	if s.bulk != nil {
		did = &s.bulk.stats
	}
	return []count{
		{documents, &did.written, []string{"written"}},
		{documents, &did.outdated, []string{"outdated"}},
		{documents, &did.refused, []string{"refused"}},
		one("retried_documents_total", "Documents that were not taken and sent again.", &did.retried),
		one("requests_total", "Bulk requests.", &did.requests),
		one("request_bytes_total", "Bytes of their bodies.", &did.bytesSent),
		one("dead_letters_total", "Records that could not be read, or whose document was refused for good.", &s.dead),
	}
}

// Describe implements prometheus.Collector.
func (s *Stage) Describe(descs chan<- *prometheus.Desc) {
	var last *prometheus.Desc
	for _, c := range s.counts() {
		if c.desc != last {
			descs <- c.desc
		}
		last = c.desc
	}
}

// Collect implements prometheus.Collector. It shows nothing before the stage has
// had its partitions: it may be another process that runs it.
func (s *Stage) Collect(metrics chan<- prometheus.Metric) {
	select {
	case <-s.Ready():
	default:
		return
	}
	for _, c := range s.counts() {
		metrics <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(c.of.Load()), c.labels...)
	}
}
