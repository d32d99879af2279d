package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError says what a flag wants instead of how reading it failed.
func flagError(_ *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return &usageError{err: err}
	}
	want := map[string]string{
		"duration":       "a duration such as 500ms, 20s or 5m",
		"float64":        "a number",
		"int":            "a whole number",
		"int32":          "a whole number",
		"int64":          "a whole number",
		"uint64":         "a whole number from 0 to 18446744073709551615",
		"bool":           "true or false",
		"stringToString": "name=value",
		"stringSlice":    "words with commas between them",
	}[invalid.GetFlag().Value.Type()]
	if want == "" {
		return &usageError{err: err}
	}
	return &usageError{err: fmt.Errorf("--%s %q: want %s", invalid.GetFlag().Name, invalid.GetValue(), want)}
}
