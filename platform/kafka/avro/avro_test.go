package avro_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr/srfake"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/kafka/avro"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type readingV1 struct {
	ID    string  `avro:"id"`
	At    int64   `avro:"at"`
	Speed float64 `avro:"speed"`
	Hired bool    `avro:"hired"`
}

type readingV2 struct {
	ID       string    `avro:"id"`
	At       int64     `avro:"at"`
	Speed    float64   `avro:"speed"`
	Hired    bool      `avro:"hired"`
	Tyres    []float64 `avro:"tyres"`
	Firmware string    `avro:"firmware"`
}

const (
	v1 = `{"type":"record","name":"reading","fields":[{"name":"id","type":"string"},{"name":"at","type":"long"},
{"name":"speed","type":"double"},{"name":"hired","type":"boolean"}]}`
	v2 = `{"type":"record","name":"reading","fields":[{"name":"id","type":"string"},{"name":"at","type":"long"},
{"name":"speed","type":"double"},{"name":"hired","type":"boolean"},
{"name":"tyres","type":{"type":"array","items":"double"},"default":[]},{"name":"firmware","type":"string","default":"unknown"}]}`
	broken = `{"type":"record","name":"reading","fields":[{"name":"id","type":"long"}]}`
)

// registry starts one that counts calls and can be down.
func registry(t testing.TB) (r *avro.Registry, calls *atomic.Int64, down *atomic.Bool) {
	t.Helper()
	fake := srfake.New()
	t.Cleanup(fake.Close)
	calls, down = &atomic.Int64{}, &atomic.Bool{}
	fake.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		calls.Add(1)
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return down.Load()
	})
	r, err := avro.NewRegistry(avro.RegistryConfig{URL: fake.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { http.DefaultTransport.(*http.Transport).CloseIdleConnections() })
	return r, calls, down
}

