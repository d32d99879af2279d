package kinesis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func manyRecords(n, bytes int) []Record {
	records := make([]Record, n)
	for i := range records {
		records[i] = Record{PartitionKey: fmt.Sprint(i), Data: append(fmt.Appendf(nil, "%06d", i), make([]byte, bytes)...)}
	}
	return records
}

func TestPutAllSplitsToBothLimits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		n, bytes int
		want     []int
	}{
		{"none", 0, 0, nil},
		{"records", 1001, 0, []int{500, 500, 1}},
		{"bytes", 25, 1 << 20, []int{9, 9, 7}}, // ten would be 10 MiB and some keys
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := &fakePuts{}
			must(t, PutAll(t.Context(), f, "s", manyRecords(tc.n, tc.bytes)))
			if got := f.callSizes(); !slices.Equal(got, tc.want) || len(f.stored) != tc.n {
				t.Errorf("calls of %v records, %d stored", got, len(f.stored))
			}
		})
	}
}

func TestPutAllRetriesOnlyTheRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{refuse: func(call, i int, _ string) string {
			if call < 2 && i%3 == 0 {
				return codeThroughput
			}
			return ""
		}}
		must(t, PutAll(t.Context(), f, "s", manyRecords(10, 0), WithSeed(1)))
		if got := f.callSizes(); !slices.Equal(got, []int{10, 4, 2}) || len(f.stored) != 10 {
			t.Errorf("calls of %v records, stored %v", got, f.stored)
		}
	})
}

// TestSkewMayBeginAndEndBetweenTries has calls refused, after an outage, for a clock that
// went wrong, and again, corrected, for one that is right again. A wrong secret stays one.
func TestSkewMayBeginAndEndBetweenTries(t *testing.T) {
	t.Parallel()
	const outage = 6 // calls before
	for refusals, want := range map[int]bool{2: true, 1000: false} {
		synctest.Test(t, func(t *testing.T) {
			f := &fakePuts{before: func(_ context.Context, call int) error {
				switch {
				case call < outage:
					return apiError("ServiceUnavailable", 503)
				case call < outage+refusals:
					return apiError("InvalidSignatureException", 403)
				}
				return nil
			}}
			err := PutAll(t.Context(), f, "s", manyRecords(1, 0), WithSeed(1))
			if (err == nil) != want || len(f.calls) > outage+skewsMax+1 {
				t.Errorf("after %d refusals and %d calls: %v", refusals, len(f.calls), err)
			}
		})
	}
}

func TestPutAllNamesTheUnsent(t *testing.T) {
	t.Parallel()
	denied := apiError("AccessDeniedException", 400)
	for _, tc := range []struct {
		name   string
		before func(ctx context.Context, call int) error
		refuse func(call, i int, data string) string
		bad    bool
		first  int
		count  int
		cause  string
	}{
		{"denied at the second call", func(_ context.Context, call int) error {
			if call == 1 {
				return denied
			}
			return nil
		}, nil, false, 500, 700, "AccessDenied"},
		{"throttled until ctx ends", nil, func(_, _ int, data string) string {
			if strings.HasPrefix(data, "000007") {
				return codeThroughput
			}
			return ""
		}, false, 7, 701, "refused"},
		{"one record invalid", nil, nil, true, 0, 1200, "record 3: 1200 records not acknowledged: record partition key is empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				records := manyRecords(1200, 0)
				if tc.bad {
					records[3].PartitionKey = ""
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				err := PutAll(ctx, &fakePuts{before: tc.before, refuse: tc.refuse}, "s", records)
				var unsent *UnsentError
				if !errors.As(err, &unsent) || len(unsent.Indexes) != tc.count || unsent.Indexes[0] != tc.first || !slices.IsSorted(unsent.Indexes) {
					t.Fatalf("%v; unsent %+v", err, unsent)
				}
				if !strings.Contains(err.Error(), tc.cause) {
					t.Errorf("error %v, want %q in it", err, tc.cause)
				}
			})
		})
	}
}

func TestPutAllGivesUpOnAHungConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{before: func(ctx context.Context, call int) error {
			if call > 0 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		must(t, PutAll(t.Context(), f, "s", manyRecords(3, 0)))
		if len(f.stored) != 3 || len(f.calls) != 2 {
			t.Errorf("stored %v in %d calls", f.stored, len(f.calls))
		}
	})
}
