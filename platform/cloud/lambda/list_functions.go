package lambda

// ListFunctions lists functions by name, 50 at a time (MaxItems up to 10,000 is
// read as 50, as on AWS); with FunctionVersion=ALL every version of them too,
// in which case a page holds 50 functions with all of theirs.

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// page is one page of a listing in key order; Marker is the last key shown.
type page struct {
	Marker   string
	MaxItems int
}

func (p *page) bind(_ map[string]string, query url.Values) error {
	p.Marker = query.Get("Marker")
	text := query.Get("MaxItems")
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 10000 {
		var v wire.Violations
		v.Add("maxItems", text, "Member must have value between 1 and 10000")
		return v.Err()
	}
	p.MaxItems = n
	return nil
}

// take cuts one page out of sorted keys.
func (p *page) take(keys []string, most int) (shown []string, next string) {
	if p.MaxItems > 0 {
		most = min(most, p.MaxItems)
	}
	from, found := slices.BinarySearch(keys, p.Marker)
	if found {
		from++
	}
	keys = keys[from:]
	if len(keys) <= most {
		return keys, ""
	}
	return keys[:most], keys[most-1]
}

type listFunctionsInput struct {
	page
	version string
}

func (in *listFunctionsInput) bind(vars map[string]string, query url.Values) error {
	if in.version = query.Get("FunctionVersion"); in.version != "" && in.version != "ALL" {
		var v wire.Violations
		v.Add("functionVersion", in.version, "Member must satisfy enum value set: [ALL]")
		return v.Err()
	}
	return in.page.bind(vars, query)
}

type listFunctionsOutput struct {
	Functions  []FunctionConfiguration
	NextMarker string `json:",omitempty"`
}

func (s *Service) listFunctions() wire.Operation {
	return route("ListFunctions", http.MethodGet, "/2015-03-31/functions",
		func(*wire.Call, *listFunctionsInput) []wire.Access {
			return []wire.Access{{Action: "lambda:ListFunctions", Resource: "*"}}
		},
		func(_ context.Context, _ *wire.Call, in *listFunctionsInput) (listFunctionsOutput, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			names, next := in.take(slices.Sorted(maps.Keys(s.functions)), 50)
			out := listFunctionsOutput{Functions: []FunctionConfiguration{}, NextMarker: next}
			for _, name := range names {
				f := s.functions[name]
				if in.version == "" {
					out.Functions = append(out.Functions, f.configuration(f.arn))
					continue
				}
				for _, v := range f.all() {
					out.Functions = append(out.Functions, v.configuration(f.arn+":"+v.number))
				}
			}
			return out, nil
		})
}
