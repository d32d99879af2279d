package app

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// alerts are what the search index has to say.
type alerts struct {
	list    alertList
	changed bool
}

// alertList is what of it is shown.
type alertList struct {
	Alerts        []event.Alert    `json:"alerts"`    // the last ones begun
	Incidents     []event.Incident `json:"incidents"` // the last ones opened
	IncidentsOpen int              `json:"incidents_open"`
	// Problem is why nothing newer is known.
	Problem string `json:"problem,omitempty"`
}

const (
	searchEvery = 2 * time.Second
	searchMax   = 5 * time.Second
	answerMax   = 4 << 20
)

// alerts searches as long as somebody looks on, until ctx ends.
func (a *App) alerts(ctx context.Context) error {
	if a.cfg.Search.URL == "" {
		return nil
	}
	client := &http.Client{Transport: cmp.Or[http.RoundTripper](a.cfg.Search.Transport, http.DefaultTransport.(*http.Transport).Clone()), Timeout: searchMax}
	defer client.CloseIdleConnections()
	for {
		if a.viewers.any() {
			list, err := a.search(ctx, client)
			if ctx.Err() != nil {
				return nil
			}
			a.store.found(list, err)
		}
		if a.env.Wall.Sleep(ctx, searchEvery) != nil {
			return nil
		}
	}
}

// found keeps what a search came to; after an error, what the one before did.
func (s *store) found(list alertList, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		list = s.alerts.list
		list.Problem = brief(err.Error())
	}
	if !reflect.DeepEqual(list, s.alerts.list) {
		s.alerts = alerts{list, true}
	}
}

// showing is the run that is shown.
func (s *store) showing() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run
}
