package subscribers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/weirstream/weir/scenarios/location/event"
)

// attempt asks once: with a signup until it is accepted, then for the offer alone.
func (b *browser) attempt(ctx context.Context) (verdict, time.Duration) {
	request, err := b.request(ctx)
	if err != nil {
		b.env.Log.Error("a signup cannot be sent", "id", b.id, "error", err)
		return again, 0
	}
	response, err := b.app.do(request)
	if err != nil {
		b.env.Log.Debug("a signup was not answered, trying again", "id", b.id, "error", err)
		return again, 0
	}
	defer response.Body.Close()
	switch status := response.StatusCode; {
	case status == http.StatusOK:
		return b.follow(response.Body), 0
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, b.accepted:
		finish(response.Body)
		return again, retryAfter(response.Header)
	default:
		b.ledger.Refused(b.planned.ID, refusal(response))
		return answered, 0
	}
}

func (b *browser) request(ctx context.Context) (*http.Request, error) {
	method, url, body := http.MethodPost, b.url, io.Reader(bytes.NewReader(b.body))
	if b.accepted {
		method, url, body = http.MethodGet, b.url+"/"+b.id+"/offer", nil
	}
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, url, err)
	}
	r.Header["Accept"] = b.acceptHeader
	if b.accepted {
		r.Header["Last-Event-Id"] = []string{b.id + "/" + event.AcceptedEvent}
	} else {
		r.Header["Content-Type"] = b.contentType
	}
	return r, nil
}

// follow reads one event stream to its end, so that a second offer is seen and
// the connection can be used again.
func (b *browser) follow(body io.Reader) verdict {
	events, ok := b.pool.Get().(*sse)
	if !ok {
		events = newSSE()
	}
	defer func() {
		events.reset(nil)
		b.pool.Put(events)
	}()
	events.reset(body)
	v := again
	for {
		name, data, err := events.next()
		if err != nil {
			if v == again {
				b.cuts.Add(1)
			}
			return v
		}
		switch string(name) {
		case event.AcceptedEvent:
			b.accept()
		case event.OfferEvent:
			v = answered
			b.accept() // an answer to a repeated signup may be the offer alone
			b.offered(data)
		case event.TimeoutEvent:
			v = answered
			b.ledger.Arrived(event.TimedOutPoint, b.planned.ID)
		}
	}
}

func (b *browser) accept() {
	if !b.accepted {
		b.accepted = true
		b.ledger.Acknowledged(b.planned.ID)
		b.ledger.Latency(toAccept, b.sinceDue())
	}
}

// refusal is the field a rejection names, or what else was answered.
func refusal(response *http.Response) string {
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	var r event.Rejection
	switch {
	case response.StatusCode != http.StatusBadRequest:
		return "status " + strconv.Itoa(response.StatusCode)
	case err != nil:
		return "an unreadable rejection"
	}
	var named struct{ Field *string }
	if json.Unmarshal(body, &r) != nil || json.Unmarshal(body, &named) != nil || named.Field == nil {
		return "a rejection that names no field"
	}
	if r.Problem == "" || r.Remedy == "" {
		return "a rejection without problem or remedy"
	}
	return "field " + strconv.Quote(r.Field)
}

// retryAfter reads the header's seconds; there is no use for its date form.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, time.Minute)
}

// finish reads what is left of a short answer, so that its connection can be used again.
func finish(body io.Reader) {
	_, err := io.CopyN(io.Discard, body, 64<<10)
	if err != nil && !errors.Is(err, io.EOF) {
		return // the connection is closed instead
	}
}
