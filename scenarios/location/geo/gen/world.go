package main

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	magic = "weirgeo1"
	sea   = 255
)

type arc struct {
	right, left int
	points      [][2]int
}

// encodeWorld labels every arc with the country on either side and writes the
// format that package geo documents. TopoJSON's outer rings run clockwise and
// holes the other way, so a country always lies to the right of its rings.
func encodeWorld(t *topology) ([]byte, error) {
	countries, labels := number(t)
	arcs := make([]arc, len(t.Arcs))
	for i := range arcs {
		arcs[i] = arc{right: sea, left: sea, points: t.Arcs[i]}
	}
	for i, g := range t.Objects.Countries.Geometries {
		for _, polygon := range g.polygons {
			for _, ring := range polygon {
				for _, a := range ring {
					side := &arcs[max(a, ^a)].right
					if a < 0 {
						side = &arcs[^a].left
					}
					if *side != sea {
						return nil, fmt.Errorf("%s and %s overlap", countries[*side][1], g.Properties.Name)
					}
					*side = labels[i]
				}
			}
		}
	}
	arcs = cut(arcs, t.width())

	out := []byte(magic)
	out = binary.AppendUvarint(out, uint64(t.width()))
	out = binary.LittleEndian.AppendUint64(out, math.Float64bits(t.Transform.Translate[1]))
	out = binary.LittleEndian.AppendUint64(out, math.Float64bits(t.Transform.Scale[1]))
	out = binary.AppendUvarint(out, uint64(len(countries)))
	for _, country := range countries {
		for _, text := range country {
			out = binary.AppendUvarint(out, uint64(len(text)))
			out = append(out, text...)
		}
	}
	points := 0
	for _, a := range arcs {
		points += len(a.points)
	}
	out = binary.AppendUvarint(out, uint64(points))
	out = binary.AppendUvarint(out, uint64(len(arcs)))
	for _, a := range arcs {
		out = binary.AppendUvarint(out, uint64(a.right))
		out = binary.AppendUvarint(out, uint64(a.left))
		out = binary.AppendUvarint(out, uint64(len(a.points)))
		var x, y int
		for _, p := range a.points {
			out = binary.AppendVarint(out, int64(p[0]-x))
			out = binary.AppendVarint(out, int64(p[1]-y))
			x, y = p[0], p[1]
		}
	}
	return out, nil
}

// number gives every country a label. Geometries with the same id (Australia
// and its reefs) are one country.
func number(t *topology) (countries [][2]string, labels []int) {
	known := map[string]int{}
	for _, g := range t.Objects.Countries.Geometries {
		key := g.ID
		if key == "" {
			key = g.Properties.Name
		}
		label, ok := known[key]
		if !ok {
			label = len(countries)
			known[key] = label
			countries = append(countries, [2]string{g.ID, g.Properties.Name})
		} else if len(g.Properties.Name) < len(countries[label][1]) {
			countries[label][1] = g.Properties.Name // "Australia", not "Ashmore and Cartier Is."
		}
		labels = append(labels, label)
	}
	return countries, labels
}

// cut splits arcs where they cross the antimeridian, so that every piece lies
// in 0 … width, and drops the point-sized ring that closes Antarctica at the pole.
func cut(arcs []arc, width int) []arc {
	var out []arc
	for _, a := range arcs {
		piece := [][2]int{a.points[0]}
		flush := func() {
			if len(piece) > 1 && !allAtPole(piece) {
				out = append(out, arc{a.right, a.left, piece})
			}
		}
		for i := 1; i < len(a.points); i++ {
			from, to := a.points[i-1], a.points[i]
			next := unroll(from[0], to[0], width)
			if next != to[0] {
				seam := 0
				if from[0] > width/2 {
					seam = width
				}
				y := from[1]
				if next != from[0] {
					y += int(math.Round(float64((to[1]-from[1])*(seam-from[0])) / float64(next-from[0])))
				}
				piece = append(piece, [2]int{seam, y})
				flush()
				piece = [][2]int{{width - seam, y}}
			}
			piece = append(piece, to)
		}
		flush()
	}
	return out
}

func allAtPole(points [][2]int) bool {
	for _, p := range points {
		if p[1] != 0 {
			return false
		}
	}
	return true
}
