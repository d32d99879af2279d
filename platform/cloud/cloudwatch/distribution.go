package cloudwatch

import (
	"math"
	"slices"
)

// distribution sums up measurements: exactly for the five plain statistics,
// and for percentiles in a histogram of bins that grow by 1 %. A bin answers with
// the mean of what is in it: exactly where that is one value, else off by less
// than a percent. Past binsMax bins, neighbours are merged and the error doubles.
type distribution struct {
	count, sum, low, high float64
	bins                  []bin // by key
	coarse                uint8 // how often neighbours were merged
	// opaque says that it holds sums of several different values, or negative
	// ones: there are no percentiles then, as on AWS.
	opaque bool
}

type bin struct {
	key        int32
	count, sum float64
}

func (b *bin) add(o bin) {
	b.count += o.count
	b.sum += o.sum
}

const (
	binsMax   = 256
	binGrowth = 1.01
	zeroKey   = math.MinInt32 // a value of 0 has no logarithm
)

func (d *distribution) merge(count, sum, low, high float64) {
	if d.count == 0 {
		d.low, d.high = low, high
	}
	d.count += count
	d.sum += sum
	d.low, d.high = min(d.low, low), max(d.high, high)
}

// add takes one value, count times.
func (d *distribution) add(value, count float64) {
	if count == 0 {
		return
	}
	d.merge(count, value*count, value, value)
	if value < 0 {
		d.opaque, d.bins = true, nil
	}
	if !d.opaque {
		d.put(bin{d.keyOf(value), count, value * count})
	}
}

// addSet takes a statistic set. Only one whose values are all the same says
// what they are.
func (d *distribution) addSet(count, sum, low, high float64) {
	if count == 0 {
		return
	}
	if low == high && low*count == sum {
		d.add(low, count)
		return
	}
	d.merge(count, sum, low, high)
	d.opaque, d.bins = true, nil
}

// addAll takes all that another distribution holds.
func (d *distribution) addAll(o *distribution) {
	if o.count == 0 {
		return
	}
	d.merge(o.count, o.sum, o.low, o.high)
	if d.opaque = d.opaque || o.opaque; d.opaque {
		d.bins = nil
		return
	}
	for d.coarse < o.coarse {
		d.coarsen()
	}
	for _, b := range o.bins {
		if b.key != zeroKey {
			b.key >>= d.coarse - o.coarse
		}
		d.put(b)
	}
}

func (d *distribution) keyOf(value float64) int32 {
	if value == 0 {
		return zeroKey
	}
	return int32(math.Floor(math.Log(value)/math.Log(binGrowth))) >> d.coarse
}

func (d *distribution) put(b bin) {
	i, found := slices.BinarySearchFunc(d.bins, b.key, func(have bin, key int32) int { return int(int64(have.key) - int64(key)) })
	if found {
		d.bins[i].add(b)
		return
	}
	d.bins = slices.Insert(d.bins, i, b)
	for len(d.bins) > binsMax {
		d.coarsen()
	}
}

// coarsen merges neighbouring bins.
func (d *distribution) coarsen() {
	d.coarse++
	merged := d.bins[:0]
	for _, b := range d.bins {
		if b.key != zeroKey {
			b.key >>= 1
		}
		if n := len(merged); n > 0 && merged[n-1].key == b.key {
			merged[n-1].add(b)
			continue
		}
		merged = append(merged, b)
	}
	d.bins = merged
}

// percentile is the value below which p percent of all lie; false without one.
func (d *distribution) percentile(p float64) (float64, bool) {
	if d.opaque || d.count == 0 {
		return 0, false
	}
	rank, seen := p/100*d.count, 0.0
	for _, b := range d.bins {
		if seen += b.count; seen >= rank && seen > 0 {
			return min(max(b.sum/b.count, d.low), d.high), true
		}
	}
	return d.high, true
}

// cells is what it costs against the store's limit.
func (d *distribution) cells() int { return 4 + len(d.bins) }
