package lambda

import (
	"encoding/json"
	"fmt"

	"github.com/weirstream/weir/platform/cloud/internal/eventpattern"
	"github.com/weirstream/weir/platform/cloud/wire"
)

const (
	filtersMax      = 5
	patternBytesMax = 4096
	dataKey         = "data"
)

// filter is one of a mapping's filters: it wants records whose data matches.
type filter struct {
	text    string
	pattern *eventpattern.Pattern
}

// filterCriteria are filters as the API has them.
type filterCriteria struct{ Filters []filterMember }

type filterMember struct{ Pattern *string }

func (in *filterCriteria) check(v *wire.Violations) {
	for i, f := range in.Filters {
		if f.Pattern != nil && len([]rune(*f.Pattern)) > patternBytesMax {
			v.Add(fmt.Sprintf("filterCriteria.filters.%d.member.pattern", i+1), *f.Pattern,
				"Member must have length less than or equal to 4096")
		}
	}
}

// compile reads the patterns; no filters want everything.
func (in *filterCriteria) compile() ([]filter, error) {
	if len(in.Filters) > filtersMax {
		return nil, invalidParameter("An event source mapping can have %d filters, and this one has %d.", filtersMax, len(in.Filters))
	}
	var filters []filter
	for _, f := range in.Filters {
		if f.Pattern == nil {
			return nil, badPattern("it has no Pattern")
		}
		p, err := eventpattern.Compile(*f.Pattern)
		if err != nil {
			return nil, badPattern(err.Error())
		}
		for _, field := range p.Fields() {
			if field.Name != dataKey {
				return nil, wire.NotImplemented(fmt.Sprintf("filters on the key %q of Kinesis records (only data can be filtered)", field.Name))
			}
			if !field.Nested {
				return nil, badPattern("the pattern for data must be a JSON object")
			}
		}
		filters = append(filters, filter{*f.Pattern, p})
	}
	return filters, nil
}

func badPattern(reason string) *wire.Error {
	return invalidParameter("Invalid filter pattern definition. Reason: %s.", reason)
}

// wanted reports whether a record passes the filters. Data that is not JSON
// passes none.
func (s *mappingSettings) wanted(r *Record) bool {
	if len(s.filters) == 0 {
		return true
	}
	if !json.Valid(r.Data) {
		return false
	}
	data := func(string) []byte { return r.Data }
	for _, f := range s.filters {
		if f.pattern.MatchFields(data) {
			return true
		}
	}
	return false
}

// criteria renders the filters as they were given; nil if there are none.
func (s *mappingSettings) criteria() *filterCriteria {
	if len(s.filters) == 0 {
		return nil
	}
	out := &filterCriteria{}
	for _, f := range s.filters {
		out.Filters = append(out.Filters, filterMember{&f.text})
	}
	return out
}
