package cabs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// answer is what the hub said about a batch for good.
type answer struct {
	refused map[int]string // by line, why
	all     string         // why everything was refused, or ""
}

// attempt sends the batch once. No answer means to try again.
func (g *gateway) attempt(ctx context.Context) (*answer, time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, g.cfg.AnswerMax)
	defer cancel()
	request, err := g.request(ctx)
	if err != nil {
		g.env.Log.Error("a batch cannot be sent", "error", err)
		return nil, 0
	}
	response, err := g.client.Do(request)
	if err != nil {
		g.env.Log.Debug("a batch was not answered, trying again", "error", err)
		return nil, 0
	}
	defer response.Body.Close()
	const longest = 4 << 20 // hundreds of bytes for each refused line
	body, err := io.ReadAll(io.LimitReader(response.Body, longest))
	switch status := response.StatusCode; {
	case err != nil:
		g.env.Log.Debug("an answer was cut short, trying again", "status", status, "error", err)
		return nil, 0
	case status == http.StatusOK:
		return g.receipt(body), 0
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return nil, retryAfter(response.Header)
	case status == http.StatusBadRequest:
		return cmp.Or(g.receipt(body), &answer{all: wholeBody + "an unreadable refusal"}), 0
	default:
		return &answer{all: wholeBody + "status " + strconv.Itoa(status)}, 0
	}
}

const wholeBody = "the whole body: "

func (g *gateway) request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, bytes.NewReader(g.batch.body))
	if err != nil {
		return nil, fmt.Errorf("POST %s: %w", g.url, err)
	}
	r.Header.Set("Content-Type", event.NDJSON)
	if g.batch.packed {
		r.Header.Set("Content-Encoding", "gzip")
	}
	return r, nil
}

// receipt reads the hub's answer. One whose numbers do not add up is none: what
// the hub took responsibility for is then unknown.
func (g *gateway) receipt(body []byte) *answer {
	var r event.Receipt
	if err := json.Unmarshal(body, &r); err != nil {
		g.env.Log.Error("an unreadable receipt", "error", err)
		return nil
	}
	if r.Accepted == 0 && len(r.Refused) == 1 && r.Refused[0].Line == 0 {
		return &answer{all: wholeBody + reason(r.Refused[0])}
	}
	a := &answer{}
	for _, refused := range r.Refused {
		if refused.Line < 1 || refused.Line > g.batch.count {
			g.env.Log.Error("a receipt for a line that was not sent", "line", refused.Line, "lines", g.batch.count)
			return nil
		}
		if a.refused == nil {
			a.refused = make(map[int]string, len(r.Refused))
		}
		a.refused[refused.Line] = reason(refused)
	}
	if r.Accepted+len(a.refused) != g.batch.count {
		g.env.Log.Error("a receipt does not add up", "accepted", r.Accepted, "refused", len(r.Refused), "lines", g.batch.count)
		return nil
	}
	return a
}

// reason is the field a refusal names, if it also says what to do.
func reason(r event.Refusal) string {
	if r.Value == "" || r.Remedy == "" {
		return "a refusal without value or remedy"
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
