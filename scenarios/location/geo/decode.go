package geo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// magic opens the map file. After it come, as unsigned varints unless said
// otherwise: the grid's width; latitude of y = 0 and of one step (float64 bits,
// little endian); the number of countries, each an id and a name (length and
// bytes); the number of arcs, each the labels right and left of it, the number
// of points, and the points as zigzag varints, every one relative to the one before.
const magic = "weirgeo1"

var errCut = errors.New("the file ends early")

type reader struct {
	rest []byte
	err  error
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.rest)
	return take(r, v, n)
}

func (r *reader) int() int32 {
	v, n := binary.Varint(r.rest)
	return int32(take(r, v, n))
}

func take[T any](r *reader, v T, n int) T {
	if n <= 0 || r.err != nil {
		r.err, r.rest = errCut, nil
		var zero T
		return zero
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.err, r.rest = errCut, nil
		return make([]byte, 8)
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) text() string { return string(r.bytes(r.uint())) }

func (r *reader) float() float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(r.bytes(8)))
}

func decode(data []byte) (*World, error) {
	r := &reader{rest: data}
	if string(r.bytes(uint64(len(magic)))) != magic {
		return nil, errors.New("not a map file")
	}
	w := &World{scale: grid{width: float64(r.uint()), latZero: r.float(), latStep: r.float()}}
	countries := r.uint()
	if countries >= sea {
		return nil, fmt.Errorf("%d countries: at most %d fit a label", countries, sea-1)
	}
	for range countries {
		w.countries = append(w.countries, Country{ID: r.text(), Name: r.text()})
	}
	points := r.uint()
	if points > uint64(len(data)) {
		return nil, fmt.Errorf("%d points in a file of %d bytes", points, len(data))
	}
	w.borders = make([]border, 0, points)
	for range r.uint() {
		right, left := uint8(r.uint()), uint8(r.uint())
		count := r.uint()
		x, y := r.int(), r.int()
		for range count - 1 {
			if r.err != nil {
				return nil, r.err
			}
			nextX, nextY := x+r.int(), y+r.int()
			b := border{x1: x, y1: y, x2: nextX, y2: nextY, south: right, north: left}
			if nextX < x { // going west, the right-hand side is north
				b = border{x1: nextX, y1: nextY, x2: x, y2: y, south: left, north: right}
			}
			w.borders = append(w.borders, b)
			x, y = nextX, nextY
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	w.buildIndex()
	return w, nil
}

// buildIndex lists every border in each column it passes, counting first so
// that nothing is allocated twice.
func (w *World) buildIndex() {
	for i := range w.borders {
		for c := w.column(float64(w.borders[i].x1)); c <= w.column(float64(w.borders[i].x2)); c++ {
			w.starts[c+1]++
		}
	}
	for c := range columns {
		w.starts[c+1] += w.starts[c]
	}
	w.index = make([]uint32, w.starts[columns])
	next := w.starts
	for i := range w.borders {
		for c := w.column(float64(w.borders[i].x1)); c <= w.column(float64(w.borders[i].x2)); c++ {
			w.index[next[c]] = uint32(i)
			next[c]++
		}
	}
}
