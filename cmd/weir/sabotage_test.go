package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/weirstream/weir/platform/cloud/kinesis"
	"github.com/weirstream/weir/platform/cloud/wire"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/event"
)

// short is a load that is quick to send and large enough to sabotage.
func short(more ...string) []string {
	return append([]string{"location", "--for", "3s", "--rate", "60", "--devices", "50"}, more...)
}

// TestSabotage breaks runs on purpose. They mostly wait (for an offer that never
// comes, even hasty devices do), so they run all at once: t.Parallel would run
// only as many as there are cores.
func TestSabotage(t *testing.T) {
	tests := []struct {
		name string
		run  func(t *testing.T)
	}{
		{"dropped record is named", droppedRecordIsNamed},
		{"swapped offer is named", swappedOfferIsNamed},
		{"late function fails its objective", lateFunctionFailsItsObjective},
		{"doubled record is reported and passes", doubledRecordIsReportedAndPasses},
		{"offer pushed twice fails", offerPushedTwiceFails},
		{"function gone for good", functionGoneForGood},
		{"each permission counts", eachPermissionCounts},
	}
	var together sync.WaitGroup
	for _, test := range tests {
		together.Go(func() { t.Run(test.name, test.run) })
	}
	together.Wait()
}

// onPuts hooks PutRecords on a stream.
func onPuts(stream string, hook func(ctx context.Context, in *kinesis.PutRecordsInput, next wire.Next) (any, error)) sabotage {
	return sabotage{hooks: []wire.Hook{
		func(ctx context.Context, call *wire.Call, in any, next wire.Next) (any, error) {
			put, ok := in.(*kinesis.PutRecordsInput)
			if !ok || aws.ToString(put.StreamName) != stream {
				return next(ctx, in)
			}
			return hook(ctx, put, next)
		},
	}}
}

// wantFailure asserts exit 1 and that some failed outcome says each word.
func wantFailure(t *testing.T, g graded, words ...string) {
	t.Helper()
	if g.exit != exitFailed || g.verdict.Pass {
		t.Fatalf("exit %d, pass %v: the sabotage went unnoticed\n%s", g.exit, g.verdict.Pass, g.screen)
	}
	all := strings.Join(g.failed(), "\n")
	for _, word := range words {
		if !strings.Contains(all, word) {
			t.Errorf("no failed outcome says %q:\n%s", word, all)
		}
	}
}

// droppedRecordIsNamed acknowledges one signup without storing it.
func droppedRecordIsNamed(t *testing.T) {
	var dropped atomic.Pointer[string]
	s := onPuts("location-signups", func(ctx context.Context, in *kinesis.PutRecordsInput, next wire.Next) (any, error) {
		id := idOf(in.Records[0].Data)
		if len(in.Records) == 0 || id == "" || !dropped.CompareAndSwap(nil, &id) {
			return next(ctx, in)
		}
		first := in.Records[0]
		rest := *in
		rest.Records = append(slices.Clone(in.Records[1:]), first)
		rest.Records[len(rest.Records)-1].Data = []byte("{}") // takes the lost one's place in the reply
		out, err := next(ctx, &rest)
		if reply, ok := out.(*kinesis.PutRecordsOutput); ok {
			n := len(reply.Records) - 1
			reply.Records = append([]kinesis.PutRecordsResult{reply.Records[n]}, reply.Records[:n]...)
		}
		return out, err
	})
	s.entry = hasty
	g := runWeir(t, s, short()...)
	wantFailure(t, g, "hop device → location-signups: 1 lost ("+*dropped.Load()+")")
	if h := g.hop(t, "location-signups"); !slices.Equal(h.LostIDs, []string{*dropped.Load()}) {
		t.Errorf("lost ids %v, want %s", h.LostIDs, *dropped.Load())
	}
}

func idOf(data []byte) string {
	var e struct{ ID string }
	_ = json.Unmarshal(data, &e) // rubbish has no id
	return e.ID
}

// swappedOfferIsNamed gives one subscriber another place's answer.
func swappedOfferIsNamed(t *testing.T) {
	var swapped atomic.Pointer[string]
	g := runWeir(t, onPuts("location-offers", func(ctx context.Context, in *kinesis.PutRecordsInput, next wire.Next) (any, error) {
		id := idOf(in.Records[0].Data)
		if !swapped.CompareAndSwap(nil, &id) {
			return next(ctx, in)
		}
		var offer event.Offer
		if err := json.Unmarshal(in.Records[0].Data, &offer); err != nil {
			t.Errorf("offer: %v", err)
		}
		offer.PoP = "nowhere"
		in.Records[0].Data, _ = json.Marshal(offer)
		return next(ctx, in)
	}), short()...)
	wantFailure(t, g, *swapped.Load(), "nowhere")
}

// lateFunctionFailsItsObjective delays every publication of the function.
func lateFunctionFailsItsObjective(t *testing.T) {
	g := runWeir(t, onPuts("location-offers", func(ctx context.Context, in *kinesis.PutRecordsInput, next wire.Next) (any, error) {
		select {
		case <-time.After(400 * time.Millisecond):
		case <-ctx.Done():
		}
		return next(ctx, in)
	}), short()...)
	wantFailure(t, g, "p99 signup→offer")
	if failed := g.failed(); len(failed) != 1 {
		t.Errorf("a late function fails its objective and nothing else: %q", failed)
	}
}

