package event

// Book is the offer book, scenarios/location/offers/offers.json: the data file a
// person edits to change what is offered where. It is data, so the pipeline
// and the oracle share its shape; each applies its rules with its own code.
//
// The rules: a position lies in a country, or at sea. Its options are the
// country's own if the country has any, else its region's; at sea they are
// Maritime's. Of those, an option is offered if the great-circle distance
// (sphere of EarthRadiusKm) to the nearest PoP is at most its MaxDistanceKm
// (0 means no limit). Order is the book's.
type Book struct {
	Version       int               `json:"version"`
	EarthRadiusKm float64           `json:"earth_radius_km"`
	PoPs          []PoP             `json:"pops"`
	Regions       map[string]Market `json:"regions"`   // by region name
	Countries     []Country         `json:"countries"` // every country of the map
	Maritime      Market            `json:"maritime"`
}

// PoP is a point of presence; of two equally near ones the first in the book wins.
type PoP struct {
	ID        string  `json:"id"`
	City      string  `json:"city"`
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// Market is what is sold in a region, in a country or at sea.
type Market struct {
	Currency string       `json:"currency"`
	Options  []BookOption `json:"options"`
}

// Country names one country of the map.
type Country struct {
	Code    string `json:"code"`     // ISO 3166-1 alpha-2; XK for Kosovo and the like
	MapID   string `json:"map_id"`   // ISO 3166-1 numeric as the map data has it
	MapName string `json:"map_name"` // used where the map has no numeric id
	Name    string `json:"name"`
	Region  string `json:"region"`
	Market  Market `json:"market,omitzero"` // overrides the region's where it has options
}

// BookOption is one bandwidth on sale.
type BookOption struct {
	Name          string  `json:"name"`
	DownMbps      int     `json:"down_mbps"`
	UpMbps        int     `json:"up_mbps"`
	Price         float64 `json:"price_per_month"`
	MaxDistanceKm float64 `json:"max_distance_km,omitempty"`
}
