package slab

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// fill is n records of a header, a key and a value, each as long as size says.
func fill(n int, size func(i int) int) []*kgo.Record {
	var s Slab
	all := make([]*kgo.Record, n)
	for i := range all {
		mark := fmt.Append(s.Room(), "mark", i)
		key := fmt.Append(mark, "key", i)
		bytes := append(fmt.Append(key, "value", i), strings.Repeat("x", size(i))...)
		all[i] = s.Record(bytes, len(mark), len(key))
		all[i].Headers = s.Header("h", mark)
	}
	return all
}

// TestRecordsShareNothing has values that fit and some that do not, and writes
// behind the end of each part.
func TestRecordsShareNothing(t *testing.T) {
	t.Parallel()
	size := func(i int) int {
		if i%50 == 49 {
			return 2 * pieceBytes
		}
		return i
	}
	all := fill(500, size)
	for _, r := range all {
		for _, part := range [][]byte{r.Key, r.Value, r.Headers[0].Value} {
			_ = append(part, "overwritten"...)
		}
		_ = append(r.Headers, kgo.RecordHeader{Key: "overwritten"})
	}
	for i, r := range all {
		value := fmt.Append(nil, "value", i, strings.Repeat("x", size(i)))
		if string(r.Key) != fmt.Sprint("key", i) || !bytes.Equal(r.Value, value) ||
			len(r.Headers) != 1 || r.Headers[0].Key != "h" || string(r.Headers[0].Value) != fmt.Sprint("mark", i) {
			t.Fatalf("record %d is %.40s = %.40s, headers %.60s", i, r.Key, r.Value, fmt.Sprint(r.Headers))
		}
	}
}

// TestSlabAllocatesInPieces bounds what a batch of short records costs: one piece
// each of records, headers and bytes for 64.
func TestSlabAllocatesInPieces(t *testing.T) {
	const records = 10 * pieceRecords
	text := []byte(strings.Repeat("x", 200))
	allocations := testing.AllocsPerRun(20, func() {
		var s Slab
		for range records {
			bytes := append(s.Room(), text...)
			s.Record(bytes, 10, 20).Headers = s.Header("h", bytes[:10])
		}
	})
	if most := 3.0 * records / pieceRecords; allocations > most {
		t.Errorf("%v allocations for %d records; want %v at most", allocations, records, most)
	}
}
