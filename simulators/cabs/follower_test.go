package cabs

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// follower checks what the plan promises about one cab.
type follower struct {
	seen    map[uint32]scenario.Planned // accepted in time, by sequence
	missing map[uint32]bool             // refused or late
	highest uint32
	live    time.Duration // of the latest reading sent at once
}

func newFollower() *follower {
	return &follower{seen: map[uint32]scenario.Planned{}, missing: map[uint32]bool{}}
}

func (f *follower) see(p scenario.Planned, start time.Time) string {
	if _, twice := f.seen[p.ID.Seq]; twice || f.missing[p.ID.Seq] {
		return "planned twice"
	}
	f.highest = max(f.highest, p.ID.Seq)
	r, wellFormed := p.Event.(event.Telemetry)
	if !wellFormed {
		f.missing[p.ID.Seq] = true
		return need(p.Labels[event.ExpectLabel] == event.ExpectRefuse, "raw bytes that are not to be refused")
	}
	if r.RunID != "" || r.ID != p.ID.String() || r.Cab != event.CabName(p.ID.Device) {
		return "has another identity"
	}
	r.RunID = "r"
	if err := r.Check(); err != nil {
		return err.Error()
	}
	if want := p.Labels["zone"]; want != "" && event.Zone(r.Lat, r.Lon) != want {
		return "is elsewhere"
	}
	age := start.Add(p.At).Sub(r.EventTime.Time())
	switch p.Labels[event.ExpectLabel] {
	case event.ExpectRefuse:
		f.missing[p.ID.Seq] = true
		return need(-age > event.AheadMax+2*time.Minute, "is nearly in time")
	case event.ExpectLate:
		f.missing[p.ID.Seq] = true
		// Its window is closed by what the same cab sent before it.
		const lateness = 2 * time.Minute // the most a job may allow
		windowEnd := r.EventTime.Minute() + 60_000
		return need(start.Add(f.live-lateness).UnixMilli() > int64(windowEnd) && p.At > 2*time.Minute, "is not late for certain")
	}
	f.seen[p.ID.Seq] = p
	if p.Labels["held"] != "" {
		return need(age <= 16*time.Second && r.Buffered, "is nearly late")
	}
	f.live = p.At
	return need(age >= 0 && age < time.Millisecond && !r.Buffered, "was not taken now")
}

func need(ok bool, otherwise string) string {
	if ok {
		return ""
	}
	return otherwise
}

// conclude walks the cab's readings in order: nothing changes around a gap,
// time does not go back, and the labels are what the readings say.
func (f *follower) conclude() string {
	var (
		before  *event.Telemetry
		streaks [kinds]streak
		calm    int // accepted readings since the last gap
		since   = calmMin
	)
	for seq := uint32(0); seq <= f.highest; seq++ {
		p, ok := f.seen[seq]
		if !ok {
			if since < event.IncidentStreak && f.missing[seq] {
				return fmt.Sprintf("something changes before the gap at %d", seq)
			}
			calm = 0
			continue
		}
		r, _ := p.Event.(event.Telemetry)
		if before != nil && r.EventTime < before.EventTime {
			return fmt.Sprintf("time goes back at %d", seq)
		}
		moved := ""
		if before != nil && before.Hired != r.Hired {
			moved = map[bool]string{true: "in", false: "out"}[r.Hired]
		}
		if p.Labels["passenger"] != moved {
			return fmt.Sprintf("passenger %q is labelled %q at %d", moved, p.Labels["passenger"], seq)
		}
		violations, opened, closed := 0, "", ""
		for k, bad := range [kinds]bool{r.BatteryV < 11.5, r.EngineC > 110, !r.GPSOK, lowTyre(r.TyreKPa)} {
			if bad {
				violations++
			}
			switch streaks[k].count(bad) {
			case opens:
				opened = kind(k).String()
			case closes:
				closed = kind(k).String()
			}
		}
		if opened != p.Labels["opens"] || closed != p.Labels["closes"] {
			return fmt.Sprintf("health at %d is labelled %v", seq, p.Labels)
		}
		calm++
		since++
		if moved != "" || violations > 0 {
			since = 0
			if seq >= calmMin && calm <= event.IncidentStreak && uint32(calm) <= seq && f.gapBefore(seq, calm) {
				return fmt.Sprintf("something changes at %d, %d after a gap", seq, calm)
			}
		}
		before = &r
	}
	return ""
}

// gapBefore tells whether the gap so many readings ago was planned; one that
// the end of the plan left is none.
func (f *follower) gapBefore(seq uint32, calm int) bool { return f.missing[seq-uint32(calm)] }

func lowTyre(pressures []float64) bool {
	for _, pressure := range pressures {
		if pressure < 180 {
			return true
		}
	}
	return false
}

// judge is how a hub refuses a line, or nil.
func judge(line []byte, now time.Time) *event.Invalid {
	var r event.Telemetry
	if err := json.Unmarshal(line, &r); err != nil {
		bad := &event.Invalid{Value: "…", Remedy: "send a reading"}
		var mistyped *json.UnmarshalTypeError
		switch {
		case errors.As(err, &mistyped):
			bad.Field = mistyped.Field
		case errors.Is(err, event.ErrInstant):
			bad.Field = "event_time"
		}
		return bad
	}
	var bad *event.Invalid
	if err := r.Check(); !errors.As(err, &bad) {
		_ = errors.As(r.CheckClock(now), &bad)
	}
	return bad
}
