package measure

import (
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// standing is how the stage's windows stand, for Prometheus. Counts are of what
// was handled, what was handled again after an abort included.
type standing struct {
	results, misplaced, dead atomic.Int64
	parts                    sync.Map // *part by partition
}

// part is one partition's windows after its last batch.
type part struct{ watermark, open atomic.Int64 }

// note tells how a partition stands.
func (s *standing) note(partition int32, p *Partition, misplacedBefore int64) {
	s.misplaced.Add(p.misplaced - misplacedBefore)
	found, ok := s.parts.Load(partition)
	if !ok {
		found, _ = s.parts.LoadOrStore(partition, &part{})
	}
	now := found.(*part)
	now.watermark.Store(p.windows.Watermark())
	now.open.Store(int64(p.windows.Cells()))
}

// The metrics of a stage.
func resultsDesc() *prometheus.Desc {
	return prometheus.NewDesc("weir_window_results_total", "Windows given.", []string{"stage"}, nil)
}

func misplacedDesc() *prometheus.Desc {
	return prometheus.NewDesc("weir_window_misplaced_total", "Events behind the watermark of their source; there are none unless a stage before is at fault.", []string{"stage"}, nil)
}

func deadDesc() *prometheus.Desc {
	return prometheus.NewDesc("weir_window_dead_letters_total", "Records that could not be read.", []string{"stage"}, nil)
}

func watermarkDesc() *prometheus.Desc {
	return prometheus.NewDesc("weir_window_watermark_timestamp_seconds", "Event time up to which a partition's windows are given.", []string{"stage", "partition"}, nil)
}

func openDesc() *prometheus.Desc {
	return prometheus.NewDesc("weir_window_open", "Windows of a partition that are not given yet.", []string{"stage", "partition"}, nil)
}

// stageName is the label of what a Stage measures.
const stageName = "measure"

// Describe implements prometheus.Collector.
func (s *Stage) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{resultsDesc(), misplacedDesc(), deadDesc(), watermarkDesc(), openDesc()} {
		descs <- d
	}
}

// Collect implements prometheus.Collector. It shows the partitions that the stage
// has now, and nothing before it has any: it may be another process that runs it.
func (s *Stage) Collect(metrics chan<- prometheus.Metric) {
	lags := s.Lags()
	if len(lags) == 0 && s.Stats().Restores == 0 {
		return
	}
	count := func(d *prometheus.Desc, n int64) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), stageName)
	}
	count(resultsDesc(), s.standing.results.Load())
	count(misplacedDesc(), s.standing.misplaced.Load())
	count(deadDesc(), s.standing.dead.Load())
	for _, lag := range lags {
		found, ok := s.standing.parts.Load(lag.Partition)
		if !ok {
			continue // nothing has come yet
		}
		now, partition := found.(*part), strconv.Itoa(int(lag.Partition))
		metrics <- prometheus.MustNewConstMetric(openDesc(), prometheus.GaugeValue, float64(now.open.Load()), stageName, partition)
		if at := event.Millis(now.watermark.Load()); at > 0 { // before, there is none
			metrics <- prometheus.MustNewConstMetric(watermarkDesc(), prometheus.GaugeValue, float64(at)/1000, stageName, partition)
		}
	}
}