func encoder[T any](t testing.TB, r *avro.Registry, schema string) *avro.Encoder[T] {
	t.Helper()
	e, err := avro.NewEncoder[T](r, "readings", schema)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func decoder[T any](t testing.TB, r *avro.Registry, schema string) *avro.Decoder[T] {
	t.Helper()
	d, err := avro.NewDecoder[T](r, schema)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestReadersReadOlderAndNewerWriters(t *testing.T) {
	t.Parallel()
	r, _, _ := registry(t)
	old, err := encoder[readingV1](t, r, v1).Append(t.Context(), nil, &readingV1{"a", 1, 2.5, true})
	if err != nil {
		t.Fatal(err)
	}
	young, err := encoder[readingV2](t, r, v2).Append(t.Context(), nil, &readingV2{"b", 2, 3.5, false, []float64{200, 210}, "2.1"})
	if err != nil {
		t.Fatal(err)
	}
	if old[0] != 0 || young[0] != 0 || string(old[1:5]) == string(young[1:5]) {
		t.Fatalf("% x, % x", old[:5], young[:5])
	}
	var got readingV2
	if err := decoder[readingV2](t, r, v2).Decode(t.Context(), old, &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != "a" || got.Firmware != "unknown" || len(got.Tyres) != 0 || !got.Hired {
		t.Fatalf("%+v", got)
	}
	var back readingV1
	if err := decoder[readingV1](t, r, v1).Decode(t.Context(), young, &back); err != nil {
		t.Fatal(err)
	}
	if back != (readingV1{"b", 2, 3.5, false}) {
		t.Fatalf("%+v", back)
	}
}

func TestRegistryDownStopsUnknownSchemasOnly(t *testing.T) {
	t.Parallel()
	r, calls, down := registry(t)
	known, unknown := encoder[readingV1](t, r, v1), encoder[readingV2](t, r, v2)
	reader := decoder[readingV2](t, r, v2)
	data, err := known.Append(t.Context(), nil, &readingV1{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Decode(t.Context(), data, &readingV2{}); err != nil {
		t.Fatal(err)
	}
	down.Store(true)
	before := calls.Load()
	for range 100 {
		if data, err = known.Append(t.Context(), nil, &readingV1{ID: "b"}); err != nil {
			t.Fatal(err)
		}
		if err := reader.Decode(t.Context(), data, &readingV2{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := calls.Load() - before; n != 0 {
		t.Fatalf("%d calls for what is known", n)
	}
	_, err = unknown.Append(t.Context(), nil, &readingV2{})
	if e, ok := errors.AsType[*avro.RegistryError](err); !ok || !e.Retriable {
		t.Fatalf("%v", err)
	}
	down.Store(false)
	if _, err = unknown.Append(t.Context(), nil, &readingV2{}); err != nil {
		t.Fatal(err)
	}
}

func TestIncompatibleSchemaIsRefusedForGood(t *testing.T) {
	t.Parallel()
	fake := srfake.New()
	t.Cleanup(fake.Close)
	fake.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"error_code":409,"message":"Schema being registered is incompatible with an earlier schema"}`)
		return true
	})
	r, err := avro.NewRegistry(avro.RegistryConfig{URL: fake.URL()})
	if err != nil {
		t.Fatal(err)
	}
	err = encoder[readingV1](t, r, broken).Register(t.Context())
	if e, ok := errors.AsType[*avro.RegistryError](err); !ok || e.Retriable {
		t.Fatalf("%v", err)
	}
}

func TestRegistryFailedTellsWhoseErrorItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{io.EOF, false},
		{&avro.DecodeError{Class: avro.ClassShort, Err: io.EOF}, false},
		{&avro.RegistryError{Retriable: true, Err: io.EOF}, true},
		{fmt.Errorf("refine: %w", &avro.RegistryError{Err: io.EOF}), true},
	} {
		if got := avro.RegistryFailed(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

func TestWhatCannotBeDecodedHasAClass(t *testing.T) {
	t.Parallel()
	r, calls, _ := registry(t)
	good, err := encoder[readingV1](t, r, v1).Append(t.Context(), nil, &readingV1{ID: "a", Speed: 1})
	if err != nil {
		t.Fatal(err)
	}
	d := decoder[readingV1](t, r, v1)
	other := decoder[readingV1](t, r, broken)
	for _, test := range []struct {
		name  string
		d     *avro.Decoder[readingV1]
		data  []byte
		class string
	}{
		{"empty", d, nil, avro.ClassShort},
		{"json", d, []byte(`{"id":"a"}`), avro.ClassMagic},
		{"unknown", d, []byte{0, 0, 0, 9, 9, 1}, avro.ClassUnknownSchema},
		{"cut", d, good[:len(good)-3], avro.ClassMalformed},
		{"longer", d, append(good[:len(good):len(good)], 0), avro.ClassMalformed},
		{"other type", other, good, avro.ClassIncompatible},
	} {
		err := test.d.Decode(t.Context(), test.data, &readingV1{})
		if e, ok := errors.AsType[*avro.DecodeError](err); !ok || e.ErrorClass() != test.class {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	before := calls.Load()
	for range 100 {
		_ = d.Decode(t.Context(), []byte{0, 0, 0, 9, 9, 1}, &readingV1{})
	}
	if n := calls.Load() - before; n != 0 {
		t.Errorf("%d calls for an id just found unknown", n)
	}
}

func TestEveryRecordComesBack(t *testing.T) {
	t.Parallel()
	r, _, _ := registry(t)
	e, d := encoder[readingV2](t, r, v2), decoder[readingV2](t, r, v2)
	rapid.Check(t, func(t *rapid.T) {
		in := readingV2{
			ID: rapid.String().Draw(t, "id"), At: rapid.Int64().Draw(t, "at"), Speed: rapid.Float64().Draw(t, "speed"),
			Tyres: rapid.SliceOf(rapid.Float64()).Draw(t, "tyres"), Firmware: rapid.String().Draw(t, "firmware"),
		}
		data, err := e.Append(t.Context(), nil, &in)
		if err != nil {
			t.Fatal(err)
		}
		var out readingV2
		if err := d.Decode(t.Context(), data, &out); err != nil {
			t.Fatal(err)
		}
		if out.ID != in.ID || out.At != in.At || out.Speed != in.Speed || len(out.Tyres) != len(in.Tyres) || out.Firmware != in.Firmware {
			t.Fatalf("%+v, want %+v", out, in)
		}
	})
}

func FuzzDecode(f *testing.F) {
	r, _, _ := registry(f)
	e, d := encoder[readingV2](f, r, v2), decoder[readingV2](f, r, v2)
	good, err := e.Append(f.Context(), nil, &readingV2{ID: "a", Tyres: []float64{1, 2}, Firmware: "2"})
	if err != nil {
		f.Fatal(err)
	}
	for n := range len(good) {
		f.Add(good[:n])
	}
	f.Add(good)
	f.Add(append(good[:6:6], 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4 {
			copy(data[:5], good[:5]) // rubbish behind a good header goes deepest
		}
		err := d.Decode(t.Context(), data, &readingV2{})
		if _, ok := errors.AsType[*avro.DecodeError](err); err != nil && !ok {
			t.Fatal(err)
		}
	})
}

func BenchmarkAvro(b *testing.B) {
	r, _, _ := registry(b)
	in := readingV2{"00000123-00000045", time.Now().UnixMilli(), 43.5, true, []float64{220, 221, 219, 222}, "2.1"}
	e, d := encoder[readingV2](b, r, v2), decoder[readingV2](b, r, v2)
	data, err := e.Append(b.Context(), nil, &in)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := e.Append(b.Context(), nil, &in); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var out readingV2
			if err := d.Decode(b.Context(), data, &out); err != nil {
				b.Fatal(err)
			}
		}
	})
	old, err := encoder[readingV1](b, r, v1).Append(b.Context(), nil, &readingV1{in.ID, in.At, in.Speed, true})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("decode-older", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var out readingV2
			if err := d.Decode(b.Context(), old, &out); err != nil {
				b.Fatal(err)
			}
		}
	})
}
