package lambda

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// keysIn finds one key for each lane.
func keysIn(lanes int) []string {
	keys := make([]string, lanes)
	for i := 0; slices.Contains(keys, ""); i++ {
		key := fmt.Sprint(i)
		keys[laneOf(key, lanes)] = key
	}
	return keys
}

// saved is a mapping's places as a disk has them.
func saved(t *testing.T, m *mapping) map[string]*place {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	text, err := json.Marshal(m.shards)
	if err != nil {
		t.Fatal(err)
	}
	var places map[string]*place
	if err := json.Unmarshal(text, &places); err != nil {
		t.Fatal(err)
	}
	return places
}

func TestAStuckLaneHoldsItsOwnKeysOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		keys := keysIn(3)
		for n := range 4 {
			for lane, key := range keys {
				streams.putKeyed(key, 0, fmt.Sprintf("%d-%d", lane, n))
			}
		}
		settings := with(func(s *mappingSettings) { s.lanes, s.batchRecords = 3, 1 })
		b := newBench(t, streams, settings)
		b.function.does(poison(false, "1-1"))
		pass(5 * time.Second)
		count := func(f *fakeFunction) (counts [3]int) {
			for _, batch := range f.all() {
				counts[batch.data[0][0]-'0']++
			}
			return counts
		}
		if got := count(b.function); got[0] != 4 || got[2] != 4 || got[1] < 5 {
			t.Errorf("calls by lane %v, want 4 of the free lanes and retries of the stuck one", got)
		}
		if b.function.most != 3 {
			t.Errorf("%d batches at once, want 3", b.function.most)
		}
		places := saved(t, b.mapping)
		if p := places["a"]; p.From.SequenceNumber != "000004" || len(p.Ahead[3]) != 3 {
			t.Errorf("place %+v, want it before the stuck record", p)
		}
		b.stop()

		// Another number of lanes must not repeat what is settled either.
		settings.lanes = 2
		again := newBench(t, streams, settings, func(m *mapping) { m.shards = places })
		pass(5 * time.Second)
		again.stop()
		var seen []string
		for _, batch := range again.function.all() {
			seen = append(seen, batch.data...)
		}
		if got := strings.Join(seen, " "); got != "1-1 1-2 1-3" {
			t.Errorf("after the restart the function saw %s", got)
		}
		if p := saved(t, again.mapping)["a"]; p.From.SequenceNumber != "000012" || p.Ahead != nil {
			t.Errorf("in the end %+v", p)
		}
	})
}

func TestFilteredRecordsAreDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		criteria := filterCriteria{Filters: []filterMember{{ptr(`{"data":{"kind":["x"]}}`)}, {ptr(`{"data":{"size":[{"numeric":[">",9]}]}}`)}}}
		filters, err := criteria.compile()
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t, streams, with(func(s *mappingSettings) { s.filters, s.batchRecords = filters, 2 }))
		defer b.stop()
		streams.put("a", `{"kind":"y"}`, `not JSON`, `{"size":9}`, `"x"`, ``)
		pass(2 * time.Second)
		if b.function.calls() != 0 {
			t.Errorf("function saw %s", b.function.seen())
		}
		if p := saved(t, b.mapping)["a"]; p.From.SequenceNumber != "000005" {
			t.Errorf("the checkpoint is at %+v", p.From)
		}
		streams.put("a", `{"kind":"x"}`, `{"kind":"y"}`, `{"size":10}`, `{"kind":"x","n":1}`)
		pass(2 * time.Second)
		if got := b.function.seen(); got != `[{"kind":"x"} {"size":10}][{"kind":"x","n":1}]` {
			t.Errorf("function saw %s", got)
		}
	})
}

func TestTheLogTellsTheFunctionsError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		b := newBench(t, streams, with(plain))
		defer b.stop()
		kind := "KeyError"
		b.function.does(func(fakeBatch) (Result, error) {
			return Result{FunctionError: unhandled, Payload: []byte(`{"errorType":"` + kind + `","errorMessage":"no such thing"}`)}, nil
		})
		streams.put("a", "1")
		pass(3 * time.Second)
		if lines := b.log.with("Function call failed", "errorType=KeyError", "errorMessage=no such thing"); len(lines) != 1 {
			t.Errorf("logged %q, want it once, however often it is retried", b.log.with(""))
		}
		b.function.mu.Lock()
		kind = "OtherError"
		b.function.mu.Unlock()
		pass(10 * time.Second)
		if len(b.log.with("errorType=OtherError")) != 1 {
			t.Errorf("another error is not told: %q", b.log.with(""))
		}
		if got := b.view().LastProcessingResult; got != "PROBLEM: Function call failed" {
			t.Errorf("result %q", got)
		}
	})
}

func TestAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{{"2", "1", true}, {"1", "1", false}, {"1", "2", false}, {"10", "9", true}, {"9", "10", false}, {"1", "", true}, {"", "", false}} {
		if after(c.a, c.b) != c.want {
			t.Errorf("%q after %q: %t", c.a, c.b, !c.want)
		}
	}
}
