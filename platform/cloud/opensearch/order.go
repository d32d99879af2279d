package opensearch

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strings"
)

// ordering is how buckets are sorted: by count, key or an aggregation inside.
type ordering struct {
	path    []string // _count, _key, or names
	member  string   // of the last aggregation
	descend bool
}

// parseOrder reads an order, or a list of them.
func (a *aggregation) parseOrder(otherwise ...ordering) ([]ordering, error) {
	value, given := a.body["order"]
	if !given {
		return otherwise, nil
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var out []ordering
	for _, one := range list {
		members, ok := one.(map[string]any)
		switch {
		case !ok || len(members) == 0:
			return nil, parsing("Must specify at least one field for [order]")
		case len(members) > 1:
			return nil, gap("an order of aggregations with several members, which are to be a list")
		}
		for path, direction := range members {
			text := strings.ToLower(textOf(direction))
			if text != "asc" && text != "desc" {
				return nil, parsing("Unknown order direction [%s]", textOf(direction))
			}
			o := ordering{path: strings.Split(path, ">"), descend: text == "desc"}
			if path == "_term" || path == "_time" { // as it was called once
				o.path[0] = "_key"
			}
			last := len(o.path) - 1
			o.path[last], o.member, _ = strings.Cut(o.path[last], ".")
			if err := a.checkOrder(path, o); err != nil {
				return nil, err
			}
			out = append(out, o)
		}
	}
	return append(out, ordering{path: []string{"_key"}}), nil
}

// checkOrder follows an order's path through the aggregations.
func (a *aggregation) checkOrder(path string, o ordering) error {
	if o.path[0] == "_count" || o.path[0] == "_key" {
		return nil
	}
	at := a
	for i, name := range o.path {
		n := slices.IndexFunc(at.subs, func(sub *aggregation) bool { return sub.name == name })
		if n < 0 {
			a.invalid = invalidOrder(path, name)
			return nil
		}
		at = at.subs[n]
		if _, single := at.work.(*filterAggregation); !single && i < len(o.path)-1 {
			a.invalid = invalidOrder(path, name)
			return nil
		}
	}
	m, ok := at.work.(*metric)
	switch {
	case !ok:
		return gap("ordering by aggregations that are no metrics (%s)", path)
	case (m.kind == "stats" || m.kind == "percentiles") && o.member == "":
		return illegal("When ordering on a multi-value metrics aggregation a metric name must be specified.")
	}
	return nil
}

func invalidOrder(path, name string) *Error {
	return &Error{
		Type: "aggregation_execution_exception", Status: http.StatusInternalServerError,
		Reason: "Invalid aggregation order path [" + path + "]. The provided aggregation [" + name +
			"] either does not exist, or is a pipeline aggregation and cannot be used to sort the buckets.",
	}
}

// sorted lists the buckets in order.
func (b *buckets) sorted(orders []ordering) ([]*bucket, error) {
	list := make([]*bucket, 0, len(b.byKey))
	for _, one := range b.byKey {
		list = append(list, one)
	}
	var failed error
	values := map[*bucket][]float64{}
	for _, one := range list {
		values[one] = make([]float64, len(orders))
		for i, o := range orders {
			v, err := one.orderValue(b.of, o)
			values[one][i] = v
			if err != nil {
				failed = err
			}
		}
	}
	slices.SortFunc(list, func(x, y *bucket) int {
		for i, o := range orders {
			order := 0
			if o.path[0] == "_key" {
				order = x.key.compare(y.key)
			} else {
				order = compareNumbers(values[x][i], values[y][i], o.descend)
				if order != 0 {
					return order
				}
			}
			if o.descend {
				order = -order
			}
			if order != 0 {
				return order
			}
		}
		return 0
	})
	return list, failed
}

// compareNumbers puts what is no number at the end, whatever the order.
func compareNumbers(x, y float64, descend bool) int {
	switch {
	case math.IsNaN(x) && math.IsNaN(y):
		return 0
	case math.IsNaN(x):
		return 1
	case math.IsNaN(y):
		return -1
	case descend:
		return cmp.Compare(y, x)
	}
	return cmp.Compare(x, y)
}

func (one *bucket) orderValue(a *aggregation, o ordering) (float64, error) {
	switch o.path[0] {
	case "_count":
		return float64(one.count), nil
	case "_key":
		return 0, nil
	}
	at, results := a, one.subs
	for _, name := range o.path {
		n := slices.IndexFunc(at.subs, func(sub *aggregation) bool { return sub.name == name })
		if single, ok := results[n].(*filtering); ok {
			at, results = at.subs[n], single.subs
			continue
		}
		return results[n].(*measured).orderValue(o.member)
	}
	return 0, nil
}
