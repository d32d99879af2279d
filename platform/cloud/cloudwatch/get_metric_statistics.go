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
	SampleCount        *wire.Double           `json:",omitempty"`
	Average            *wire.Double           `json:",omitempty"`
	Sum                *wire.Double           `json:",omitempty"`
	Minimum            *wire.Double           `json:",omitempty"`
	Maximum            *wire.Double           `json:",omitempty"`
	Unit               string                 `json:",omitempty"`
	ExtendedStatistics map[string]wire.Double `json:",omitempty"`
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
	switch {
	case len(in.Statistics)+len(in.ExtendedStatistics) == 0:
		p.add(missingParameter("Statistics"))
	case len(in.Statistics) > 0 && len(in.ExtendedStatistics) > 0:
		p.add(invalidCombination("The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified both."))
	}
	p.most("Statistics", len(in.Statistics), 5)
	p.most("ExtendedStatistics", len(in.ExtendedStatistics), 10)
	for i, name := range in.Statistics {
		if !slices.Contains([]string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}, name) {
			p.add(invalidValue("The value %.100q for parameter Statistics.member.%d is invalid.", name, i+1))
		}
	}
	for i, name := range in.ExtendedStatistics {
		p.statistic(fmt.Sprintf("ExtendedStatistics.member.%d", i+1), name)
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
			return nil, err
		}
		extended[name] = stat
	}
	s.drain()
	out := &GetMetricStatisticsOutput{Label: in.MetricName, Datapoints: []Datapoint{}}
	for _, st := range s.store.read(s.cfg.Clock.Now(), in.Metric, deref(in.Unit), span{in.StartTime.Time, in.EndTime.Time, int64(*in.Period)}, true) {
		d := Datapoint{Timestamp: wire.Timestamp{Time: time.Unix(st.start, 0).UTC()}, Unit: st.unit}
		for name, to := range map[string]struct {
			field **wire.Double
			value float64
		}{
			"SampleCount": {&d.SampleCount, st.count}, "Average": {&d.Average, st.sum / st.count}, "Sum": {&d.Sum, st.sum},
			"Minimum": {&d.Minimum, st.low}, "Maximum": {&d.Maximum, st.high},
		} {
			if slices.Contains(in.Statistics, name) {
				value := wire.Double(to.value)
				*to.field = &value
			}
		}
		for name, stat := range extended {
			if value, ok := stat(&st.distribution); ok {
				if d.ExtendedStatistics == nil {
					d.ExtendedStatistics = make(map[string]wire.Double)
				}
				d.ExtendedStatistics[name] = wire.Double(value)
			}
		}
		out.Datapoints = append(out.Datapoints, d)
	}
	return out, nil
}
