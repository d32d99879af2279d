package hub

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// TestRegistryDownStopsNoHubThatServes has readings of both schemas, which the
// hub has registered before it serves, while the registry answers nothing.
func TestRegistryDownStopsNoHubThatServes(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	var calls atomic.Int64
	url, _, topic, err := serveWith(t, func(w http.ResponseWriter, _ *http.Request) bool {
		calls.Add(1)
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return down.Load()
	})
	if err != nil {
		t.Fatal(err)
	}
	before := calls.Load()
	down.Store(true)
	older := line(1, func(r *event.Telemetry) { r.Schema, r.TyreKPa, r.Firmware = event.SchemaOld, nil, "" })
	if status, text := post(t, url, event.NDJSON, "", []byte(line(0, nil)+older)); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
	if records, err := kafka.ReadAll(t.Context(), topic, "t"); err != nil || len(records) != 2 {
		t.Errorf("%d records, %v", len(records), err)
	}
	if before == 0 || calls.Load() != before {
		t.Errorf("the registry was asked %d times before and %d times after", before, calls.Load()-before)
	}
}

// TestHubWaitsForARegistryThatIsDown has one that answers 503 and cuts its
// callers off at first.
func TestHubWaitsForARegistryThatIsDown(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	url, _, _, err := serveWith(t, func(w http.ResponseWriter, _ *http.Request) bool {
		switch n := calls.Add(1); {
		case n < 3:
			w.WriteHeader(http.StatusServiceUnavailable)
		case n < 6:
			panic(http.ErrAbortHandler)
		default:
			return false
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if status, text := post(t, url, event.NDJSON, "", []byte(line(0, nil))); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
}

// TestHubThatMayNotRegisterItsSchemasEnds has a registry that refuses them,
// which no other try would change.
func TestHubThatMayNotRegisterItsSchemasEnds(t *testing.T) {
	t.Parallel()
	_, _, topic, err := serveWith(t, func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusConflict)
		return true
	})
	if e, ok := errors.AsType[*avro.RegistryError](err); !ok || e.Retriable {
		t.Errorf("it ends with %v", err)
	}
	if records, err := kafka.ReadAll(t.Context(), topic, "t"); err != nil || len(records) != 0 {
		t.Errorf("%d records, %v", len(records), err)
	}
}
