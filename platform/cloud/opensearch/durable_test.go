package opensearch

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/store/storetest"
)

// twins are two domains that get the same requests: one is never reopened, the
// other now and then closed or crashed. They must answer alike.
type twins struct {
	t     *rapid.T
	clk   *storetest.Clock
	disk  *storetest.Disk
	sides [2]bench
}

func (w *twins) open(t testing.TB, data *store.Data) bench {
	s, err := New(Config{Clock: w.clk, Data: data, SourceBytesMax: 1})
	if err != nil {
		w.t.Fatal(err)
	}
	return bench{t, s}
}

// call makes one request on both sides and compares the answers, but for what
// is random or counts versions that are not shown.
func (w *twins) call(method, path, body string) {
	storetest.Alike(w.t, method+" "+path+" "+body, func(side int) string {
		code, out := w.sides[side].do(method, path, body)
		if side == 1 {
			w.disk.Wait()
		}
		scrub(out)
		return uuids.ReplaceAllString(fmt.Sprint(code, storetest.Answer(out, nil)), "")
	})
}

var uuids = regexp.MustCompile(`/[\w-]{22}\b`)

func scrub(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range []string{"uuid", "index_uuid", "took", "creation_date", "docs.deleted"} {
			delete(v, name)
		}
		for _, member := range v {
			scrub(member)
		}
	case []any:
		for _, element := range v {
			scrub(element)
		}
	}
}

func (w *twins) id() string { return rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(w.t, "id") }
func (w *twins) index() string {
	return rapid.SampledFrom([]string{"a", "b", "c-1"}).Draw(w.t, "index")
}

// compare looks at everything there is.
func (w *twins) compare() {
	w.call("POST", "/_refresh", "")
	w.call("GET", "/_all", "")
	w.call("GET", "/_index_template", "")
	w.call("POST", "/_all/_search", `{"size":100,"version":true,"seq_no_primary_term":true,"sort":["_id"],"aggs":{"s":{"stats":{"field":"n"}},"k":{"terms":{"field":"k"}}}}`)
	for _, id := range []string{"1", "2", "3", "4"} {
		w.call("GET", "/a/_doc/"+id, "")
	}
}

func TestTwins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := &twins{t: r, clk: &storetest.Clock{At: time.Unix(1_790_000_000, 0)}, disk: storetest.New(r)}
		defer func() { w.disk.Close() }()
		w.sides[0], w.sides[1] = w.open(t, nil), w.open(t, w.disk.Data())
		defer func() { w.sides[0].s.sources.spill.Close() }()
		r.Repeat(map[string]func(*rapid.T){
			"index": func(r *rapid.T) {
				query := rapid.SampledFrom([]string{"", "?refresh=true", "?op_type=create", "?version_type=external&version=3", "?version_type=external&version=6"}).Draw(r, "query")
				w.call("PUT", "/"+w.index()+"/_doc/"+w.id()+query, fmt.Sprintf(`{"n":%d,"k":["x","y%d"],"o":{"t":"some words"}}`, rapid.IntRange(0, 9).Draw(r, "n"), rapid.IntRange(0, 3).Draw(r, "k")))
			},
			"bad": func(*rapid.T) { w.call("PUT", "/"+w.index()+"/_doc/"+w.id(), `{"fresh":1,"n":"x"}`) },
			"update": func(r *rapid.T) {
				w.call("POST", "/"+w.index()+"/_update/"+w.id(), fmt.Sprintf(`{"doc":{"n":%d},"doc_as_upsert":true}`, rapid.IntRange(0, 9).Draw(r, "n")))
			},
			"delete": func(*rapid.T) { w.call("DELETE", "/"+w.index()+"/_doc/"+w.id(), "") },
			"drop":   func(*rapid.T) { w.call("DELETE", "/"+w.index(), "") },
			"create": func(*rapid.T) {
				w.call("PUT", "/"+w.index(), `{"mappings":{"properties":{"k":{"type":"keyword"}}},"aliases":{"al":{}}}`)
			},
			"alias":   func(*rapid.T) { w.call("PUT", "/"+w.index()+"/_alias/other", `{"is_write_index":false}`) },
			"refresh": func(*rapid.T) { w.call("POST", "/_refresh", "") },
			"template": func(*rapid.T) {
				w.call("PUT", "/_index_template/t", `{"index_patterns":["c-*"],"template":{"settings":{"number_of_replicas":0},"mappings":{"properties":{"k":{"type":"keyword","ignore_above":5}}}}}`)
			},
			"reopen": func(*rapid.T) {
				w.compare()
				w.disk.Reopen()
				w.sides[1] = w.open(t, w.disk.Data())
				w.compare()
			},
			"crash": func(r *rapid.T) {
				w.disk.Crash(rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0)))
				w.sides[1] = w.open(t, w.disk.Data())
				w.compare()
			},
		})
	})
}

// An entry that is not as it was written is refused by name, not served.
func TestDamageIsNamed(t *testing.T) {
	t.Parallel()
	disk := storetest.New(t)
	defer disk.Close()
	clk := &storetest.Clock{At: time.Unix(1_790_000_000, 0)}
	s, err := New(Config{Clock: clk, Data: disk.Data()})
	if err != nil {
		t.Fatal(err)
	}
	b := bench{t, s}
	b.must("PUT", "/x/_doc/1", `{"n":1}`)
	key := s.indexes["x"].docKey(0)
	for _, value := range []string{"", "\x07", "\x00\x01", "\x00\x01\x09a", "\x00\x01\x011{bad"} {
		disk.Data().Stage(func(c *store.Changes) { c.Put(key, []byte(value)) })
		disk.Reopen()
		if _, err := New(Config{Clock: clk, Data: disk.Data()}); err == nil {
			t.Errorf("the entry %q was taken", value)
		}
	}
}
