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

// TestHubThatCannotRegisterItsSchemasTakesNothing tells a registry that is down
// from one that refuses: the first may be tried again.
func TestHubThatCannotRegisterItsSchemasTakesNothing(t *testing.T) {
	t.Parallel()
	for status, retriable := range map[int]bool{http.StatusServiceUnavailable: true, http.StatusConflict: false} {
		_, _, topic, err := serveWith(t, func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(status)
			return true
		})
		if e, ok := errors.AsType[*avro.RegistryError](err); !ok || e.Retriable != retriable {
			t.Errorf("%d: %v", status, err)
		}
		if records, err := kafka.ReadAll(t.Context(), topic, "t"); err != nil || len(records) != 0 {
			t.Errorf("%d: %d records, %v", status, len(records), err)
		}
	}
}