// doubledRecordIsReportedAndPasses stores one offer twice, which an
// at-least-once hop may do.
func doubledRecordIsReportedAndPasses(t *testing.T) {
	var done atomic.Bool
	g := runWeir(t, onPuts("location-offers", func(ctx context.Context, in *kinesis.PutRecordsInput, next wire.Next) (any, error) {
		if done.CompareAndSwap(false, true) {
			twice := *in
			twice.Records = in.Records[:1]
			if _, err := next(ctx, &twice); err != nil {
				return nil, err
			}
		}
		return next(ctx, in)
	}), short()...)
	if broken := g.broken(); len(broken) > 0 {
		t.Fatalf("exit %d: %q", g.exit, broken)
	}
	if h := g.hop(t, "location-offers"); h.Duplicates != 1 || h.Lost != 0 {
		t.Errorf("duplicates %d, lost %d; want 1, 0", h.Duplicates, h.Lost)
	}
	if h := g.hop(t, "browser"); h.Duplicates != 0 {
		t.Errorf("%d duplicates reached a browser", h.Duplicates)
	}
}

// offerPushedTwiceFails puts a proxy between devices and app that repeats
// one offer event.
func offerPushedTwiceFails(t *testing.T) {
	var doubled atomic.Bool
	g := runWeir(t, sabotage{world: func(w *scenario.World) {
		w.URL = through(t, w.URL, func(body []byte) []byte {
			at := bytes.Index(body, []byte("event: offer"))
			if at < 0 || !doubled.CompareAndSwap(false, true) {
				return body
			}
			start := bytes.LastIndex(body[:at], []byte("\n\n")) + 2
			if start == 1 {
				start = 0
			}
			return append(slices.Clone(body), body[start:]...)
		})
	}}, short()...)
	wantFailure(t, g, "hop location-offers → browser", "1 duplicates")
}

// through puts a proxy that changes whole response bodies before a URL.
func through(t *testing.T, real func(string) string, change func([]byte) []byte) func(string) string {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			target, err := url.Parse(real("app"))
			if err != nil {
				t.Errorf("app's URL: %v", err)
				return
			}
			r.SetURL(target)
		},
		ModifyResponse: func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			r.Body = io.NopCloser(bytes.NewReader(change(body)))
			r.Header.Del("Content-Length")
			r.ContentLength = -1
			return nil
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return func(string) string { return server.URL }
}

// functionGoneForGood deletes the function in mid-run: every later signup
// is owed an offer, and the run says so and ends.
func functionGoneForGood(t *testing.T) {
	var base aws.Config
	var gone sync.Once
	deleted := make(chan struct{})
	var published atomic.Int32
	s := onPuts("location-offers", func(ctx context.Context, in *kinesis.PutRecordsInput, next wire.Next) (any, error) {
		if published.Add(int32(len(in.Records))) > 20 {
			gone.Do(func() {
				go func() {
					defer close(deleted)
					_, err := lambda.NewFromConfig(base).DeleteFunction(context.WithoutCancel(ctx),
						&lambda.DeleteFunctionInput{FunctionName: aws.String("location-offers")})
					if err != nil {
						t.Errorf("delete the function: %v", err)
					}
				}()
			})
			select { // nothing more is published before the function is gone
			case <-deleted:
			case <-ctx.Done():
			}
		}
		return next(ctx, in)
	})
	s.world = func(w *scenario.World) { base = w.Base }
	s.entry = hasty
	g := runWeir(t, s, short()...)
	wantFailure(t, g, "hop location-signups → location-offers", "exactly one offer")
	if h := g.hop(t, "location-signups"); h.Lost != 0 {
		t.Errorf("the hop before the function lost %d", h.Lost)
	}
}

// eachPermissionCounts takes one permission from one component at a time
// and sees that component fail, by name, while what comes before it works.
func eachPermissionCounts(t *testing.T) {
	tests := []struct {
		component, permission string
		words                 []string
	}{
		{"app", "kinesis:PutRecords", []string{"every planned signup"}},
		{"function", "kinesis:PutRecords", []string{"hop location-signups → location-offers"}},
		{"audit", "kinesis:GetRecords", []string{"audit of stream", "kinesis:GetRecords"}},
		{"deployer", "lambda:CreateFunction", []string{"provision", "lambda:CreateFunction"}},
	}
	var together sync.WaitGroup
	for _, test := range tests {
		together.Go(func() {
			t.Run(test.component, func(t *testing.T) {
				g := runWeir(t, sabotage{entry: func(e *scenario.Entry) {
					e.Scenario = without{e.Scenario, test.component + ".json", test.permission}
					hasty(e)
				}}, short()...)
				wantFailure(t, g, test.words...)
			})
		})
	}
	together.Wait()
}

// without is a scenario whose one policy lacks one permission.
type without struct {
	scenario.Scenario
	file, permission string
}

func (w without) Roles() fs.FS {
	changed := fstest.MapFS{}
	_ = fs.WalkDir(w.Scenario.Roles(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(w.Scenario.Roles(), path)
		if path == w.file {
			data = bytes.ReplaceAll(data, []byte(`"`+w.permission+`"`), []byte(`"none:Nothing"`))
		}
		changed[path] = &fstest.MapFile{Data: data}
		return err
	})
	return changed
}
