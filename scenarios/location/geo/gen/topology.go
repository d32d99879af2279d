package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// topology is the part of TopoJSON that world-atlas uses.
type topology struct {
	Arcs      [][][2]int `json:"arcs"`
	Transform struct {
		Scale     [2]float64 `json:"scale"`
		Translate [2]float64 `json:"translate"`
	} `json:"transform"`
	Objects struct {
		Countries struct {
			Geometries []geometry `json:"geometries"`
		} `json:"countries"`
	} `json:"objects"`
}

type geometry struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	Arcs       json.RawMessage `json:"arcs"`
	Properties struct {
		Name string `json:"name"`
	} `json:"properties"`

	polygons [][][]int // polygons, rings, arcs: ^i is arc i backwards
}

func readTopology(path string) (*topology, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the topology: %w", err)
	}
	var t topology
	if err := json.Unmarshal(data, &t); err != nil {
		return nil, fmt.Errorf("parse %s: %w", path, err)
	}
	for _, arc := range t.Arcs {
		for i := 1; i < len(arc); i++ {
			arc[i][0] += arc[i-1][0]
			arc[i][1] += arc[i-1][1]
		}
	}
	for i := range t.Objects.Countries.Geometries {
		g := &t.Objects.Countries.Geometries[i]
		switch g.Type {
		case "Polygon":
			g.polygons = make([][][]int, 1)
			err = json.Unmarshal(g.Arcs, &g.polygons[0])
		case "MultiPolygon":
			err = json.Unmarshal(g.Arcs, &g.polygons)
		default:
			err = fmt.Errorf("geometry type %q", g.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("parse %s of %s: %w", g.Properties.Name, path, err)
		}
	}
	return &t, nil
}

// width is the grid's x at the antimeridian's eastern face; x = 0 is the same line.
func (t *topology) width() int { return int(360/t.Transform.Scale[0] + 0.5) }

// ring joins a ring's arcs, unrolled: neighbouring points never lie more than
// half the world apart, so x may leave 0 … width.
func (t *topology) ring(arcs []int) [][2]int {
	var out [][2]int
	for _, a := range arcs {
		points := t.Arcs[max(a, ^a)]
		if a < 0 {
			points = slices.Clone(points)
			slices.Reverse(points)
		}
		if len(out) > 0 {
			points = points[1:]
		}
		for _, p := range points {
			if len(out) > 0 {
				p[0] = unroll(out[len(out)-1][0], p[0], t.width())
			}
			out = append(out, p)
		}
	}
	return out
}

// unroll shifts x by whole turns until it lies within half a turn of near.
func unroll(near, x, width int) int {
	for x-near > width/2 {
		x -= width
	}
	for near-x > width/2 {
		x += width
	}
	return x
}
