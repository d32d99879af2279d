package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/weirstream/weir/platform/scenario"
)

// settingsOf are the complete settings of each scenario, or every problem with
// what --set says. name=value is meant for each scenario of the run that has
// such a setting, SCENARIO.name=value for that one alone, which goes first.
func settingsOf(set map[string]string, entries []scenario.Entry) ([]map[string]string, error) {
	given := make([]map[string]string, len(entries))
	for i := range entries {
		given[i] = map[string]string{}
	}
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(set)) {
		owner, name, owned := strings.Cut(key, ".")
		taken := false
		for i, e := range entries {
			switch {
			case owned && owner == e.Scenario.Name():
				given[i][name], taken = set[key], true
			case !owned && (len(entries) == 1 || knows(e, key)):
				if _, own := set[e.Scenario.Name()+"."+key]; !own {
					given[i][key] = set[key]
				}
				taken = true
			}
		}
		switch {
		case taken || len(entries) == 0:
		case owned:
			problems = append(problems, fmt.Errorf("--set %s: %q is no scenario of this run", key, owner))
		default:
			problems = append(problems, fmt.Errorf("--set %s: no scenario of this run has such a setting; `weir list` shows them", key))
		}
	}
	complete := make([]map[string]string, len(entries))
	for i, e := range entries {
		var err error
		if complete[i], err = scenario.CompleteSettings(e.Scenario.Settings(), given[i]); err != nil {
			problems = append(problems, fmt.Errorf("--set for %s: %w", e.Scenario.Name(), err))
			complete[i] = nil
		}
	}
	return complete, errors.Join(problems...)
}

func knows(e scenario.Entry, setting string) bool {
	return slices.ContainsFunc(e.Scenario.Settings(), func(s scenario.Setting) bool { return s.Name == setting })
}
