package cloudwatch

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// ListMetrics lists metrics by namespace, name and dimensions, in pages of 500,
// as soon as they have data and for as long as that is kept.
// Refused by name: other accounts' metrics.

// ListMetricsInput is what ListMetrics takes.
type ListMetricsInput struct {
	Namespace             *string
	MetricName            *string
	Dimensions            []DimensionFilter
	NextToken             *string
	RecentlyActive        *string
	IncludeLinkedAccounts *bool
	OwningAccount         *string
}

// DimensionFilter wants a dimension, of any value if none is given.
type DimensionFilter struct {
	Name  *string
	Value *string
}

// ListMetricsOutput is a page.
type ListMetricsOutput struct {
	Metrics   []Metric
	NextToken *string `json:",omitempty"`
}

const (
	listMax       = 500
	filtersMax    = 10
	recentlyMax   = 3 * time.Hour
	recentlyValue = "PT3H"
)

// Validate reports everything that is wrong with the filters.
func (in *ListMetricsInput) Validate() error {
	var p problems
	for name, value := range map[string]*string{"Namespace": in.Namespace, "MetricName": in.MetricName} {
		if value != nil {
			p.text(name, value, 255)
		}
	}
	if !p.most("Dimensions", len(in.Dimensions), filtersMax) {
		return p.err()
	}
	for i, f := range in.Dimensions {
		p.text(fmt.Sprintf("Dimensions.member.%d.Name", i+1), f.Name, 255)
	}
	if r := in.RecentlyActive; r != nil && *r != recentlyValue {
		p.add(invalidValue("The value %.100q for parameter RecentlyActive is invalid: want PT3H.", *r))
	}
	return p.err()
}

func (in *ListMetricsInput) wants(m Metric) bool {
	if in.Namespace != nil && *in.Namespace != m.Namespace || in.MetricName != nil && *in.MetricName != m.MetricName {
		return false
	}
	for _, f := range in.Dimensions {
		if !slices.ContainsFunc(m.Dimensions, func(d Dimension) bool {
			return d.Name == *f.Name && (f.Value == nil || d.Value == *f.Value)
		}) {
			return false
		}
	}
	return true
}

func (s *Service) listMetrics(_ context.Context, _ *wire.Call, in *ListMetricsInput) (*ListMetricsOutput, error) {
	if deref(in.IncludeLinkedAccounts) || in.OwningAccount != nil {
		return nil, wire.NotImplemented("metrics of other accounts in cloudwatch:ListMetrics")
	}
	after, err := base64.RawURLEncoding.DecodeString(deref(in.NextToken))
	if err != nil {
		return nil, invalidValue("The value of the parameter NextToken is invalid.")
	}
	s.drain()
	now := s.cfg.Clock.Now()
	found, last, more := s.store.list(string(after), listMax, func(m Metric, written time.Time) bool {
		return (in.RecentlyActive == nil || now.Sub(written) <= recentlyMax) && in.wants(m)
	})
	out := &ListMetricsOutput{Metrics: make([]Metric, 0, len(found))}
	for _, m := range found {
		m.Dimensions = append([]Dimension{}, m.Dimensions...) // none is an empty list on the wire
		out.Metrics = append(out.Metrics, m)
	}
	if more {
		token := base64.RawURLEncoding.EncodeToString([]byte(last))
		out.NextToken = &token
	}
	return out, nil
}
