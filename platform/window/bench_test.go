package window

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/goccy/go-json"
	"github.com/hamba/avro/v2"
)

// decoder reads one record; the time it sets is AtMilli.
type decoder func(data []byte, r *cabReading) error

func byScan(data []byte, r *cabReading) error {
	err := scan(data, r)
	if err == nil {
		r.AtMilli, _ = millis(r.Time)
	}
	return err
}

func byGoJSON(data []byte, r *cabReading) error {
	err := json.Unmarshal(data, r)
	if err == nil {
		r.AtMilli, _ = millis(r.Time)
	}
	return err
}

func byAvro() decoder {
	schema := avro.MustParse(cabSchema)
	return func(data []byte, r *cabReading) error { return avro.Unmarshal(schema, data, r) }
}

// names gives texts that come again and again one memory, so that keys do not
// hold on to records.
type names map[string]string

func (n names) of(text string) string {
	if name, ok := n[text]; ok {
		return name
	}
	name := string([]byte(text))
	n[name] = name
	return name
}

// job is what a stage does with each record, all but fetching and writing:
// decode, watermark, window, results, and once a second of input a commit.
type job struct {
	input   [][]byte
	decode  decoder
	engine  *Engine[zoneStatus, *cabReading, totals]
	marks   *Watermarks
	sources [6]string
	names   names

	span       int64 // of event time in the input
	done       int64 // records
	commitAt   int64
	results    int64
	changes    []Change
	stateBytes int64
	commits    int64
}

func newJob(tb testing.TB, windows Windows, input [][]byte, decode decoder) *job {
	tb.Helper()
	j := &job{input: input, decode: decode, names: names{}, span: int64(len(input)) * 1000 / benchPerSecond}
	for i := range j.sources {
		j.sources[i] = strconv.Itoa(i)
	}
	var err error
	if j.marks, err = NewWatermarks(WatermarksConfig{OutOfOrderness: 2 * time.Second}); err != nil {
		tb.Fatal(err)
	}
	j.engine, err = New(Config[zoneStatus, *cabReading, totals]{
		Windows: windows, Add: (*totals).add, Merge: (*totals).merge, Keys: zoneStatusCodec(), State: totalsCodec(),
		Emit: func(r Result[zoneStatus, totals]) { j.results += int64(min(r.Value.events, 1)) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return j
}

// step works on one record; every 500th ends a batch.
func (j *job) step(tb testing.TB, r *cabReading) {
	n := j.done
	j.done++
	if err := j.decode(j.input[n%int64(len(j.input))], r); err != nil {
		tb.Fatal(err)
	}
	at := r.AtMilli + n/int64(len(j.input))*j.span
	source := j.sources[n%int64(len(j.sources))]
	j.marks.Event(source, at)
	r.Cab = j.names.of(r.Cab)
	if outcome := j.engine.Add(zoneStatus{j.names.of(r.Zone), j.names.of(r.Status)}, at, r); outcome != Counted {
		tb.Fatalf("record %d has outcome %d", n, outcome)
	}
	if j.done%500 == 0 {
		j.endBatch(tb)
	}
}

func (j *job) endBatch(tb testing.TB) {
	watermark := j.marks.Current()
	j.engine.Advance(watermark)
	if watermark < j.commitAt+1000 {
		return
	}
	j.commitAt = floor(watermark, 1000)
	clear(j.changes)
	var err error
	if j.changes, err = j.engine.Changes(j.changes[:0]); err != nil {
		tb.Fatal(err)
	}
	for _, c := range j.changes {
		j.stateBytes += int64(len(c.Key) + len(c.Value))
	}
	j.commits++
}

func benchmarkJob(b *testing.B, windows Windows, input func(testing.TB) [][]byte, decode decoder) {
	j := newJob(b, windows, input(b), decode)
	runtime.GC()
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuSeconds()
	var r cabReading
	for range b.N {
		j.step(b, &r)
	}
	b.StopTimer()
	if b.N < benchPerSecond {
		return
	}
	if used := cpuSeconds() - before; used > 0 {
		b.ReportMetric(float64(b.N)/used, "events/CPU-s")
	}
	b.ReportMetric(float64(j.stateBytes)/float64(max(j.commits, 1)), "state-B/commit")
	b.ReportMetric(float64(j.results), "results")
}

// Figures of five million records: go test -run '^$' -bench Job -benchtime 5000000x
func BenchmarkJob(b *testing.B) {
	for _, w := range []Windows{Tumbling(time.Minute), Sliding(10*time.Second, time.Second)} {
		b.Run(w.String()+"/scan", func(b *testing.B) { benchmarkJob(b, w, jsonInput, byScan) })
		b.Run(w.String()+"/go-json", func(b *testing.B) { benchmarkJob(b, w, jsonInput, byGoJSON) })
		b.Run(w.String()+"/avro", func(b *testing.B) { benchmarkJob(b, w, avroInput, byAvro()) })
	}
}
