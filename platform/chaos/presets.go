package chaos

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed presets/*.yaml
var presets embed.FS

// Preset is a schedule that comes with weir. Its offsets are shares of the run.
type Preset struct {
	Name  string
	About string
}

// Presets lists them, the mildest first.
func Presets() []Preset {
	return []Preset{
		{"calm", "nothing goes wrong"},
		{"kills", "functions and services are killed and come back"},
		{"throttle", "streams refuse half of what is put, functions have no concurrency, fetches are slow, OpenSearch answers 429"},
		{"poison", "records that nobody can decode are put on every stream and topic"},
		{"reshard", "every stream is split and merged under load"},
		{"rebalance", "consumer groups rebalance, leaders and coordinators move, a stage restarts"},
		{"broker", "a broker goes and comes back, replicas are too few, writes time out and have happened"},
		{"sink-down", "OpenSearch is gone and then overloaded, the schema registry is gone"},
		{"storm", "all of it, and calls that fail, take long or lose their replies"},
	}
}

// PresetNames are the presets' names.
func PresetNames() []string {
	var names []string
	for _, p := range Presets() {
		names = append(names, p.Name)
	}
	return names
}

// ReadPreset is a preset's YAML.
func ReadPreset(name string) ([]byte, error) {
	data, err := presets.ReadFile("presets/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no preset %q; there are %s", name, strings.Join(PresetNames(), ", "))
	}
	return data, nil
}
