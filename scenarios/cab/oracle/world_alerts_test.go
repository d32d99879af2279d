package oracle

import "github.com/weirstream/weir/scenarios/cab/event"

// alarm raises the alerts of what happened.
func (w *world) alarm() {
	for _, i := range w.incidents {
		if i.Kind == event.Engine {
			a := event.Alert{ID: event.AlertID(event.EngineOverLimit, i.Cab, i.OpenedAt), Kind: event.EngineOverLimit, Entity: i.Cab, Start: i.OpenedAt, Last: i.OpenedAt, Revision: 1}
			if i.Closed {
				a.Last, a.Revision, a.Over = i.ClosedAt, 2, true
			}
			w.alerts = append(w.alerts, a)
		}
	}
	free := map[string]int64{} // of every zone and minute
	for _, m := range w.windows {
		free[m.DocumentID()] = m.Free
	}
	for i := range w.windows {
		m := &w.windows[i]
		start := *m
		for at := *m; ; at.WindowStart -= 60_000 {
			if n, any := free[at.DocumentID()]; !any || n > 0 {
				break
			}
			start = at
			m.NoFreeWindows++
		}
		after := *m
		after.WindowStart += 60_000
		if n, any := free[after.DocumentID()]; m.NoFreeWindows >= 3 && (!any || n > 0) {
			w.alerts = append(w.alerts, event.Alert{
				ID: event.AlertID(event.NoFreeCab, m.Zone, start.WindowStart), Kind: event.NoFreeCab, Entity: m.Zone,
				Start: start.WindowStart, Last: m.WindowStart, Revision: m.NoFreeWindows,
			})
		}
	}
}
