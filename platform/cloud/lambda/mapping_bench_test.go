package lambda

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// fakeFunction is a function whose behaviour is a Go function. It notes every
// batch and counts batches that overlap with another of the same key.
type fakeFunction struct {
	behave func(batch fakeBatch) (Result, error)

	mu       sync.Mutex
	inHand   map[string]int // by shard, and by shard and key
	most     int            // batches of one shard at once
	batches  []fakeBatch
	counters counters
	overlaps int
}

type fakeBatch struct {
	shard   string
	keys    []string
	numbers []string
	data    []string
	at      time.Time
	event   windowEvent // its window and state, if any
}

func (f *fakeFunction) executionRole(string) (string, error) { return testRole, nil }
func (f *fakeFunction) functionARN(name string) string       { return "arn:function:" + name }
func (f *fakeFunction) totals(string) *counters              { return &f.counters }

func (f *fakeFunction) Invoke(_ context.Context, _ string, payload []byte) (Result, error) {
	b := fakeBatch{at: clock.Wall{}.Now()}
	if err := json.Unmarshal(payload, &b.event); err != nil {
		return Result{}, err
	}
	b.shard = b.event.ShardID
	for _, r := range b.event.Records {
		b.shard, _, _ = strings.Cut(r.EventID, ":")
		b.keys = append(b.keys, r.Kinesis.PartitionKey)
		b.numbers = append(b.numbers, r.Kinesis.SequenceNumber)
		b.data = append(b.data, string(r.Kinesis.Data))
	}
	f.mu.Lock()
	f.batches = append(f.batches, b)
	behave := f.behave
	f.mu.Unlock()
	f.hold(b, 1)
	clock.Wall{}.Sleep(context.Background(), time.Millisecond)
	r, err := Result{RequestID: "r", Payload: []byte(`{"state":{}}`)}, error(nil)
	if behave != nil {
		r, err = behave(b)
	}
	f.hold(b, -1)
	return r, err
}

// hold counts a batch as in hand, or no longer.
func (f *fakeFunction) hold(b fakeBatch, change int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.inHand == nil {
		f.inHand = map[string]int{}
	}
	f.inHand[b.shard] += change
	f.most = max(f.most, f.inHand[b.shard])
	for _, key := range slices.Compact(slices.Sorted(slices.Values(b.keys))) {
		key = b.shard + ":" + key
		if f.inHand[key] += change; f.inHand[key] > 1 {
			f.overlaps++
		}
	}
}

// all is every batch so far.
func (f *fakeFunction) all() []fakeBatch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.batches)
}

// does sets how the function behaves from now on.
func (f *fakeFunction) does(behave func(fakeBatch) (Result, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behave = behave
}

// seen is the data of every batch so far, batches in brackets.
func (f *fakeFunction) seen() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, b := range f.batches {
		out = append(out, "["+strings.Join(b.data, " ")+"]")
	}
	return strings.Join(out, "")
}

func (f *fakeFunction) calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.batches)
}

// bench is a mapping under test, in fake time.
type bench struct {
	*mapping
	streams  *fakeStreams
	function *fakeFunction
	queue    *fakeDestination
	roles    *fakeRoles
	log      *fakeLog
	stop     func() // ends run and waits
}

// fakeLog keeps what was logged, as "message key=value key=value".
type fakeLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *fakeLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *fakeLog) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *fakeLog) WithGroup(string) slog.Handler            { return l }

func (l *fakeLog) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

// with is every line so far that holds all the parts.
func (l *fakeLog) with(parts ...string) (lines []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
			lines = append(lines, line)
		}
	}
	return lines
}

// newBench starts a mapping; call it in a synctest bubble.
func newBench(t *testing.T, streams *fakeStreams, settings mappingSettings, change ...func(*mapping)) *bench {
	t.Helper()
	b := &bench{streams: streams, function: &fakeFunction{}, queue: &fakeDestination{}, roles: &fakeRoles{}, log: &fakeLog{}}
	now := clock.Wall{}.Now()
	b.mapping = &mapping{
		id: "id", source: source{streamARN: testStream}, start: Position{Type: TrimHorizon},
		function: "f", settings: settings, enabled: true, state: stateCreating, result: resultNone,
		shards: map[string]*place{},
		deps: mappingDeps{
			wall: clock.Wall{}, sim: clock.Simulated{Epoch: now, Origin: now, Speed: 1},
			streams: streams, destinations: b.queue, roles: b.roles, functions: b.function,
			log: slog.New(b.log),
		},
	}
	for _, c := range change {
		c(b.mapping)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); b.run(ctx) }()
	b.stop = func() { cancel(); <-done }
	return b
}

func pushed(m *mapping) { m.source.consumerARN = testStream + "/consumer/c:1" }

func fails(kind string) (Result, error) {
	return Result{RequestID: "r", FunctionError: kind, Payload: []byte(`{}`)}, nil
}
