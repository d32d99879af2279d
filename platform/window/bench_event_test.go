package window

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/goccy/go-json"
	"github.com/hamba/avro/v2"
)

// What benchmarks run over: readings of 5,000 cabs, 10,000 a second of event
// time, that drift through 64 zones; up to a second out of order, in about 200
// bytes. So many are made, and used again with their time moved on.
const (
	benchCabs       = 5000
	benchZones      = 64
	benchPerSecond  = 10_000
	benchReadings   = 200_000
	benchBehindMost = 1000 // ms
)

// cabReading is what the job needs of a reading.
type cabReading struct {
	Cab     string  `json:"cab" avro:"cab"`
	Time    string  `json:"event_time" avro:"-"`
	AtMilli int64   `json:"-" avro:"event_time"`
	Zone    string  `json:"zone" avro:"zone"`
	Status  string  `json:"status" avro:"status"`
	Speed   float64 `json:"speed_kmh" avro:"speed_kmh"`
	PickUp  bool    `json:"pick_up" avro:"pick_up"`
}

// zoneStatus is the key.
type zoneStatus struct{ zone, status string }

func zoneStatusCodec() Codec[zoneStatus] {
	return Codec[zoneStatus]{
		Append: func(dst []byte, k *zoneStatus) []byte {
			dst = binary.AppendUvarint(dst, uint64(len(k.zone)))
			return append(append(dst, k.zone...), k.status...)
		},
		Decode: func(data []byte, k *zoneStatus) error {
			r := NewReader(data)
			k.zone, k.status = string(r.Bytes(r.Count())), string(r.Rest())
			return r.Close()
		},
	}
}

// totals is what is known of a zone's cabs of a status in a minute.
type totals struct {
	events, pickUps uint64
	cabs            Set[string]
	speed           Stats
}

func (t *totals) add(r *cabReading) {
	t.events++
	if r.PickUp {
		t.pickUps++
	}
	t.cabs.Add(r.Cab)
	t.speed.Add(r.Speed)
}

func (t *totals) merge(from *totals) {
	t.events += from.events
	t.pickUps += from.pickUps
	t.cabs.Merge(&from.cabs)
	t.speed.Merge(&from.speed)
}

func totalsCodec() Codec[totals] {
	return Codec[totals]{
		Append: func(dst []byte, t *totals) []byte {
			dst = binary.AppendUvarint(binary.AppendUvarint(dst, t.events), t.pickUps)
			return t.speed.Append(AppendTexts(dst, &t.cabs))
		},
		Decode: func(data []byte, t *totals) error {
			r := NewReader(data)
			t.events, t.pickUps, t.cabs, t.speed = r.Uvarint(), r.Uvarint(), r.Texts(), r.Stats()
			return r.Close()
		},
	}
}

const cabSchema = `{"type":"record","name":"Activity","fields":[
	{"name":"id","type":"string"},{"name":"run_id","type":"string"},{"name":"cab","type":"string"},
	{"name":"seq","type":"long"},{"name":"event_time","type":"long"},{"name":"zone","type":"string"},
	{"name":"lat","type":"double"},{"name":"lon","type":"double"},{"name":"speed_kmh","type":"double"},
	{"name":"status","type":"string"},{"name":"pick_up","type":"boolean"},{"name":"drop_off","type":"boolean"},
	{"name":"schema","type":"int"},{"name":"note","type":"string"}]}`

// fullReading is all that travels.
type fullReading struct {
	ID      string  `json:"id" avro:"id"`
	RunID   string  `json:"run_id" avro:"run_id"`
	Cab     string  `json:"cab" avro:"cab"`
	Seq     int64   `json:"seq" avro:"seq"`
	Time    string  `json:"event_time" avro:"-"`
	AtMilli int64   `json:"-" avro:"event_time"`
	Zone    string  `json:"zone" avro:"zone"`
	Lat     float64 `json:"-" avro:"lat"`
	Lon     float64 `json:"-" avro:"lon"`
	Speed   float64 `json:"speed_kmh" avro:"speed_kmh"`
	Status  string  `json:"status" avro:"status"`
	PickUp  bool    `json:"pick_up" avro:"pick_up"`
	DropOff bool    `json:"drop_off" avro:"drop_off"`
	Schema  int     `json:"-" avro:"schema"`
	Note    string  `json:"-" avro:"note"` // fills up what JSON needs for names
}

// benchInput writes all readings in a form.
func benchInput(tb testing.TB, write func(fullReading) ([]byte, error)) [][]byte {
	tb.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	epoch := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	all := make([][]byte, benchReadings)
	bytes := 0
	for i := range all {
		cab := i % benchCabs
		at := epoch.UnixMilli() + int64(i)*1000/benchPerSecond - random.Int64N(benchBehindMost)
		zone := (cab + i/benchCabs/10) % benchZones
		data, err := write(fullReading{
			ID: fmt.Sprintf("%08d-%08d", cab, i/benchCabs), RunID: "r-0123456789ab", Cab: fmt.Sprintf("cab-%08d", cab), Seq: int64(i / benchCabs),
			Time: time.UnixMilli(at).UTC().Format("2006-01-02T15:04:05.000Z"), AtMilli: at,
			Zone: fmt.Sprintf("zone-%d-%d", zone/8, zone%8), Lat: 48 + random.Float64(), Lon: 11 + random.Float64(),
			Speed: float64(random.IntN(600)) / 8, Status: []string{"free", "hired"}[random.IntN(2)],
			PickUp: random.IntN(40) == 0, DropOff: random.IntN(40) == 0, Schema: 2, Note: string(make([]byte, 102)),
		})
		if err != nil {
			tb.Fatal(err)
		}
		all[i] = data
		bytes += len(data)
	}
	if mean := bytes / len(all); mean < 180 || mean > 220 {
		tb.Fatalf("readings have %d bytes on average, not about 200", mean)
	}
	return all
}

func jsonInput(tb testing.TB) [][]byte {
	return benchInput(tb, func(r fullReading) ([]byte, error) { return json.Marshal(r) })
}

func avroInput(tb testing.TB) [][]byte {
	schema := avro.MustParse(cabSchema)
	return benchInput(tb, func(r fullReading) ([]byte, error) { return avro.Marshal(schema, r) })
}
