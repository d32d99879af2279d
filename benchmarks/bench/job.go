package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/window"
)

// zoneStatus is what trips are counted by.
type zoneStatus struct{ zone, status string }

func zoneStatusCodec() window.Codec[zoneStatus] {
	return window.Codec[zoneStatus]{
		Append: func(b []byte, k *zoneStatus) []byte {
			b = append(binary.AppendUvarint(b, uint64(len(k.zone))), k.zone...)
			return append(b, k.status...)
		},
		Decode: func(data []byte, k *zoneStatus) error {
			r := window.NewReader(data)
			k.zone, k.status = string(r.Bytes(r.Count())), string(r.Rest())
			return r.Close()
		},
	}
}

// totals is what is known of a zone's cabs of a status in a window.
type totals struct {
	events, pickUps uint64
	cabs            window.Set[string]
	speed           window.Stats
}

func (t *totals) add(r *trip) {
	t.events++
	if r.pickUp {
		t.pickUps++
	}
	t.cabs.Add(r.cab)
	t.speed.Add(r.speed)
}

func totalsCodec() window.Codec[totals] {
	return window.Codec[totals]{
		Append: func(b []byte, t *totals) []byte {
			b = binary.AppendUvarint(binary.AppendUvarint(b, t.events), t.pickUps)
			return t.speed.Append(window.AppendTexts(b, &t.cabs))
		},
		Decode: func(data []byte, t *totals) error {
			r := window.NewReader(data)
			t.events, t.pickUps, t.cabs, t.speed = r.Uvarint(), r.Uvarint(), r.Texts(), r.Stats()
			return r.Close()
		},
	}
}

// result is a window that ended, as it is written.
type result struct {
	Partition int32   `json:"partition"`
	Zone      string  `json:"zone"`
	Status    string  `json:"status"`
	Start     int64   `json:"window_start"`
	End       int64   `json:"window_end"`
	Events    uint64  `json:"events"`
	PickUps   uint64  `json:"pick_ups"`
	Cabs      int     `json:"cabs"`
	MeanSpeed float64 `json:"mean_speed_kmh"`
}

// shift is the job's state of one partition of trips.
type shift struct {
	partition int32
	windows   *window.Engine[zoneStatus, *trip, totals]
	latest    int64
	behind    int64 // of the watermark
	known     map[string]string
	out       []*kgo.Record
}

func newShift(partition int32, length, behind time.Duration) *shift {
	s := &shift{partition: partition, behind: behind.Milliseconds(), known: map[string]string{}}
	var err error
	s.windows, err = window.New(window.Config[zoneStatus, *trip, totals]{
		Windows: window.Tumbling(length), Add: (*totals).add, Keys: zoneStatusCodec(), State: totalsCodec(), Emit: s.emit,
	})
	if err != nil {
		panic(err) // it depends on nothing but the lines above
	}
	return s
}

func (s *shift) emit(r window.Result[zoneStatus, totals]) {
	value, _ := json.Marshal(result{ // of texts and finite numbers
		Partition: s.partition, Zone: r.Key.zone, Status: r.Key.status, Start: r.Window.Start, End: r.Window.End,
		Events: r.Value.events, PickUps: r.Value.pickUps, Cabs: r.Value.cabs.Len(), MeanSpeed: r.Value.speed.Sum() / float64(max(r.Value.events, 1)),
	})
	s.out = append(s.out, &kgo.Record{Topic: "results", Key: []byte(r.Key.zone), Value: value})
}

// take counts a trip, whose texts may be a record's memory.
func (s *shift) take(r *trip) error {
	r.cab = s.name(r.cab)
	if s.windows.Add(zoneStatus{s.name(r.zone), s.name(r.status)}, r.at, r) != window.Counted {
		return fmt.Errorf("the trip at %d is late", r.at)
	}
	s.latest = max(s.latest, r.at)
	return nil
}

// name gives texts that come again and again one memory.
func (s *shift) name(text string) string {
	if name, ok := s.known[text]; ok {
		return name
	}
	name := string([]byte(text))
	s.known[name] = name
	return name
}

// Restore implements kafka.State.
func (s *shift) Restore(pairs iter.Seq2[[]byte, []byte]) error {
	var failed error
	err := s.windows.Restore(func(yield func(key, value []byte) bool) {
		for key, value := range pairs {
			if string(key) == "latest" {
				s.latest, failed = strconv.ParseInt(string(value), 10, 64)
			} else if !yield(key, value) {
				return
			}
		}
	})
	if failed != nil {
		return failed
	}
	return err
}

// Snapshot implements kafka.State.
func (s *shift) Snapshot(put func(key, value []byte)) error {
	changes, err := s.windows.Changes(nil)
	for _, c := range changes {
		put(c.Key, c.Value)
	}
	put([]byte("latest"), strconv.AppendInt(nil, s.latest, 10))
	return err
}

// newTripJob is a job that counts trips in windows, exactly once.
func newTripJob(cluster kafka.Cluster, topic string, length, behind time.Duration, decode func([]byte, *trip) error) (*kafka.Transformer, error) {
	return kafka.NewTransformer(cluster, kafka.TransformerConfig{
		Member: kafka.Member{Group: "job-" + topic, InstanceID: "-"}, Topic: topic, StateTopic: topic + "-state", CommitOutputs: true,
	}, func(partition int32) *shift { return newShift(partition, length, behind) },
		func(_ context.Context, b kafka.Batch, s *shift) ([]*kgo.Record, error) {
			var r trip
			for _, record := range b.Records {
				if err := decode(record.Value, &r); err != nil {
					return nil, err
				}
				if err := s.take(&r); err != nil {
					return nil, err
				}
			}
			s.out = nil
			s.windows.Advance(s.latest - s.behind)
			return s.out, nil
		})
}
