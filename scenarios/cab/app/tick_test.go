package app

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

func TestSamplesTellRates(t *testing.T) {
	t.Parallel()
	a := &App{env: scenario.Env{Wall: clock.Wall{}, Log: slog.New(slog.DiscardHandler)}, cfg: Config{Stages: []Stage{{Name: "s", Group: "g"}}}}
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	look := func(seconds float64, end, done int64, lags ...kafka.Lag) kafka.GroupLook {
		return kafka.GroupLook{
			At: start.Add(time.Duration(seconds * float64(time.Second))), Ends: map[string]int64{event.TelemetryTopic: end},
			Groups: []kafka.GroupStatus{{Group: "g", State: "Stable", Members: 1, Lags: lags, Done: map[string]int64{"a": done, "b": 2 * done}}},
		}
	}
	failed := look(2, 140, 70)
	failed.Err = errors.New("no broker")
	lags := []kafka.Lag{{Records: 3, Time: time.Second}, {Records: 4, Time: 5 * time.Second}}
	for _, test := range []struct {
		name         string
		look, before kafka.GroupLook
		hub, rate    float64
		records      int64
		seconds      float64
		blind        bool
	}{
		{"first", look(0, 100, 50, lags...), kafka.GroupLook{}, 0, 0, 7, 5, false},
		{"moving", look(2, 140, 70, lags...), look(0, 100, 50), 20, 30, 7, 5, false},
		{"at rest", look(2, 100, 50), look(0, 100, 50), 0, 0, 0, 0, false},
		{"topics made anew", look(2, 1, 0), look(0, 100, 50), 0, 0, 0, 0, false},
		{"blind", failed, look(0, 100, 50), 20, 30, 0, 0, true},
		{"group not there", kafka.GroupLook{At: start}, look(-1, 0, 0), 0, 0, 0, 0, false},
	} {
		s := a.sample(test.look, test.before)
		if len(s.Stages) != 1 || s.Hub != test.hub || s.Stages[0].Rate != test.rate || s.Stages[0].Records != test.records ||
			s.Stages[0].Seconds != test.seconds || (s.Blind != "") != test.blind {
			t.Errorf("%s: %+v, want %+v", test.name, s, test)
		}
	}
}

// JSON has no such number, and one window must not hide all the others.
func TestWindowThatIsNoNumberHidesNoOther(t *testing.T) {
	t.Parallel()
	a := &App{log: slog.New(slog.DiscardHandler)}
	s := newStore("r")
	for i, sum := range []float64{math.NaN(), 30, math.Inf(1)} {
		m := event.Metrics{RunID: "r", Zone: event.ZoneName(0, i), Events: 1, SpeedSumKmh: sum, SpeedCount: 1, Revision: 1}
		s.window(m, time.Time{})
	}
	for _, n := range []news{s.tick(sample{}), s.all()} {
		var told struct{ Cells []cell }
		if err := json.Unmarshal(a.encode(n), &told); err != nil || len(told.Cells) != 1 || told.Cells[0][9] != 30 {
			t.Errorf("told %s, %v", a.encode(n), err)
		}
	}
}
