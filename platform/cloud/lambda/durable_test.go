package lambda

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/store/storetest"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// twins are two services that get the same calls: one is never reopened, the
// other now and then closed or crashed. They must answer alike. Neither runs:
// what only its readers and workers change is tested apart.
type twins struct {
	t      *rapid.T
	clk    *storetest.Clock
	disk   *storetest.Disk
	sides  [2]*Service
	labels [2]map[string]string // of random ids, in the order they were first seen
	events int
}

func newTwins(t *rapid.T) *twins {
	w := &twins{t: t, clk: &storetest.Clock{At: time.Unix(1_700_000_000, 0)}, disk: storetest.New(t)}
	w.labels = [2]map[string]string{{}, {}}
	w.sides[0], w.sides[1] = w.open(nil), w.open(w.disk.Data())
	w.create("f")
	return w
}

func (w *twins) open(data *store.Data) *Service {
	s, err := New(Config{
		Wall: w.clk, Data: data, Launcher: selfLauncher{}, Roles: &fakeRoles{}, Streams: newFakeStreams("a", "b"),
		Destinations: &fakeDestination{}, Endpoint: func() string { return "" },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

var uuidPattern = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

func (w *twins) each(what string, answer func(side int, s *Service) (any, error)) {
	w.t.Helper()
	storetest.Alike(w.t, what, func(side int) string {
		labels := w.labels[side]
		return uuidPattern.ReplaceAllStringFunc(storetest.Answer(answer(side, w.sides[side])), func(id string) string {
			if labels[id] == "" {
				labels[id] = fmt.Sprint("id", len(labels))
			}
			return labels[id]
		})
	})
}

func (w *twins) call(op func(*Service) wire.Operation, in any) {
	w.t.Helper()
	w.each(fmt.Sprintf("%T", in), func(_ int, s *Service) (any, error) {
		return op(s).Handle(context.Background(), &wire.Call{}, in)
	})
}

func (w *twins) name() string {
	return rapid.SampledFrom([]string{"f", "f", "g"}).Draw(w.t, "function")
}

func (w *twins) qualifier() string {
	return rapid.SampledFrom([]string{"", "1", "2", "live"}).Draw(w.t, "qualifier")
}

func (w *twins) create(name string) {
	in := &createFunctionInput{FunctionName: name, Code: &FunctionCode{S3Bucket: HandlerBucket, S3Key: "echo"}, Tags: map[string]string{"a": "b"}}
	in.Role, in.Handler, in.Runtime, in.Publish = ptr(testRole), ptr("bootstrap"), ptr(runtimeName), name == "f"
	w.call((*Service).createFunction, in)
}

func (w *twins) pass(*rapid.T) {
	w.clk.At = w.clk.At.Add(time.Duration(rapid.IntRange(1, 100_000).Draw(w.t, "ms")) * time.Millisecond)
}

func (w *twins) reopen(*rapid.T) {
	w.disk.Reopen()
	w.renew()
}

func (w *twins) crash(*rapid.T) {
	w.disk.Crash(rand.New(rand.NewPCG(rapid.Uint64().Draw(w.t, "crash"), 0)))
	w.renew()
}

// renew opens the one side again and compares all that can be seen.
func (w *twins) renew() {
	w.sides[1] = w.open(w.disk.Data())
	for _, name := range []string{"f", "g"} {
		of := target{FunctionName: name}
		w.call((*Service).listVersionsByFunction, &listVersionsInput{function: of})
		w.call((*Service).listAliases, &listAliasesInput{function: of})
		w.call((*Service).listFunctionEventInvokeConfigs, &listEventConfigsInput{function: of})
		w.call((*Service).getFunctionConcurrency, &getFunctionConcurrencyInput{of})
		w.call((*Service).getFunction, &getFunctionInput{of})
		w.each("events", func(_ int, s *Service) (any, error) {
			f := s.functions[name]
			if f == nil || f.events == nil {
				return nil, nil
			}
			var list []any
			for _, id := range slices.Sorted(maps.Keys(f.events.events)) {
				list = append(list, f.events.events[id], string(f.events.events[id].Payload))
			}
			return list, nil
		})
	}
	w.each("mappings", func(side int, s *Service) (any, error) {
		var list []any
		byLabel := func(a, b *mapping) int { return strings.Compare(w.labels[side][a.id], w.labels[side][b.id]) }
		for _, m := range slices.SortedFunc(maps.Values(s.mappings), byLabel) {
			v := m.view()
			v.State = "" // of readers, and there are none
			list = append(list, v, m.shards)
		}
		return list, nil
	})
}

func TestReopenedFunctionsAnswerAsIfNothingHadHappened(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newTwins(t)
		defer func() { w.disk.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"functions": w.onFunctions, "names": w.onNames, "mappings": w.onMappings, "events": w.onEvents,
			"pass": w.pass, "reopen": w.reopen, "crash": w.crash,
		})
		w.reopen(t)
	})
}
