package main

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// FuzzSet: whatever --set says is refused, or each of the scenario's settings
// has a value that the scenario allows.
func FuzzSet(f *testing.F) {
	for _, seed := range []string{
		"shards=2", "aggregation=on,reader=efo", `"shards=2"`, "shards", "=", "shards=", "a=b\nc=d", "location.shards=2",
		"shards=99999999999999999999", "nowhere.shards=2", `"a""=b`,
	} {
		f.Add(seed)
	}
	entries, err := pick([]string{"location"})
	if err != nil {
		f.Fatal(err)
	}
	known := entries[0].Scenario.Settings()
	f.Fuzz(func(t *testing.T, value string) {
		flags := &runFlags{}
		cmd := newRoot()
		flags.addSettings(cmd)
		cmd.SetErr(io.Discard)
		if cmd.ParseFlags([]string{"--set", value}) != nil {
			return
		}
		complete, err := settingsOf(flags.set, entries)
		if err != nil {
			return
		}
		settings := complete[0]
		if len(settings) != len(known) {
			t.Fatalf("%q: settings %v", value, slices.Sorted(maps.Keys(settings)))
		}
		for _, s := range known {
			got := settings[s.Name]
			if s.Allowed != nil && !slices.Contains(s.Allowed, got) || s.Check != nil && s.Check(got) != nil {
				t.Fatalf("%q: %s=%q passed", value, s.Name, got)
			}
		}
	})
}

// FuzzSeeds: whatever --seeds says is refused or names seeds that are in it.
func FuzzSeeds(f *testing.F) {
	for _, seed := range []string{"1-20", "1,4,7-9", "18446744073709551615", "0-18446744073709551615", "9-1", ",", "-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		seeds, err := parseSeeds(text)
		if err != nil {
			return
		}
		if len(seeds) == 0 || len(seeds) > 10_000 {
			t.Fatalf("%q: %d seeds", text, len(seeds))
		}
		first := strings.FieldsFunc(text, func(c rune) bool { return c < '0' || c > '9' })[0]
		if n, err := strconv.ParseUint(first, 10, 64); err != nil || n != seeds[0] {
			t.Fatalf("%q begins with %d", text, seeds[0])
		}
	})
}
