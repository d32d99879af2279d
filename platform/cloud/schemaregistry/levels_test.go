package schemaregistry

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"
)

func record(fields string) sr.Schema {
	return sr.Schema{Schema: `{"type":"record","name":"R","fields":[` + fields + `]}`}
}

const (
	fieldA        = `{"name":"a","type":"int"}`
	fieldALong    = `{"name":"a","type":"long"}`
	fieldB        = `{"name":"b","type":"string"}`
	fieldBDefault = `{"name":"b","type":"string","default":""}`
)

// wantCode fails unless err is the registry's error with the code and status.
func wantCode(t *testing.T, err error, code, status int) {
	t.Helper()
	var refused *sr.ResponseError
	if !errors.As(err, &refused) || refused.ErrorCode != code || refused.StatusCode != status {
		t.Errorf("got %v, want error code %d with status %d", err, code, status)
	}
}

// Each row registers the first schema, then tries the second.
func TestWhatALevelForbids(t *testing.T) {
	t.Parallel()
	_, url, _ := run(t, Config{})
	client := dial(t, url)
	for name, test := range map[string]struct {
		level     sr.CompatibilityLevel
		old, next string
		admitted  bool
	}{
		"backward: a field with a default":           {sr.CompatBackward, fieldA, fieldA + "," + fieldBDefault, true},
		"backward: a field without one":              {sr.CompatBackward, fieldA, fieldA + "," + fieldB, false},
		"backward: a field less":                     {sr.CompatBackward, fieldA + "," + fieldB, fieldA, true},
		"backward: a wider type":                     {sr.CompatBackward, fieldA, fieldALong, true},
		"backward: a narrower type":                  {sr.CompatBackward, fieldALong, fieldA, false},
		"forward: a field without a default":         {sr.CompatForward, fieldA, fieldA + "," + fieldB, true},
		"forward: a field less that has no default":  {sr.CompatForward, fieldA + "," + fieldB, fieldA, false},
		"full: a field with a default":               {sr.CompatFull, fieldA, fieldA + "," + fieldBDefault, true},
		"full: a wider type":                         {sr.CompatFull, fieldA, fieldALong, false},
		"none: anything":                             {sr.CompatNone, fieldA, fieldB, true},
		"backward is what a subject has by itself":   {0, fieldA, fieldA + "," + fieldB, false},
		"backward: a default is no part of equality": {sr.CompatBackward, fieldA + "," + fieldB, fieldA + "," + fieldBDefault, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			subject := strings.ReplaceAll(name, ":", "")
			if test.level != 0 {
				if err := client.SetCompatibility(t.Context(), sr.SetCompatibility{Level: test.level}, subject)[0].Err; err != nil {
					t.Fatal(err)
				}
			}
			first, err := client.CreateSchema(t.Context(), subject, record(test.old))
			if err != nil {
				t.Fatal(err)
			}
			tried, err := client.CheckCompatibility(t.Context(), subject, -1, record(test.next))
			if err != nil || tried.Is != test.admitted {
				t.Errorf("tried: %+v, %v", tried, err)
			}
			second, err := client.CreateSchema(t.Context(), subject, record(test.next))
			if !test.admitted {
				wantCode(t, err, 409, http.StatusConflict)
				return
			}
			if err != nil || second.Version != 2 || second.ID == first.ID {
				t.Errorf("second: %+v, %v", second, err)
			}
		})
	}
}

func TestTransitiveLevelsCompareWithEveryVersion(t *testing.T) {
	t.Parallel()
	_, url, _ := run(t, Config{})
	client := dial(t, url)
	// The third reads what the second wrote, and not what the first did.
	history := []string{fieldA, fieldA + "," + fieldBDefault}
	for level, admitted := range map[sr.CompatibilityLevel]bool{sr.CompatBackward: true, sr.CompatBackwardTransitive: false} {
		subject := level.String()
		if err := client.SetCompatibility(t.Context(), sr.SetCompatibility{Level: level}, subject)[0].Err; err != nil {
			t.Fatal(err)
		}
		for _, fields := range history {
			if _, err := client.CreateSchema(t.Context(), subject, record(fields)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := client.CreateSchema(t.Context(), subject, record(fieldA+","+fieldB)); (err == nil) != admitted {
			t.Errorf("%s: %v", level, err)
		}
	}
}
