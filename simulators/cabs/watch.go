package cabs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

const dispatcher = "dispatcher" // the component who watches

const (
	watchedMax   = 50 // cabs, the first that report
	watchedEvery = 100 * time.Millisecond
	watchedAfter = 15 * time.Second // the last reading, for what is not searchable yet
	watchAnswer  = 5 * time.Second  // for one search
)

// watch is a dispatcher who searches for some cabs again and again. A reading is
// searchable once the document of its cab's last state has come as far as its
// sequence: DeviceToSearchable is from its intended send to the answer that shows it, every
// reading of the watched cabs counts, and one that never shows counts as long as it
// was waited for. Late ones and refused ones are in no document and do not count;
// the next reading after them, which the pipeline holds until they would be late, and
// what waits behind it are counted apart, as pastGap.
type watch struct {
	env     scenario.Env
	ledger  *ledger.Ledger
	address scenario.Address
	client  *http.Client

	mu   sync.Mutex
	cabs map[string]*watchedCab
}

type watchedCab struct {
	waiting []waitingReading // in the order of sequences
	next    int64            // the sequence after those that were shown
}

type waitingReading struct {
	id  ledger.ID
	due time.Time
}

// newWatch is nil where there is nothing to search.
func newWatch(env scenario.Env, l *ledger.Ledger) *watch {
	if env.OpenSearch == nil {
		return nil
	}
	address, err := env.OpenSearch(dispatcher)
	if err != nil {
		env.Log.Warn("nobody watches what becomes searchable", "error", err)
		return nil
	}
	return &watch{
		env: env, ledger: l, address: address, cabs: map[string]*watchedCab{},
		client: &http.Client{Transport: cmp.Or[http.RoundTripper](address.Transport, &http.Transport{MaxIdleConnsPerHost: 1}), Timeout: watchAnswer},
	}
}

// sent notes a reading to wait for.
func (w *watch) sent(p scenario.Planned) {
	if w == nil || p.Labels[event.ExpectLabel] != event.ExpectAccept {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	name := event.CabName(p.ID.Device)
	c := w.cabs[name]
	if c == nil {
		if len(w.cabs) == watchedMax {
			return
		}
		c = &watchedCab{}
		w.cabs[name] = c
	}
	at, _ := slices.BinarySearchFunc(c.waiting, p.ID.Seq, func(r waitingReading, seq uint32) int { return cmp.Compare(r.id.Seq, seq) })
	c.waiting = slices.Insert(c.waiting, at, waitingReading{p.ID, w.env.Due(p)})
}

// run searches until everything that was waited for has shown after sending
// ended, or watchedAfter has passed.
func (w *watch) run(ctx context.Context, ended <-chan struct{}) {
	if w == nil {
		return
	}
	defer w.client.CloseIdleConnections()
	ticker := w.env.Wall.NewTicker(watchedEvery)
	defer ticker.Stop()
	var giveUp time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := w.look(ctx); err != nil {
			w.env.Log.Debug("search failed, trying again", "error", err)
		}
		if giveUp.IsZero() {
			select {
			case <-ended:
				giveUp = w.env.Wall.Now().Add(watchedAfter)
			default:
				continue
			}
		}
		left := w.left()
		if now := w.env.Wall.Now(); len(left) == 0 || now.After(giveUp) {
			for _, r := range left {
				w.ledger.Latency(event.DeviceToSearchable, now.Sub(r.due))
			}
			return
		}
	}
}

// left are the readings that were acknowledged and have not shown.
func (w *watch) left() (left []waitingReading) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.cabs {
		for _, r := range c.waiting {
			if w.ledger.WasAcknowledged(r.id) {
				left = append(left, r)
			}
		}
	}
	return left
}

// look searches once.
func (w *watch) look(ctx context.Context) error {
	names := w.waitedFor()
	if len(names) == 0 {
		return nil
	}
	query, err := json.Marshal(map[string]any{
		"size": 4 * watchedMax, "_source": []string{"cab", "seq"}, // a cab has a document a day
		"query": map[string]any{"bool": map[string]any{"filter": []any{
			map[string]any{"term": map[string]any{"run_id": w.env.RunID}},
			map[string]any{"terms": map[string]any{"cab": names}},
		}}},
	})
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	var found struct {
		Hits struct {
			Hits []struct {
				Source event.Cab `json:"_source"`
			}
		}
	}
	if err := w.post(ctx, "/"+event.CabsIndex+"-*/_search", query, &found); err != nil {
		return err
	}
	now := w.env.Wall.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, hit := range found.Hits.Hits {
		if c := w.cabs[hit.Source.Cab]; c != nil {
			w.show(c, hit.Source.Seq, now)
		}
	}
	return nil
}

// show counts the readings up to a sequence.
func (w *watch) show(c *watchedCab, seq int64, now time.Time) {
	n, name := 0, event.DeviceToSearchable
	for n < len(c.waiting) && int64(c.waiting[n].id.Seq) <= seq {
		r := c.waiting[n]
		if int64(r.id.Seq) != c.next {
			name = pastGap // it and those behind it waited for the missing ones
		}
		w.ledger.Latency(name, now.Sub(r.due))
		c.next = int64(r.id.Seq) + 1
		n++
	}
	c.waiting = slices.Delete(c.waiting, 0, n)
	c.next = max(c.next, seq+1)
}

func (w *watch) waitedFor() (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, c := range w.cabs {
		if len(c.waiting) > 0 {
			names = append(names, name)
		}
	}
	return names
}

func (w *watch) post(ctx context.Context, path string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(w.address.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if w.address.User != "" {
		request.SetBasicAuth(w.address.User, w.address.Password)
	}
	reply, err := w.client.Do(request)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	if reply.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(reply.Body, 200)) // what there is of it
		return fmt.Errorf("search: status %d: %s", reply.StatusCode, text)
	}
	if err := json.NewDecoder(reply.Body).Decode(answer); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	return nil
}
