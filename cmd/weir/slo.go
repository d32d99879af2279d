package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/scenario"
)

// slosOf are the limits that --slo gives, or every problem with them. A name is
// that of a latency which some scenario of the run is judged by.
func slosOf(given map[string]string, known []scenario.Defaults) (map[string]time.Duration, error) {
	limits := map[string]time.Duration{}
	var names []string
	for _, d := range known {
		names = append(names, slices.Sorted(maps.Keys(d.SLO))...)
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(given)) {
		limit, err := time.ParseDuration(given[name])
		switch {
		case err != nil || limit <= 0:
			problems = append(problems, fmt.Errorf("--slo %s=%s: want a duration such as 30s", name, given[name]))
		case len(known) > 0 && !slices.Contains(names, name):
			problems = append(problems, fmt.Errorf("--slo %s: no latency of this run has that name; there are %s", name, strings.Join(names, ", ")))
		}
		limits[name] = limit
	}
	return limits, errors.Join(problems...)
}
