package window

import (
	"runtime"
	"strconv"
	"testing"
	"time"
)

// heapBytes is what lives on the heap now.
func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkHeap runs ten million records through a job of each kind of windows
// and measures its heap after one million and in the end, at instants that lie
// whole windows apart. It fails if the heap has grown by more than a tenth and
// a little: state that nobody drops.
func BenchmarkHeap(b *testing.B) {
	const early, all = 1_200_000, 10_200_000
	for _, w := range []Windows{Tumbling(time.Minute), Sliding(10*time.Second, time.Second), Session(150 * time.Millisecond)} {
		b.Run(w.String(), func(b *testing.B) {
			for range b.N {
				input := jsonInput(b)
				empty := heapBytes()
				j := newJob(b, w, input, byScan)
				var r cabReading
				var grown [2]int64
				for i, until := range []int64{early, all} {
					for j.done < until {
						j.step(b, &r)
					}
					grown[i] = heapBytes() - empty
				}
				if grown[1] > grown[0]+grown[0]/10+64<<10 {
					b.Errorf("%d B on the heap after %d records, %d B after %d", grown[0], early, grown[1], all)
				}
				b.ReportMetric(float64(grown[0]), "heap-B-early")
				b.ReportMetric(float64(grown[1]), "heap-B-end")
				b.ReportMetric(float64(j.engine.Cells()), "cells")
				b.ReportMetric(float64(j.results), "results")
			}
		})
	}
}

// BenchmarkHeapAfterSpike has half a million keys in one minute and a thousand
// in those after it: what the many took must be given back.
func BenchmarkHeapAfterSpike(b *testing.B) {
	for range b.N {
		empty := heapBytes()
		var out []string
		e := shape{windows: Tumbling(time.Minute)}.engine(b, &out)
		e.cfg.Emit = func(Result[string, tally]) {}
		grown := func(minute int64, keys int) int64 {
			for i := range keys {
				e.Add(strconv.Itoa(i), minute*60_000, reading{})
			}
			e.Advance((minute + 1) * 60_000)
			for i := range 1000 {
				e.Add(strconv.Itoa(i), (minute+1)*60_000, reading{})
			}
			if _, err := e.Changes(nil); err != nil {
				b.Fatal(err)
			}
			return heapBytes() - empty
		}
		calm := grown(0, 1000)
		grown(2, 500_000)
		after := grown(4, 1000)
		if after > 2*calm {
			b.Errorf("%d B on the heap with a thousand keys, %d B after half a million", calm, after)
		}
		b.ReportMetric(float64(calm), "heap-B-calm")
		b.ReportMetric(float64(after), "heap-B-after")
		runtime.KeepAlive(e)
	}
}

// BenchmarkTrucks is the engine alone in the shape of a fleet: each of 2,000
// trucks speaks once a second, and each of its sliding windows gives a result
// every second.
func BenchmarkTrucks(b *testing.B) {
	const trucks = 2000
	keys := make([]string, trucks)
	for i := range keys {
		keys[i] = "truck-" + strconv.Itoa(i)
	}
	results := 0
	e, err := New(Config[string, float64, Stats]{
		Windows: Sliding(10*time.Second, time.Second),
		Add:     func(s *Stats, value float64) { s.Add(value) },
		Merge:   (*Stats).Merge,
		Emit:    func(r Result[string, Stats]) { results++ },
		Keys:    StringKeys[string](),
		State: Codec[Stats]{
			Append: func(dst []byte, s *Stats) []byte { return s.Append(dst) },
			Decode: func(data []byte, s *Stats) error { r := NewReader(data); *s = r.Stats(); return r.Close() },
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	var changes []Change
	before := cpuSeconds()
	for i := range b.N {
		at := int64(i/trucks) * 1000
		if e.Add(keys[i%trucks], at, float64(i%97)) != Counted {
			b.Fatalf("event %d is late", i)
		}
		if i%trucks == trucks-1 {
			e.Advance(at)
			if changes, err = e.Changes(changes[:0]); err != nil {
				b.Fatal(err)
			}
		}
	}
	if used := cpuSeconds() - before; b.N > trucks && used > 0 {
		b.ReportMetric(float64(b.N)/used, "events/CPU-s")
		b.ReportMetric(float64(results)/float64(b.N), "results/event")
	}
}
