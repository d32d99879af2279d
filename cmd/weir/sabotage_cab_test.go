package main

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// TestLostBulkIsNamed has OpenSearch say that it wrote a bulk of windows which it
// did not: the topic's grade passes, that of the documents names them.
func TestLostBulkIsNamed(t *testing.T) {
	t.Parallel()
	var lost atomic.Bool
	s := sabotage{hooks: []wire.Hook{
		func(ctx context.Context, call *wire.Call, in any, next wire.Next) (any, error) {
			if call.Operation != "Bulk" || !bytes.Contains(call.Body, []byte(`"_index":"cab-zones-`)) || !lost.CompareAndSwap(false, true) {
				return next(ctx, in)
			}
			return map[string]any{"took": 1, "errors": false, "items": []any{}}, nil
		},
	}}
	g := runWeir(t, s, "cab", "--seed", "1", "--for", "40s", "--rate", "20", "--devices", "100")
	if !lost.Load() {
		t.Fatal("no bulk was lost")
	}
	wantFailure(t, g, "zone metrics equal the oracle's", " missing: zone-")
	for _, name := range g.failed() {
		if strings.HasPrefix(name, "cab-metrics tells every window once") {
			t.Errorf("the topic is blamed: %s", name)
		}
	}
}
