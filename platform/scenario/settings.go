package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// CompleteSettings fills defaults into what the user set and refuses unknown
// names and values, every problem in one error.
func CompleteSettings(settings []Setting, given map[string]string) (map[string]string, error) {
	complete := make(map[string]string, len(settings))
	names := make([]string, 0, len(settings))
	for _, s := range settings {
		complete[s.Name] = s.Default
		names = append(names, s.Name)
	}
	var problems []error
	for name, value := range given {
		i := slices.IndexFunc(settings, func(s Setting) bool { return s.Name == name })
		switch {
		case i < 0:
			problems = append(problems, fmt.Errorf("setting %q is unknown; known: %s", name, strings.Join(names, ", ")))
		case settings[i].Allowed != nil && !slices.Contains(settings[i].Allowed, value):
			problems = append(problems, fmt.Errorf("setting %s=%q: want one of %s",
				name, value, strings.Join(settings[i].Allowed, ", ")))
		case settings[i].Check != nil && settings[i].Check(value) != nil:
			problems = append(problems, fmt.Errorf("setting %s=%q: %w", name, value, settings[i].Check(value)))
		default:
			complete[name] = value
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return complete, errors.Join(problems...)
}
