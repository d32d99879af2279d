package cloudwatch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// GetMetricStatistics reads several statistics of one metric over periods, one
// point per period and unit, oldest first (AWS promises no order).
// Limits: 1,440 points per call; more are refused.

// GetMetricStatisticsInput is what GetMetricStatistics takes.
type GetMetricStatisticsInput struct {
	Metric
	StartTime          *wire.Timestamp
	EndTime            *wire.Timestamp
	Period             *int
	Statistics         []string
	ExtendedStatistics []string
	Unit               *string
}

// Datapoint is one period.
type Datapoint struct {
	Timestamp          wire.Timestamp
	SampleCount        *float64           `json:",omitempty"`
	Average            *float64           `json:",omitempty"`
	Sum                *float64           `json:",omitempty"`
	Minimum            *float64           `json:",omitempty"`
	Maximum            *float64           `json:",omitempty"`
	Unit               string             `json:",omitempty"`
	ExtendedStatistics map[string]float64 `json:",omitempty"`
}

// GetMetricStatisticsOutput has the points.
type GetMetricStatisticsOutput struct {
	Label      string
	Datapoints []Datapoint
}

const statisticsPointsMax = 1440

// Validate reports everything that is wrong with the question.
func (in *GetMetricStatisticsInput) Validate() error {
	var p problems
	p.text("Namespace", &in.Namespace, 255)
	p.text("MetricName", &in.MetricName, 255)
	p.dimensions("Dimensions", in.Dimensions)
	p.period("Period", in.Period)
	p.unit("Unit", in.Unit)
	checkSpan(&p, in.StartTime, in.EndTime)
	if len(in.Statistics)+len(in.ExtendedStatistics) == 0 {
		p.add(missingParameter("Statistics"))
	}
	for i, name := range in.Statistics {
		if !slices.Contains([]string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}, name) {
			p.add(invalidValue("The value %.100q for parameter Statistics.member.%d is invalid.", name, i+1))
		}
	}
	return p.err()
}

func (s *Service) getMetricStatistics(_ context.Context, _ *wire.Call, in *GetMetricStatisticsInput) (*GetMetricStatisticsOutput, error) {
	if asked := int64(in.EndTime.Sub(in.StartTime.Time).Seconds()) / int64(*in.Period); asked > statisticsPointsMax {
		return nil, invalidCombination("You have requested up to %d datapoints, which exceeds the limit of %d. You may reduce the datapoints requested by increasing Period, or decreasing the time range.", asked, statisticsPointsMax)
	}
	extended := make(map[string]statistic, len(in.ExtendedStatistics))
	for _, name := range in.ExtendedStatistics {
		stat, err := parseStatistic(name)
		if err != nil {
			return nil, fmt.Errorf("extended statistic: %w", err)
		}
		extended[name] = stat
	}
	s.drain()
	out := &GetMetricStatisticsOutput{Label: in.MetricName, Datapoints: []Datapoint{}}
	for _, st := range s.store.read(in.Metric, deref(in.Unit), in.StartTime.Time, in.EndTime.Time, int64(*in.Period), true) {
		d := Datapoint{Timestamp: wire.Timestamp{Time: time.Unix(st.start, 0).UTC()}, Unit: st.unit}
		average := st.sum / st.count
		for name, to := range map[string]struct {
			field **float64
			value *float64
		}{
			"SampleCount": {&d.SampleCount, &st.count}, "Average": {&d.Average, &average}, "Sum": {&d.Sum, &st.sum},
			"Minimum": {&d.Minimum, &st.low}, "Maximum": {&d.Maximum, &st.high},
		} {
			if slices.Contains(in.Statistics, name) {
				*to.field = to.value
			}
		}
		for name, stat := range extended {
			if value, ok := stat(&st.distribution); ok {
				if d.ExtendedStatistics == nil {
					d.ExtendedStatistics = make(map[string]float64)
				}
				d.ExtendedStatistics[name] = value
			}
		}
		out.Datapoints = append(out.Datapoints, d)
	}
	return out, nil
}
