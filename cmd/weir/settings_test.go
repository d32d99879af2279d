package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weirstream/weir/platform/scenario"
)

// named is a scenario of which only name and settings matter.
type named struct {
	scenario.Scenario
	name     string
	settings []scenario.Setting
}

func (n named) Name() string                 { return n.name }
func (n named) Settings() []scenario.Setting { return n.settings }

func TestSettingsGoToTheirScenario(t *testing.T) {
	t.Parallel()
	one := scenario.Entry{Scenario: named{name: "one", settings: []scenario.Setting{{Name: "shards", Default: "1"}, {Name: "reader", Default: "efo"}}}}
	two := scenario.Entry{Scenario: named{name: "two", settings: []scenario.Setting{{Name: "shards", Default: "9"}}}}
	both := []scenario.Entry{one, two}
	for _, test := range []struct {
		name    string
		set     map[string]string
		entries []scenario.Entry
		want    string // the settings, or what the error says
	}{
		{"none", nil, both, "[map[reader:efo shards:1] map[shards:9]]"},
		{"for both", map[string]string{"shards": "4"}, both, "[map[reader:efo shards:4] map[shards:4]]"},
		{"for one", map[string]string{"two.shards": "4"}, both, "[map[reader:efo shards:1] map[shards:4]]"},
		{"own goes first", map[string]string{"shards": "3", "two.shards": "4"}, both, "[map[reader:efo shards:3] map[shards:4]]"},
		{"known to one", map[string]string{"reader": "x"}, both, "[map[reader:x shards:1] map[shards:9]]"},
		{"alone, by name", map[string]string{"one.shards": "4"}, both[:1], "[map[reader:efo shards:4]]"},
		{"known to none", map[string]string{"colour": "red"}, both, "--set colour: no scenario of this run has such a setting"},
		{"alone, unknown", map[string]string{"colour": "red"}, both[:1], `--set for one: setting "colour" is unknown; known: shards, reader`},
		{"not in this run", map[string]string{"two.shards": "4"}, both[:1], `--set two.shards: "two" is no scenario of this run`},
		{"not its own", map[string]string{"two.reader": "x"}, both, `--set for two: setting "reader" is unknown`},
	} {
		got, err := settingsOf(test.set, test.entries)
		text := fmt.Sprint(got)
		if err != nil {
			text = err.Error()
		}
		if !strings.HasPrefix(text, test.want) {
			t.Errorf("%s: got %s, want %s", test.name, text, test.want)
		}
	}
}
