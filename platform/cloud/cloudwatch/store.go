package cloudwatch

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// What the store holds at most; about 50 MB.
const (
	metricsMax = 10_000
	cellsMax   = 1_000_000 // see distribution.cells
	// keepFor is how long after its last write a data point is kept.
	keepFor = 6 * time.Hour
	// fineFor is how long data of high resolution is told apart by seconds.
	fineFor = 3 * time.Hour
)

// series is everything known of one metric.
type series struct {
	key     string // Metric.key
	number  uint64 // on disk
	metric  Metric
	points  map[pointKey]*point
	written time.Time
}

// pointKey is a bucket of time: one second for high resolution, else a minute.
type pointKey struct {
	unit  string
	start int64 // Unix seconds
	fine  bool
}

type point struct {
	distribution
	written time.Time
}

// metricStore keeps metrics in memory and, with data, on disk. It is safe for concurrent use.
type metricStore struct {
	data *store.Data

	mu     sync.Mutex
	series map[string]*series
	cells  int
	swept  time.Time
	number uint64 // of the last metric

	touched touched
}

// measurement is a checked datum on its way into the store.
type measurement struct {
	metric Metric
	unit   string
	at     time.Time
	fine   bool
	values distribution
}

func (m *measurement) key() pointKey {
	width := int64(60)
	if m.fine {
		width = 1
	}
	return pointKey{unit: m.unit, start: floor(m.at.Unix(), width), fine: m.fine}
}

func floor(seconds, width int64) int64 {
	rest := seconds % width
	if rest < 0 {
		rest += width
	}
	return seconds - rest
}

// put takes all of list or, if the store would grow too large, nothing.
func (s *metricStore) put(now time.Time, list []measurement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.keep()
	if now.Sub(s.swept) > time.Minute || s.full(list) {
		s.sweep(now)
	}
	if s.full(list) {
		return limitExceeded()
	}
	for i := range list {
		m := &list[i]
		key := m.metric.key()
		in := s.series[key]
		if in == nil {
			s.number++
			in = &series{key: key, number: s.number, metric: m.metric, points: make(map[pointKey]*point)}
			s.series[key] = in
			s.touchMetric(in)
		}
		in.written = now
		if m.values.count > 0 { // counts of zero make a metric known, and no data
			s.add(in, m.key(), now, &m.values)
		} else {
			s.touchMetric(in)
		}
	}
	return nil
}

// add merges values into the point at a key.
func (s *metricStore) add(in *series, at pointKey, now time.Time, values *distribution) {
	p := in.points[at]
	if p == nil {
		p = &point{}
		in.points[at] = p
	} else {
		s.cells -= p.cells()
	}
	p.addAll(values)
	p.written = now
	s.cells += p.cells()
	s.touchPoint(in, at)
}

// full reports whether list could go beyond the limits.
func (s *metricStore) full(list []measurement) bool {
	cells, fresh := s.cells, make(map[string]bool)
	for i := range list {
		cells += list[i].values.cells()
		if key := list[i].metric.key(); s.series[key] == nil {
			fresh[key] = true
		}
	}
	return cells > cellsMax || len(s.series)+len(fresh) > metricsMax
}

// sweep forgets what was not written to for keepFor, and rolls seconds that are
// older than fineFor up into their minutes.
func (s *metricStore) sweep(now time.Time) {
	s.swept = now
	for key, in := range s.series {
		for at, p := range in.points {
			forgotten := now.Sub(p.written) > keepFor
			if !forgotten && !tooFine(now, at) {
				continue
			}
			s.cells -= p.cells()
			delete(in.points, at)
			s.touchPoint(in, at)
			if !forgotten {
				s.add(in, pointKey{unit: at.unit, start: floor(at.start, 60)}, p.written, &p.distribution)
			}
		}
		if len(in.points) == 0 && now.Sub(in.written) > keepFor {
			delete(s.series, key)
			s.touchMetric(in)
		}
	}
}

// tooFine reports whether a point is of seconds that are no longer told apart.
func tooFine(now time.Time, at pointKey) bool {
	return at.fine && now.Sub(time.Unix(at.start, 0)) > fineFor
}

// statistics is one period of one metric.
type statistics struct {
	start int64
	unit  string
	distribution
}

// span is the time that is asked for, [from, to), and how it is divided.
type span struct {
	from, to      time.Time
	periodSeconds int64
}

// has reports whether a point belongs to the span. Periods of less than a minute
// have no points from before fineFor, as on AWS.
func (s span) has(now time.Time, at pointKey) bool {
	start := time.Unix(at.start, 0)
	return at.start >= floor(s.from.Unix(), s.periodSeconds) && start.Before(s.to) &&
		(s.periodSeconds >= 60 || now.Sub(start) <= fineFor)
}

// read sums a metric up by periods, oldest first. An empty unit means all
// units, together or apart.
func (s *metricStore) read(now time.Time, m Metric, unit string, when span, apart bool) []statistics {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.series[m.key()]
	if in == nil {
		return nil
	}
	type slot struct {
		unit  string
		start int64
	}
	sums := make(map[slot]*distribution)
	for at, p := range in.points {
		if !when.has(now, at) || unit != "" && at.unit != unit {
			continue
		}
		to := slot{start: floor(at.start, when.periodSeconds)}
		if apart {
			to.unit = at.unit
		}
		if sums[to] == nil {
			sums[to] = &distribution{}
		}
		sums[to].addAll(&p.distribution)
	}
	list := make([]statistics, 0, len(sums))
	for at, d := range sums {
		list = append(list, statistics{at.start, at.unit, *d})
	}
	slices.SortFunc(list, func(a, b statistics) int {
		if a.start != b.start {
			return int(a.start - b.start)
		}
		return strings.Compare(a.unit, b.unit)
	})
	return list
}

// list returns the metrics that want accepts, after the key given, by key.
func (s *metricStore) list(after string, most int, want func(Metric, time.Time) bool) (found []Metric, last string, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []string
	for key, in := range s.series {
		if key > after && want(in.metric, in.written) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if more = len(keys) > most; more {
		keys = keys[:most]
	}
	for _, key := range keys {
		found = append(found, s.series[key].metric)
		last = key
	}
	return found, last, more
}

func limitExceeded() error {
	return &wire.Error{
		Code: "LimitExceededFault", QueryCode: "LimitExceeded",
		Message: "The embedded cloud keeps at most 10,000 metrics and about a million data points for six hours, and would exceed that.",
	}
}
