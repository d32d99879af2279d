package avro_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/kafka/avro"
)

type everything struct {
	Z     string           `avro:"z"`
	At    time.Time        `avro:"at"`
	Day   time.Time        `avro:"day"`
	Maybe *int64           `avro:"maybe"`
	None  *int64           `avro:"none"`
	Kind  string           `avro:"kind"`
	Price big.Rat          `avro:"price"`
	Raw   []byte           `avro:"raw"`
	Hash  [2]byte          `avro:"hash"`
	Many  []float64        `avro:"many"`
	By    map[string]int32 `avro:"by"`
	Inner struct {
		OK   bool    `avro:"ok"`
		Rate float32 `avro:"rate"`
	} `avro:"inner"`
}

const everythingSchema = `{"type":"record","name":"everything","fields":[
{"name":"z","type":"string"},
{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
{"name":"day","type":{"type":"int","logicalType":"date"}},
{"name":"maybe","type":["null","long"]},{"name":"none","type":["null","long"]},
{"name":"kind","type":{"type":"enum","name":"kind","symbols":["A","B"]}},
{"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}},
{"name":"raw","type":"bytes"},{"name":"hash","type":{"type":"fixed","name":"hash","size":2}},
{"name":"many","type":{"type":"array","items":"double"}},
{"name":"by","type":{"type":"map","values":"int"}},
{"name":"inner","type":{"type":"record","name":"inner","fields":[{"name":"ok","type":"boolean"},{"name":"rate","type":"float"}]}}]}`

func TestJSONTellsEverythingInTheSchemasOrder(t *testing.T) {
	t.Parallel()
	r, _, down := registry(t)
	seven := int64(7)
	in := everything{
		Z: "<a&\"\n", At: time.UnixMilli(1_700_000_000_123), Day: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), Maybe: &seven, Kind: "B",
		Price: *big.NewRat(-1234, 100), Raw: []byte{0, 255}, Hash: [2]byte{1, 2}, Many: []float64{1.5, math.Inf(1)}, By: map[string]int32{"k": -3},
	}
	in.Inner.OK, in.Inner.Rate = true, 0.1
	data, err := encoder[everything](t, r, everythingSchema).Append(t.Context(), nil, &in)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"z":"<a&\"\n","at":"2023-11-14T22:13:20.123Z","day":"2026-11-21","maybe":7,"none":null,"kind":"B","price":"-12.34",` +
		`"raw":"AP8=","hash":"AQI=","many":[1.5,"+Inf"],"by":{"k":-3},"inner":{"ok":true,"rate":0.1}}`
	for range 2 { // the second time without the registry
		got, err := r.JSON(t.Context(), data)
		if string(got) != want || err != nil {
			t.Fatalf("%s, %v\nwant %s", got, err, want)
		}
		down.Store(true)
	}
	if id, ok := avro.SchemaID(data); id == 0 || !ok {
		t.Error(id, ok)
	}
}

func TestJSONSaysWhyNot(t *testing.T) {
	t.Parallel()
	r, _, down := registry(t)
	good, err := encoder[readingV1](t, r, v1).Append(t.Context(), nil, &readingV1{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		data  []byte
		class string
	}{
		{nil, avro.ClassShort},
		{[]byte(`{"id":"a"}`), avro.ClassMagic},
		{[]byte{0, 0, 0, 9, 9, 1}, avro.ClassUnknownSchema},
		{good[:len(good)-3], avro.ClassMalformed},
		{append(good[:len(good):len(good)], 0), avro.ClassMalformed},
	} {
		_, err := r.JSON(t.Context(), test.data)
		if e, ok := errors.AsType[*avro.DecodeError](err); !ok || e.ErrorClass() != test.class {
			t.Errorf("% x: %v", test.data, err)
		}
	}
	down.Store(true)
	_, err = r.JSON(t.Context(), []byte{0, 0, 0, 0, 77, 1})
	if e, ok := errors.AsType[*avro.RegistryError](err); !ok || !e.Retriable {
		t.Error(err)
	}
}

// wired is a registry that has one schema, and the beginning of its values.
func wired(t *testing.T, schema string) (*avro.Registry, []byte) {
	t.Helper()
	fake := srfake.New()
	t.Cleanup(fake.Close)
	id, _, err := fake.RegisterSchema("s", sr.Schema{Schema: schema, Type: sr.TypeAvro})
	if err != nil {
		t.Fatal(err)
	}
	r, err := avro.NewRegistry(avro.RegistryConfig{URL: fake.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { http.DefaultTransport.(*http.Transport).CloseIdleConnections() })
	return r, binary.BigEndian.AppendUint32([]byte{0}, uint32(id))
}

// TestRubbishCostsLittle has records that claim to be endless.
func TestRubbishCostsLittle(t *testing.T) {
	t.Parallel()
	r, header := wired(t, `{"type":"array","items":"null"}`)
	endless := binary.AppendVarint(header, 1<<60)
	if _, err := r.JSON(t.Context(), endless); err == nil {
		t.Error("a list of 2^60 nulls was read")
	}
	r, header = wired(t, `{"type":"record","name":"node","fields":[{"name":"next","type":["null","node"]}]}`)
	if got, err := r.JSON(t.Context(), append(header, 2, 2, 0)); string(got) != `{"next":{"next":{"next":null}}}` {
		t.Errorf("%s, %v", got, err)
	}
	deep := header[:5:5]
	for range 1 << 20 {
		deep = append(deep, 2)
	}
	if _, err := r.JSON(t.Context(), deep); err == nil {
		t.Error("a million nested records were read")
	}
}

// TestWhatADecoderReadsIsValidJSON also has rubbish behind a good header.
func TestWhatADecoderReadsIsValidJSON(t *testing.T) {
	t.Parallel()
	r, _, _ := registry(t)
	e := encoder[everything](t, r, everythingSchema)
	header, err := e.Append(t.Context(), nil, &everything{Kind: "A"})
	if err != nil {
		t.Fatal(err)
	}
	d := decoder[everything](t, r, everythingSchema)
	rapid.Check(t, func(t *rapid.T) {
		data := append(header[:5:5], rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")...)
		got, err := r.JSON(t.Context(), data)
		if err == nil && !json.Valid(got) {
			t.Fatalf("%q", got)
		}
		if d.Decode(t.Context(), data, &everything{}) == nil && err != nil {
			t.Fatal(err)
		}
	})
}
