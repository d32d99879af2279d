package index

import (
	"github.com/weirstream/weir/scenarios/cab/event"
)

// Versions of an incident's document.
const (
	versionOpened = 1
	versionClosed = 2
)

// Document is one of the search index. Its id and version follow from what it
// says, and of two with the same id the higher version holds.
type Document struct {
	Index   string
	ID      string
	Version int64
	Body    any
}

// OfMetrics are the documents of a window: its metrics, and an alert if its zone
// had no free cab for too long.
func OfMetrics(m *event.Metrics) []Document {
	all := []Document{{
		Index: event.IndexOf(event.ZonesIndex, m.WindowStart), ID: m.RunID + "|" + m.DocumentID(), Version: m.Revision, Body: m,
	}}
	if m.NoFreeWindows < event.NoFreeWindowsMin {
		return all
	}
	before := event.Millis((m.NoFreeWindows - 1) * event.Window.Milliseconds())
	return append(all, alert(event.Alert{
		RunID: m.RunID, Kind: event.NoFreeCab, Entity: m.Zone, Start: m.WindowStart - before, Last: m.WindowStart, Revision: m.NoFreeWindows,
	}))
}

func alert(a event.Alert) Document {
	a.ID = event.AlertID(a.Kind, a.Entity, a.Start)
	return Document{Index: event.IndexOf(event.AlertsIndex, a.Start), ID: a.RunID + "|" + a.ID, Version: a.Revision, Body: &a}
}

// OfActivity are the documents of an activity: its cab's last state, the
// incidents that it opened or closed, and alerts of those of the engine.
func OfActivity(a *event.Activity) []Document {
	all := make([]Document, 1, 1+len(a.Health))
	all[0] = Document{
		Index: event.IndexOf(event.CabsIndex, a.EventTime), ID: a.RunID + "|" + a.Cab,
		Version: a.Seq + 1, // the first sequence is 0
		Body:    cabOf(a),
	}
	for _, i := range incidentsOf(a) {
		d := Document{
			Index: event.IndexOf(event.HealthIndex, i.OpenedAt), ID: a.RunID + "|" + i.ID, Version: versionOpened, Body: i,
		}
		if i.Closed {
			d.Version = versionClosed
		}
		all = append(all, d)
		if i.Kind == event.Engine {
			all = append(all, alert(event.Alert{
				RunID: a.RunID, Kind: event.EngineOverLimit, Entity: a.Cab, Start: i.OpenedAt, Last: a.EventTime, Revision: d.Version, Over: i.Closed,
			}))
		}
	}
	return all
}

// incidentsOf is what an activity says of its cab's incidents.
func incidentsOf(a *event.Activity) []*event.Incident {
	var all []*event.Incident
	for _, h := range a.Health {
		i := &event.Incident{
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

// cabOf is the last state of a cab, as of an activity.
func cabOf(a *event.Activity) *event.Cab {
	return &event.Cab{
		RunID: a.RunID, Cab: a.Cab, Seq: a.Seq, EventTime: a.EventTime, Zone: a.Zone, Lat: a.Lat, Lon: a.Lon,
		SpeedKmh: a.SpeedKmh, Hired: a.Hired, Schema: a.Schema, Open: a.Open,
	}
}
