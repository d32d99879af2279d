package cloudwatch

import (
	"slices"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// The structures below are AWS's; so are the names of their members.

// Dimension names one property of a metric.
type Dimension struct {
	Name  string
	Value string
}

// Metric names one metric. Dimensions belong to the name: the same name with
// others is another metric.
type Metric struct {
	Namespace  string
	MetricName string
	Dimensions []Dimension
}

// key is one text per metric, whatever the order of its dimensions.
func (m Metric) key() string {
	dimensions := slices.Clone(m.Dimensions)
	slices.SortFunc(dimensions, func(a, b Dimension) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	for _, part := range []string{m.Namespace, m.MetricName} {
		b.WriteString(part)
		b.WriteByte(0)
	}
	for _, d := range dimensions {
		b.WriteString(d.Name)
		b.WriteByte(0)
		b.WriteString(d.Value)
		b.WriteByte(0)
	}
	return b.String()
}

// MetricDatum is one metric's part of a PutMetricData call.
type MetricDatum struct {
	MetricName        *string
	Dimensions        []Dimension
	Timestamp         *wire.Timestamp
	Value             *float64
	StatisticValues   *StatisticSet
	Values            []float64
	Counts            []float64
	Unit              *string
	StorageResolution *int
}

// StatisticSet sums up several measurements.
type StatisticSet struct {
	SampleCount *float64
	Sum         *float64
	Minimum     *float64
	Maximum     *float64
}

// MetricStat asks for one statistic of one metric.
type MetricStat struct {
	Metric *Metric
	Period *int
	Stat   *string
	Unit   *string
}

// MetricDataQuery is one question of a GetMetricData call.
type MetricDataQuery struct {
	Id         *string //nolint:revive // AWS's spelling is the member's name
	MetricStat *MetricStat
	Expression *string
	Label      *string
	ReturnData *bool
	Period     *int
	AccountId  *string //nolint:revive // AWS's spelling is the member's name
}

// MetricDataResult answers one MetricDataQuery.
type MetricDataResult struct {
	ID         string `json:"Id"`
	Label      string
	Timestamps []wire.Timestamp
	Values     []wire.Double
	StatusCode string
}

// isUnit reports whether a unit is one of AWS's.
func isUnit(unit string) bool {
	if base, perSecond := strings.CutSuffix(unit, "/Second"); perSecond {
		return base == "Count" || isSize(base)
	}
	return slices.Contains([]string{"Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "None"}, unit) || isSize(unit)
}

func isSize(unit string) bool {
	for _, of := range []string{"Bytes", "Bits"} {
		if unit == of {
			return true
		}
		if prefix, ok := strings.CutSuffix(unit, strings.ToLower(of)); ok {
			return slices.Contains([]string{"Kilo", "Mega", "Giga", "Tera"}, prefix)
		}
	}
	return false
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
