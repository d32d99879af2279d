package cloudwatch

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
)

// On disk a metric has a number; each of its points is an entry of its own in a
// compact form, so that a minute's update writes only that minute's points.
const (
	metricPrefix = "cloudwatch/metric/" // NUMBER
	pointPrefix  = "cloudwatch/point/"  // NUMBER FINE START UNIT
)

func metricKey(number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(metricPrefix), number)
}

func pointsOf(number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(pointPrefix), number)
}

// signBit makes negative numbers sort, as bytes, before the others.
const signBit = 1 << 63

func (k pointKey) append(to []byte) []byte {
	fine := byte(0)
	if k.fine {
		fine = 1
	}
	to = binary.BigEndian.AppendUint64(append(to, fine), uint64(k.start)^signBit)
	return append(to, k.unit...)
}

// keptMetric is a metric on disk.
type keptMetric struct {
	Namespace  string      `json:"namespace"`
	Name       string      `json:"name"`
	Dimensions []Dimension `json:"dimensions,omitempty"`
	// Written is when it was last named without a value; its points know when
	// there was one.
	Written time.Time `json:"written"`
}

// touched is what a change of the store has to write.
type touched struct {
	metrics map[*series]bool
	points  map[pointRef]bool
}

type pointRef struct {
	of *series
	at pointKey
}

func (s *metricStore) touchMetric(in *series) {
	if s.data == nil {
		return
	}
	if s.touched.metrics == nil {
		s.touched.metrics = make(map[*series]bool)
	}
	s.touched.metrics[in] = true
}

func (s *metricStore) touchPoint(in *series, at pointKey) {
	if s.data == nil {
		return
	}
	if s.touched.points == nil {
		s.touched.points = make(map[pointRef]bool)
	}
	s.touched.points[pointRef{in, at}] = true
}

// keep stages what was touched, as it is now. Callers hold s.mu.
func (s *metricStore) keep() {
	if len(s.touched.metrics) == 0 && len(s.touched.points) == 0 {
		return
	}
	s.data.Stage(func(c *store.Changes) {
		for in := range s.touched.metrics {
			if s.series[in.key] == in {
				c.PutJSON(metricKey(in.number), keptMetric{in.metric.Namespace, in.metric.MetricName, in.metric.Dimensions, in.written})
				continue
			}
			c.Delete(metricKey(in.number))
			c.DeletePrefix(pointsOf(in.number))
		}
		for ref := range s.touched.points {
			if s.series[ref.of.key] != ref.of {
				continue // gone with its metric
			}
			key := ref.at.append(pointsOf(ref.of.number))
			if p := ref.of.points[ref.at]; p != nil {
				c.Put(key, p.encode())
			} else {
				c.Delete(key)
			}
		}
	})
	clear(s.touched.metrics)
	clear(s.touched.points)
}

// restore reads what an earlier process left.
func (s *metricStore) restore(now time.Time) error {
	numbers := make(map[uint64]*series)
	err := store.ScanJSON(s.data, []byte(metricPrefix), func(key []byte, kept *keptMetric) error {
		m := Metric{kept.Namespace, kept.Name, kept.Dimensions}
		in := &series{
			key: m.key(), number: binary.BigEndian.Uint64(key[len(metricPrefix):]),
			metric: m, points: make(map[pointKey]*point), written: kept.Written,
		}
		s.series[in.key], numbers[in.number], s.number = in, in, in.number
		return nil
	})
	if err != nil {
		return err
	}
	err = s.data.ScanPrefix([]byte(pointPrefix), func(key, value []byte) error {
		rest := key[len(pointPrefix):]
		if len(rest) < 8+1+8 || numbers[binary.BigEndian.Uint64(rest)] == nil {
			return s.data.Damaged(key, errors.New("it is of no metric"))
		}
		p, err := decodePoint(value)
		if err != nil {
			return s.data.Damaged(key, err)
		}
		in := numbers[binary.BigEndian.Uint64(rest)]
		at := pointKey{fine: rest[8] == 1, start: int64(binary.BigEndian.Uint64(rest[9:]) ^ signBit), unit: string(rest[17:])}
		in.points[at] = p
		s.cells += p.cells()
		if p.written.After(in.written) {
			in.written = p.written
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.sweep(now)
	s.keep()
	return nil
}
