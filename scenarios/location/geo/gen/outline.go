package main

import (
	"fmt"
	"strings"
)

// outline is one country as the page draws it: an SVG path in units of a tenth
// of a degree, x eastwards from the antimeridian, y southwards from the north pole.
type outline struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Path string `json:"d"`
}

func outlines(t *topology) []outline {
	var out []outline
	for _, g := range t.Objects.Countries.Geometries {
		var path strings.Builder
		for _, polygon := range g.polygons {
			for _, ring := range polygon {
				points := t.ring(ring)
				if around := points[len(points)-1][0] - points[0][0]; around != 0 { // Antarctica: close it along the pole
					points = append(points, [2]int{points[len(points)-1][0], 0}, [2]int{points[0][0], 0})
				}
				// A ring across the antimeridian is drawn on both faces; the view box cuts it.
				low, high := points[0][0], points[0][0]
				for _, p := range points {
					low, high = min(low, p[0]), max(high, p[0])
				}
				t.draw(&path, points, 0)
				if low < 0 {
					t.draw(&path, points, t.width())
				}
				if high > t.width() {
					t.draw(&path, points, -t.width())
				}
			}
		}
		out = append(out, outline{g.ID, g.Properties.Name, path.String()})
	}
	return out
}

// draw appends a closed ring, leaving out points that fall on the one before.
func (t *topology) draw(path *strings.Builder, points [][2]int, shift int) {
	lastX, lastY := 0, 0
	for i, p := range points {
		x := int(float64(p[0]+shift)*t.Transform.Scale[0]*10 + 0.5)
		y := int((90-(float64(p[1])*t.Transform.Scale[1]+t.Transform.Translate[1]))*10 + 0.5)
		switch {
		case i == 0:
			fmt.Fprintf(path, "M%d,%d", x, y)
		case x != lastX || y != lastY:
			fmt.Fprintf(path, "l%d,%d", x-lastX, y-lastY)
		}
		lastX, lastY = x, y
	}
	path.WriteByte('z')
}
