// Package index turns what cab-activity and cab-metrics hold into documents.
//
// Each has an id and a version that follow from its content alone, so a document
// that is written again, in any order, ends as the one with the highest version.
package index

import (
	"github.com/weirstream/weir/scenarios/cab/event"
)

// Versions of an incident's document.
const (
	VersionOpened = 1
	VersionClosed = 2
)

// Incidents are what an activity says of its cab's incidents.
func Incidents(a *event.Activity) []event.Incident {
	var all []event.Incident
	for _, h := range a.Health {
		i := event.Incident{
			ID: event.IncidentID(a.Cab, h.Kind, h.OpenedSeq), RunID: a.RunID, Cab: a.Cab, Kind: h.Kind,
			OpenedSeq: h.OpenedSeq, OpenedAt: h.OpenedAt,
		}
		if h.Change == event.Closed {
			i.Closed, i.ClosedSeq, i.ClosedAt = true, a.Seq, a.EventTime
		}
		all = append(all, i)
	}
	return all
}

// IncidentVersion is the version of an incident's document.
func IncidentVersion(i *event.Incident) int64 {
	if i.Closed {
		return VersionClosed
	}
	return VersionOpened
}

// Cab is the last state of a cab, as of an activity; its sequence is the version.
func Cab(a *event.Activity) event.Cab {
	return event.Cab{
		RunID: a.RunID, Cab: a.Cab, Seq: a.Seq, EventTime: a.EventTime, Zone: a.Zone, Lat: a.Lat, Lon: a.Lon,
		SpeedKmh: a.SpeedKmh, Hired: a.Hired, Schema: a.Schema, Open: a.Open,
	}
}
