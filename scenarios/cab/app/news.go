package app

import (
	"math"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// news is what a browser is told: everything once, then what is new.
type news struct {
	Run   string `json:"run"`
	Whole bool   `json:"whole"` // replaces what was told before
	// Simulated is the city's time now, Speed how fast it passes.
	Simulated event.Millis `json:"simulated"`
	Speed     float64      `json:"speed"`
	Samples   []sample     `json:"samples"`
	Cells     []cell       `json:"cells,omitempty"`
	Letters   []letter     `json:"letters,omitempty"`
	// LettersLost is how many older ones are no longer kept.
	LettersLost int64      `json:"letters_lost,omitempty"`
	Alerts      *alertList `json:"alerts,omitempty"`
}

// sample is how the stages stand at one instant.
type sample struct {
	At     int64         `json:"at"` // Unix milliseconds of the wall clock
	Hub    float64       `json:"hub"`
	Stages []stageSample `json:"stages"`
	// Blind says why nothing newer than before is known.
	Blind string `json:"blind,omitempty"`
}

// stageSample is one stage's part of a sample.
type stageSample struct {
	Name    string  `json:"name"`
	Group   string  `json:"group"`
	State   string  `json:"state"`
	Members int     `json:"members"`
	Records int64   `json:"records"` // behind
	Seconds float64 `json:"seconds"` // behind
	Rate    float64 `json:"rate"`    // records a second that it is done with
}

// cell is a window of a zone in little: start, row and column, and the figures
// in the order of cellFigures.
type cell [10]float64

// cells turns windows into what is sent of them.
func cells(windows []event.Metrics) []cell {
	all := make([]cell, 0, len(windows))
	for _, m := range windows {
		row, column, ok := place(m.Zone)
		mean := math.Round(m.MeanSpeedKmh()*10) / 10
		if !ok || math.IsNaN(mean) || math.IsInf(mean, 0) { // JSON has no such number
			continue
		}
		all = append(all, cell{
			float64(m.WindowStart.Time().UnixMilli()), float64(row), float64(column),
			float64(m.Events), float64(m.Hired), float64(m.Free), float64(m.PickUps), float64(m.DropOffs), float64(m.ActiveCabs),
			mean,
		})
	}
	return all
}

// place reads what event.ZoneName wrote.
func place(zone string) (row, column int, ok bool) {
	if len(zone) != len("zone-0-0") {
		return 0, 0, false
	}
	row, column = int(zone[5]-'0'), int(zone[7]-'0')
	ok = row >= 0 && row < event.ZoneRows && column >= 0 && column < event.ZoneColumns && zone == event.ZoneName(row, column)
	return row, column, ok
}
