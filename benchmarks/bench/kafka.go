package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	embedded "github.com/weirstream/weir/platform/cloud/kafka"
	"github.com/weirstream/weir/platform/kafka"
)

// kafkaBytes is about how long a record's value is.
const kafkaBytes = 200

// serveBrokers runs the embedded Kafka until ctx ends, and prints where it is.
func serveBrokers(ctx context.Context) error {
	service, err := embedded.New(embedded.Config{User: "bench", Password: "bench"})
	if err != nil {
		return err
	}
	brokers, err := service.Brokers()
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(brokers, ","))
	return service.Run(ctx)
}

// startBrokers starts the embedded Kafka in a process of its own, with topics of
// six partitions; those whose names end in -state are compacted.
func startBrokers(ctx context.Context, topics ...string) (*server, kafka.Cluster, error) {
	s, err := start(serveKafka)
	if err != nil {
		return nil, kafka.Cluster{}, err
	}
	cluster := kafka.Cluster{Seeds: strings.Split(s.endpoint, ","), User: "bench", Password: "bench"}
	var wanted []kafka.Topic
	for _, name := range topics {
		wanted = append(wanted, kafka.Topic{Name: name, Compact: strings.HasSuffix(name, "-state")})
	}
	if err := kafka.Provision(ctx, cluster, wanted); err != nil {
		s.stop()
		return nil, kafka.Cluster{}, err
	}
	return s, cluster, nil
}

// What the aggregation runs over: readings of 5,000 cabs, 10,000 a second of
// event time, that drift through 64 zones, up to a second out of order.
const (
	tripCabs      = 5000
	tripZones     = 64
	tripPerSecond = 10_000
	tripOrderMs   = 1000
)

// trip is a reading as it travels.
type trip struct {
	cab, zone, status string
	at                int64 // ms
	speed             float64
	pickUp            bool
}

// trips makes readings; the same ones in every run.
type trips struct {
	cabs, zones []string
	begin       int64
	n           int
}

func newTrips() *trips {
	t := &trips{begin: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC).UnixMilli()}
	for i := range tripCabs {
		t.cabs = append(t.cabs, fmt.Sprintf("cab-%08d", i))
	}
	for i := range tripZones {
		t.zones = append(t.zones, fmt.Sprintf("zone-%d-%d", i/8, i%8))
	}
	return t
}

// next is the next reading. What looks random is a hash of its number.
func (t *trips) next() trip {
	i := t.n
	t.n++
	cab := i % tripCabs
	random := uint64(i+1) * 0x9E3779B97F4A7C15
	random ^= random >> 29
	r := trip{
		cab: t.cabs[cab], zone: t.zones[(cab+i/tripCabs/10)%tripZones], status: "free",
		at:    t.begin + int64(i)*1000/tripPerSecond - int64(random%tripOrderMs),
		speed: float64(random>>20%600) / 8, pickUp: random>>40%40 == 0,
	}
	if random>>50&1 != 0 {
		r.status = "hired"
	}
	return r
}

const tripTime = "2006-01-02T15:04:05.000Z"

// appendJSON is a reading as a line of JSON.
func (r *trip) appendJSON(b []byte, n int) []byte {
	b = append(append(append(b, `{"id":"`...), r.cab[4:]...), '-')
	b = append(strconv.AppendInt(b, int64(10_000_000+n), 10), `","run_id":"r-0123456789ab","cab":"`...)
	b = append(append(b, r.cab...), `","event_time":"`...)
	b = append(time.UnixMilli(r.at).UTC().AppendFormat(b, tripTime), `","zone":"`...)
	b = append(append(append(append(b, r.zone...), `","status":"`...), r.status...), `","speed_kmh":`...)
	b = append(strconv.AppendFloat(b, r.speed, 'f', -1, 64), `,"pick_up":`...)
	b = append(strconv.AppendBool(b, r.pickUp), `,"drop_off":false}`...)
	return b
}

const tripSchema = `{"type":"record","name":"Trip","fields":[
	{"name":"id","type":"string"},{"name":"run_id","type":"string"},{"name":"cab","type":"string"},
	{"name":"event_time","type":"long"},{"name":"zone","type":"string"},{"name":"lat","type":"double"},
	{"name":"lon","type":"double"},{"name":"speed_kmh","type":"double"},{"name":"status","type":"string"},
	{"name":"pick_up","type":"boolean"},{"name":"drop_off","type":"boolean"},{"name":"note","type":"string"}]}`

// appendAvro is the same in Avro's binary form, with a note that fills it up to
// the length that JSON needs for its names.
func (r *trip) appendAvro(b []byte, n int) []byte {
	text := func(s string) { b = append(binary.AppendVarint(b, int64(len(s))), s...) }
	double := func(f float64) { b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f)) }
	flag := func(is bool) { b = append(b, map[bool]byte{true: 1}[is]) }
	text(r.cab[4:] + "-" + strconv.Itoa(10_000_000+n))
	text("r-0123456789ab")
	text(r.cab)
	b = binary.AppendVarint(b, r.at)
	text(r.zone)
	double(48.1)
	double(11.5)
	double(r.speed)
	text(r.status)
	flag(r.pickUp)
	flag(false)
	text(strings.Repeat("n", 105))
	return b
}
