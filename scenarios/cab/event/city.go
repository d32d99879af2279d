package event

// The city is a box of 8 × 8 zones. Its borders are whole numbers of 1e-5
// degrees, about a metre, so that everybody means the same border.
const (
	UnitsPerDegree = 100_000

	CitySouth = 47_32000 // in units
	CityWest  = 8_40000
	CityNorth = CitySouth + ZoneRows*ZoneHeight
	CityEast  = CityWest + ZoneColumns*ZoneWidth

	ZoneRows    = 8
	ZoneColumns = 8
	ZoneHeight  = 2000
	ZoneWidth   = 3000

	// CityMargin is how far outside the city a cab may be. It counts for the
	// nearest zone.
	CityMargin = 5000
)

// Zone is the zone of a position, "zone-ROW-COLUMN" counted from the south-west.
// A border belongs to the higher zone; what lies outside the city belongs to
// the nearest zone.
func Zone(lat, lon float64) string {
	row, column := 0, 0
	for row < ZoneRows-1 && lat >= float64(CitySouth+(row+1)*ZoneHeight)/UnitsPerDegree {
		row++
	}
	for column < ZoneColumns-1 && lon >= float64(CityWest+(column+1)*ZoneWidth)/UnitsPerDegree {
		column++
	}
	return ZoneName(row, column)
}

// ZoneName is the name of a zone of the grid.
func ZoneName(row, column int) string {
	at := (row*ZoneColumns + column) * len("zone-0-0")
	return zoneNames[at : at+len("zone-0-0")]
}

// zoneNames are all names in one text, so that naming a zone allocates nothing.
const zoneNames = "" +
	"zone-0-0zone-0-1zone-0-2zone-0-3zone-0-4zone-0-5zone-0-6zone-0-7" +
	"zone-1-0zone-1-1zone-1-2zone-1-3zone-1-4zone-1-5zone-1-6zone-1-7" +
	"zone-2-0zone-2-1zone-2-2zone-2-3zone-2-4zone-2-5zone-2-6zone-2-7" +
	"zone-3-0zone-3-1zone-3-2zone-3-3zone-3-4zone-3-5zone-3-6zone-3-7" +
	"zone-4-0zone-4-1zone-4-2zone-4-3zone-4-4zone-4-5zone-4-6zone-4-7" +
	"zone-5-0zone-5-1zone-5-2zone-5-3zone-5-4zone-5-5zone-5-6zone-5-7" +
	"zone-6-0zone-6-1zone-6-2zone-6-3zone-6-4zone-6-5zone-6-6zone-6-7" +
	"zone-7-0zone-7-1zone-7-2zone-7-3zone-7-4zone-7-5zone-7-6zone-7-7"
