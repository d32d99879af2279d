package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/goccy/go-json"
	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"
)

// appendItem writes a document as a bulk request has it.
func appendItem(b []byte, d *Document) ([]byte, error) {
	type target struct {
		Index       string `json:"_index"`
		ID          string `json:"_id"`
		Version     int64  `json:"version"`
		VersionType string `json:"version_type"`
	}
	action, err := json.Marshal(struct {
		Index target `json:"index"`
	}{target{d.Index, d.ID, d.Version, "external"}})
	if err != nil {
		return nil, err
	}
	source, err := json.Marshal(d.Body)
	if err != nil {
		return nil, err
	}
	b = append(append(b, action...), '\n')
	return append(append(b, source...), '\n'), nil
}

// send settles all items of the jobs: what is not settled by one request goes
// into the next, after a while.
func (b *bulk) send(ctx context.Context, jobs []*job) {
	var items []*item
	for _, j := range jobs {
		for _, it := range j.items {
			if it.refused == nil {
				items = append(items, it)
			}
		}
	}
	for attempt := 0; ; attempt++ {
		left, err := b.settle(ctx, items)
		if len(left) == 0 {
			break
		}
		if ctx.Err() != nil {
			return // whoever waits for it is told by its own ctx
		}
		if attempt%8 == 0 {
			b.log.Warn("documents are not taken and will be sent again", "documents", len(left), "attempt", attempt+1, "error", err)
		}
		b.stats.retried.Add(int64(len(left)))
		items = left
		if b.pause(ctx, attempt) != nil {
			return
		}
	}
	for _, j := range jobs {
		close(j.done)
	}
}

// settle sends the items once, and tells which are to be sent again and why.
func (b *bulk) settle(ctx context.Context, items []*item) (left []*item, err error) {
	if len(items) == 0 {
		return nil, nil
	}
	size := 0
	for _, it := range items {
		size += len(it.text)
	}
	request := make([]byte, 0, size)
	for _, it := range items {
		request = append(request, it.text...)
	}
	b.stats.requests.Add(1)
	b.stats.bytesSent.Add(int64(size))
	reply, err := opensearch.Do[opensearch.NoBody](ctx, b.client, http.MethodPost, opensearchapi.BulkReq{Body: bytes.NewReader(request)}, nil)
	if err != nil {
		return items, err
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	if reply.IsError() {
		why := refusal(reply)
		if ofItems(reply.StatusCode, why) {
			return b.divide(ctx, items, why)
		}
		return items, why
	}
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		return items, err
	}
	return b.judge(items, body)
}

// ofItems tells a refusal that is due to the items in the request, to how many or to
// one of them: a domain takes no part of a request that has an id or a version such
// as it never takes.
func ofItems(status int, why error) bool {
	if status == http.StatusRequestEntityTooLarge {
		return true
	}
	told, ok := errors.AsType[*failure](why)
	return ok && status == http.StatusBadRequest && told.Type == "action_request_validation_exception"
}

// divide sends the halves of what was refused as a whole, and refuses one that is
// refused alone.
func (b *bulk) divide(ctx context.Context, items []*item, why error) (left []*item, err error) {
	if len(items) == 1 {
		b.refuse(items[0], fmt.Errorf("document of %d bytes: %w", len(items[0].text), why))
		return nil, nil
	}
	one, oneErr := b.settle(ctx, items[:len(items)/2])
	two, twoErr := b.settle(ctx, items[len(items)/2:])
	return slices.Concat(one, two), errors.Join(oneErr, twoErr)
}

// result is what became of one item.
type result struct {
	Status int      `json:"status"`
	Error  *failure `json:"error"`
}

// judge reads a reply item by item.
func (b *bulk) judge(items []*item, body []byte) (left []*item, err error) {
	const plain, within = `"errors":false`, 64 // where it stands before the items, none of them is to be looked at
	if bytes.Contains(body[:min(len(body), within)], []byte(plain)) {
		b.stats.written.Add(int64(len(items)))
		return nil, nil
	}
	var answer struct {
		Items []struct{ Index result }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return items, fmt.Errorf("a reply that cannot be read: %w", err)
	}
	if len(answer.Items) != len(items) {
		return items, fmt.Errorf("a reply with %d results for %d items", len(answer.Items), len(items))
	}
	for i, it := range items {
		switch r := answer.Items[i].Index; {
		case r.Status/100 == 2:
			b.stats.written.Add(1)
		case r.Error == nil:
			left, err = append(left, it), fmt.Errorf("status %d without an error", r.Status)
		case r.Status == http.StatusConflict && r.Error.Type == "version_conflict_engine_exception":
			b.stats.outdated.Add(1)
		case hopeless(r):
			b.refuse(it, r.Error)
		default:
			left, err = append(left, it), r.Error
		}
	}
	return left, err
}

func (b *bulk) refuse(it *item, why error) {
	it.refused = why
	b.stats.refused.Add(1)
}

// hopeless tells a document that this index will never take from one that must
// wait, as for room in the cluster's list of shards.
func hopeless(r result) bool {
	return r.Status == http.StatusBadRequest && r.Error.Type != "validation_exception"
}
