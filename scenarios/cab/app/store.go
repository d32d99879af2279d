package app

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// What is kept.
const (
	minutesMax = 60  // of the city's time
	samplesMax = 300 // of lags
	lettersMax = 200
	alertsMax  = 100
	runsMax    = 16 // known at once
)

// store is what the page shows. It is safe for concurrent use.
type store struct {
	mu      sync.Mutex
	only    string // the run to show; "" is the one that began last
	run     string
	began   map[string]time.Time                      // of runs, by their first record
	minutes map[event.Millis]map[string]event.Metrics // by window start and zone
	changed []event.Metrics                           // since the last tick
	samples []sample
	letters []letter // the newest last
	fresh   int      // of them, those since the last tick
	lost    int64    // letters that are no longer kept
	alerts  alerts
}

func newStore(run string) *store {
	return &store{
		only: run, run: run, began: map[string]time.Time{}, minutes: map[event.Millis]map[string]event.Metrics{},
	}
}

// window takes what measure says about a zone and minute, and tells whether the
// page now shows another run than before.
func (s *store) window(m event.Metrics, written time.Time) (turned bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.RunID != s.run {
		if !s.newer(m.RunID, written) {
			return false
		}
		s.run, turned = m.RunID, true
		clear(s.minutes)
		s.changed = nil
	}
	zones := s.minutes[m.WindowStart]
	if zones == nil {
		if len(s.minutes) >= minutesMax {
			oldest := slices.Min(slices.Collect(maps.Keys(s.minutes)))
			if m.WindowStart < oldest {
				return turned
			}
			delete(s.minutes, oldest)
		}
		zones = map[string]event.Metrics{}
		s.minutes[m.WindowStart] = zones
	}
	if before, ok := zones[m.Zone]; ok && before.Revision >= m.Revision || !ok && len(zones) >= event.ZoneRows*event.ZoneColumns {
		return turned
	}
	zones[m.Zone] = m
	s.changed = append(s.changed, m)
	return turned
}

// newer tells whether a run began after the one that is shown.
func (s *store) newer(run string, written time.Time) bool {
	if s.only != "" {
		return false
	}
	began, known := s.began[run]
	if !known || written.Before(began) {
		if !known && len(s.began) >= runsMax {
			maps.DeleteFunc(s.began, func(r string, _ time.Time) bool { return r != s.run })
		}
		s.began[run], began = written, written
	}
	return s.run == "" || began.After(s.began[s.run])
}

// letter takes a dead letter.
func (s *store) letter(l letter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.letters) == lettersMax {
		s.letters = slices.Delete(s.letters, 0, 1)
		s.lost++
		s.fresh = min(s.fresh, lettersMax-1)
	}
	s.letters = append(s.letters, l)
	s.fresh++
}

// find is the dead letter of an id.
func (s *store) find(id string) (letter, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.letters, func(l letter) bool { return l.ID == id })
	if i < 0 {
		return letter{}, false
	}
	return s.letters[i], true
}

// tick adds a sample and takes what is new since the last one.
func (s *store) tick(sam sample) news {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.samples) == samplesMax {
		s.samples = slices.Delete(s.samples, 0, 1)
	}
	s.samples = append(s.samples, sam)
	n := news{
		Run: s.run, Samples: []sample{sam}, Cells: cells(s.changed),
		Letters: slices.Clone(s.letters[len(s.letters)-s.fresh:]), LettersLost: s.lost,
	}
	if s.alerts.changed {
		n.Alerts = &s.alerts.list
		s.alerts.changed = false
	}
	s.changed, s.fresh = nil, 0
	return n
}

// all is the whole state, as of the last tick.
func (s *store) all() news {
	s.mu.Lock()
	defer s.mu.Unlock()
	var windows []event.Metrics
	for _, zones := range s.minutes {
		windows = slices.AppendSeq(windows, maps.Values(zones))
	}
	slices.SortFunc(windows, func(a, b event.Metrics) int {
		return cmp.Or(cmp.Compare(a.WindowStart, b.WindowStart), cmp.Compare(a.Zone, b.Zone))
	})
	list := s.alerts.list
	return news{
		Run: s.run, Whole: true, Samples: slices.Clone(s.samples), Cells: cells(windows),
		Letters: slices.Clone(s.letters), LettersLost: s.lost, Alerts: &list,
	}
}
