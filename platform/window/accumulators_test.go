package window

import (
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func drawSet[T uint64 | string](t *rapid.T, name string, values *rapid.Generator[T]) (Set[T], map[T]bool) {
	var s Set[T]
	all := map[T]bool{}
	for _, value := range rapid.SliceOfN(values, 0, 30).Draw(t, name) {
		if fresh := s.Add(value); fresh == all[value] {
			t.Fatalf("adding %v says new: %t", value, fresh)
		}
		all[value] = true
	}
	return s, all
}

func checkSet[T uint64 | string](t *rapid.T, values *rapid.Generator[T], again func(Set[T]) Set[T]) {
	a, inA := drawSet(t, "a", values)
	b, inB := drawSet(t, "b", values)
	a.Merge(&b)
	maps.Copy(inA, inB)
	want := slices.Sorted(maps.Keys(inA))
	if !slices.Equal(a.Values(), want) || a.Len() != len(want) {
		t.Fatalf("merged: %v, want %v", a.Values(), want)
	}
	if read := again(a); !slices.Equal(read.Values(), want) {
		t.Fatalf("written and read: %v, want %v", read.Values(), want)
	}
	// What was merged is not shared.
	before := slices.Clone(b.Values())
	a.Add(values.Draw(t, "more"))
	if !slices.Equal(b.Values(), before) {
		t.Fatalf("adding to one set changed another: %v, want %v", b.Values(), before)
	}
	for value := range inB {
		if !a.Has(value) {
			t.Fatalf("%v was added and is not there", value)
		}
	}
}

func TestSets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.OneOf(rapid.Uint64Range(0, 20), rapid.Uint64())
		checkSet(t, numbers, func(s Set[uint64]) Set[uint64] {
			r := NewReader(AppendNumbers(nil, &s))
			read := r.Numbers()
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			return read
		})
	})
	rapid.Check(t, func(t *rapid.T) {
		checkSet(t, rapid.StringMatching(`(cab-000)?[ab]{0,3}`), func(s Set[string]) Set[string] {
			r := NewReader(AppendTexts(nil, &s))
			read := r.Texts()
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			return read
		})
	})
}

// In every order and however merged, the sum is the same to the last bit.
func TestStats(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		millionths := rapid.SliceOfN(rapid.Int64Range(-5e9, 5e9), 0, 20).Draw(t, "millionths")
		var all Stats
		var parts [3]Stats
		sum := int64(0)
		for i, m := range millionths {
			value := float64(m) / 1e6
			if !all.Add(value) {
				t.Fatalf("%f was not taken", value)
			}
			parts[rapid.IntRange(0, 2).Draw(t, "part")].Add(float64(millionths[len(millionths)-1-i]) / 1e6)
			sum += m
		}
		merged := parts[2]
		merged.Merge(&parts[0])
		merged.Merge(&parts[1])
		if merged != all {
			t.Fatalf("merged: %+v, want %+v", merged, all)
		}
		if n := len(millionths); n > 0 {
			want := [5]float64{float64(n), float64(sum) / 1e6, float64(sum) / 1e6 / float64(n), float64(slices.Min(millionths)) / 1e6, float64(slices.Max(millionths)) / 1e6}
			got := [5]float64{float64(all.Count()), all.Sum(), all.Mean(), all.Min(), all.Max()}
			if got != want {
				t.Fatalf("count, sum, mean, min and max of %v: %v, want %v", millionths, got, want)
			}
		} else if all.Mean() != 0 {
			t.Fatalf("the mean of nothing is %f", all.Mean())
		}
		r := NewReader(all.Append(nil))
		if read := r.Stats(); read != all || r.Close() != nil {
			t.Fatalf("written and read: %+v, %v, want %+v", read, r.Close(), all)
		}
	})
}

func TestStatsTakeOnlyNumbers(t *testing.T) {
	t.Parallel()
	var s Stats
	for _, value := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e9 + 1, -1e9 - 1} {
		if s.Add(value) {
			t.Errorf("%f was taken", value)
		}
	}
	if !s.Add(1e9) || !s.Add(-1e9) || s.Count() != 2 || s.Sum() != 0 {
		t.Errorf("after the greatest and the least number: %+v", s)
	}
}
