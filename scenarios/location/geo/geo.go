// Package geo says which country a position lies in. The map is Natural
// Earth's 1:50m countries, embedded as delta-coded arcs (see SOURCE.md).
//
// Every border is held once, with the country on either side of it. A lookup
// looks due north from the position: the side of the nearest border that faces
// it names the country. So neighbours never overlap and never leave a gap, and
// the poles, the antimeridian and holes (Lesotho, San Marino, the Vatican) need
// no special case: north of every border lies the Arctic Ocean.
package geo

import (
	_ "embed"
	"fmt"
	"math"
)

// CoastKm is how far from the shore a position at sea still belongs to the
// nearest country: at this scale the drawn coast cuts through harbours and
// leaves small islets out. Beyond it a position is at sea.
const CoastKm = 10

const (
	sea         = 255  // the label of no country
	columns     = 1440 // of a quarter degree, each listing the borders that pass it
	kmPerDegree = 6371.0088 * math.Pi / 180
)

// Country is one country of the map, by ISO 3166-1 numeric id, or by name
// where the map has no id for it.
type Country struct {
	ID   string
	Name string
}

// border is a piece of a border from west to east, in the map's grid, with the
// countries south and north of it.
type border struct {
	x1, y1, x2, y2 int32
	south, north   uint8
}

// World is the decoded map, about 2 MB. It is safe for concurrent use.
type World struct {
	countries []Country
	scale     grid
	borders   []border
	starts    [columns + 1]uint32 // column c lists index[starts[c]:starts[c+1]]
	index     []uint32
}

// grid converts degrees to the map's integers: x = 0 and x = width are the antimeridian.
type grid struct {
	width            float64
	latZero, latStep float64
}

func (g grid) lonStep() float64 { return 360 / g.width }

//go:embed world.bin
var world []byte

// Load decodes the embedded map, which takes a few milliseconds.
func Load() (*World, error) {
	w, err := decode(world)
	if err != nil {
		return nil, fmt.Errorf("decode the embedded world map: %w", err)
	}
	return w, nil
}

// Countries lists the map's countries; Locate's answer indexes it.
func (w *World) Countries() []Country { return w.countries }

// Locate returns the index of the country at a position given in degrees, or
// false at sea, that is more than CoastKm from every shore.
func (w *World) Locate(lon, lat float64) (country int, ok bool) {
	x := math.Mod(math.Mod(lon+180, 360)+360, 360) / w.scale.lonStep()
	y := (lat - w.scale.latZero) / w.scale.latStep
	label := w.southOfNextBorder(x, y)
	if label == sea {
		label = w.nearestShore(x, y, lat)
	}
	return int(label), label != sea
}

// southOfNextBorder follows the meridian north to the first border. A border
// holds its west end and not its east end, so a ray through a corner meets one
// of the two; of borders that start in the same corner the southernmost counts.
func (w *World) southOfNextBorder(x, y float64) uint8 {
	label, nearest, slope := uint8(sea), math.Inf(1), math.Inf(1)
	column := w.column(x)
	for _, at := range w.index[w.starts[column]:w.starts[column+1]] {
		b := &w.borders[at]
		if x < float64(b.x1) || x >= float64(b.x2) || y > float64(max(b.y1, b.y2)) {
			continue
		}
		s := float64(b.y2-b.y1) / float64(b.x2-b.x1)
		hit := float64(b.y1) + (x-float64(b.x1))*s
		if hit >= y && (hit < nearest || hit == nearest && s < slope) {
			label, nearest, slope = b.south, hit, s
		}
	}
	return label
}

// nearestShore measures on a plane that touches the globe at the position,
// which is exact to metres over CoastKm.
func (w *World) nearestShore(x, y, lat float64) uint8 {
	kmPerX := kmPerDegree * w.scale.lonStep() * math.Cos(lat*math.Pi/180)
	kmPerY := kmPerDegree * w.scale.latStep
	if kmPerX < 1e-3*kmPerY {
		return sea // within 6 km of a pole, where there is no shore
	}
	perColumn := w.scale.width / columns
	reach := CoastKm / kmPerX
	label, nearest := uint8(sea), float64(CoastKm)
	from, to := int(math.Floor((x-reach)/perColumn)), int(math.Floor((x+reach)/perColumn))
	to = min(to, from+columns-1)
	for c := from; c <= to; c++ {
		column := (c%columns + columns) % columns
		shift := float64(c-column) / columns * w.scale.width // unrolls the antimeridian
		for _, at := range w.index[w.starts[column]:w.starts[column+1]] {
			b := &w.borders[at]
			land := min(b.south, b.north) // sea is the highest label
			if max(b.south, b.north) != sea || land == sea {
				continue
			}
			dy := max(float64(min(b.y1, b.y2))-y, y-float64(max(b.y1, b.y2)))
			if dy*kmPerY > nearest {
				continue
			}
			d := distance(
				(float64(b.x1)+shift-x)*kmPerX, (float64(b.y1)-y)*kmPerY,
				(float64(b.x2)+shift-x)*kmPerX, (float64(b.y2)-y)*kmPerY)
			if d < nearest {
				label, nearest = land, d
			}
		}
	}
	return label
}

// distance from the origin to the segment from a to b.
func distance(ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	t := 0.0
	if length := dx*dx + dy*dy; length > 0 {
		t = max(0, min(1, -(ax*dx+ay*dy)/length))
	}
	return math.Hypot(ax+t*dx, ay+t*dy)
}

func (w *World) column(x float64) int {
	return max(0, min(columns-1, int(x/w.scale.width*columns)))
}
