package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"github.com/weirstream/weir/scenarios/location/geo"
)

// verify compares package geo, built with the file just written, with orb's
// even-odd test on the original polygons, at random positions. On the first
// run after a change of the data the embedded file is the old one: run twice.
func verify(t *topology, path string) error {
	world, err := geo.Load()
	if err != nil {
		return fmt.Errorf("load %s (run gen again if the format changed): %w", path, err)
	}
	_, labels := number(t)
	type shape struct {
		label int
		bound orb.Bound
		rings []orb.Polygon
	}
	var shapes []shape
	for i, g := range t.Objects.Countries.Geometries {
		var polygons orb.MultiPolygon
		for _, polygon := range g.polygons {
			var p orb.Polygon
			for _, ring := range polygon {
				points := t.ring(ring)
				if points[len(points)-1][0] != points[0][0] {
					if points[0][1] == 0 {
						continue // the hole at the pole
					}
					points = append(points, [2]int{points[len(points)-1][0], -1}, [2]int{points[0][0], -1}, points[0])
				}
				var r orb.Ring
				for _, q := range points {
					r = append(r, orb.Point{float64(q[0]), float64(q[1])})
				}
				p = append(p, r)
			}
			polygons = append(polygons, p)
		}
		shapes = append(shapes, shape{labels[i], polygons.Bound(), polygons})
	}
	const checks = 100_000
	random := rand.New(rand.NewPCG(1, 2))
	wrong, land := 0, 0
	for range checks {
		x, y := random.Float64()*float64(t.width()), random.Float64()*100_000 // the grid's height
		want := -1
		for _, s := range shapes {
			for _, turn := range []float64{-float64(t.width()), 0, float64(t.width())} {
				p := orb.Point{x + turn, y}
				if s.bound.Contains(p) && planar.MultiPolygonContains(s.rings, p) {
					want = s.label
				}
			}
		}
		got, ok := world.Locate(x*t.Transform.Scale[0]-180, y*t.Transform.Scale[1]+t.Transform.Translate[1])
		if want >= 0 {
			land++
		}
		if want >= 0 && (!ok || got != want) { // at sea geo may answer the nearest shore
			if wrong++; wrong > 10 {
				continue
			}
			fmt.Printf("x %.3f y %.3f: got %d %v, want %d\n", x, y, got, ok, want)
		}
	}
	fmt.Printf("%d of %d positions on land, %d differ from orb\n", land, checks, wrong)
	if wrong > 0 {
		return fmt.Errorf("%d positions differ", wrong)
	}
	return nil
}
