package cloudwatch

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// PutMetricData adds measurements to metrics: single values, values with
// counts, and statistic sets. It is all or nothing.
// Ignored: StrictEntityValidation. Refused by name: EntityMetricData.
// Limits: 1,000 metrics and 1 MiB per call, 150 values and 30 dimensions per
// metric, instants from two weeks ago to two hours ahead, values within ±2^360.

// PutMetricDataInput is what PutMetricData takes.
type PutMetricDataInput struct {
	Namespace        *string
	MetricData       []MetricDatum
	EntityMetricData []struct{}
}

const (
	dataMax      = 1000
	valuesMax    = 150
	pastMax      = 14 * 24 * time.Hour
	futureMax    = 2 * time.Hour
	resolutionHi = 1
	resolution   = 60
)

// Validate reports everything that is wrong whatever the time.
func (in *PutMetricDataInput) Validate() error {
	var p problems
	p.text("Namespace", in.Namespace, 255)
	if ns := deref(in.Namespace); strings.HasPrefix(ns, "AWS/") || strings.HasPrefix(ns, ":") {
		p.add(invalidValue("The value %s for parameter Namespace is invalid: AWS/ is the services' own, and a colon cannot begin it.", ns))
	}
	if in.EntityMetricData == nil {
		p.require("MetricData", in.MetricData != nil)
	}
	if !p.most("MetricData", len(in.MetricData), dataMax) {
		return p.err()
	}
	for i := range in.MetricData {
		in.MetricData[i].check(&p, fmt.Sprintf("MetricData.member.%d.", i+1))
	}
	return p.err()
}

func (d *MetricDatum) check(p *problems, path string) {
	p.text(path+"MetricName", d.MetricName, 255)
	p.dimensions(path+"Dimensions", d.Dimensions)
	p.unit(path+"Unit", d.Unit)
	if r := d.StorageResolution; r != nil && *r != resolutionHi && *r != resolution {
		p.add(invalidValue("The value %d for parameter %sStorageResolution is invalid: want 1 or 60.", *r, path))
	}
	forms := 0
	for _, given := range []bool{d.Value != nil, d.StatisticValues != nil, d.Values != nil} {
		if given {
			forms++
		}
	}
	switch {
	case forms == 0:
		p.add(missingParameter(path + "Value"))
	case forms > 1:
		p.add(invalidCombination("The parameters %[1]sValue, %[1]sStatisticValues and %[1]sValues are mutually exclusive and you have specified more than one.", path))
	}
	if d.Value != nil {
		p.number(path+"Value", *d.Value)
	}
	d.checkValues(p, path)
	if s := d.StatisticValues; s != nil {
		s.check(p, path+"StatisticValues.")
	}
}

func (d *MetricDatum) checkValues(p *problems, path string) {
	if d.Counts != nil && len(d.Counts) != len(d.Values) {
		p.add(invalidCombination("The parameters %[1]sValues and %[1]sCounts must have the same size.", path))
	}
	if d.Values != nil && len(d.Values) == 0 {
		p.add(missingParameter(path + "Values"))
	}
	if !p.most(path+"Values", len(d.Values), valuesMax) {
		return
	}
	for i, v := range d.Values {
		p.number(fmt.Sprintf("%sValues.member.%d", path, i+1), v)
	}
	for i, n := range d.Counts {
		if name := fmt.Sprintf("%sCounts.member.%d", path, i+1); p.number(name, n) && n < 0 {
			p.add(invalidValue("The value %g for parameter %s is invalid: want 0 or more.", n, name))
		}
	}
}

func (s *StatisticSet) check(p *problems, path string) {
	fine := true
	for _, m := range []struct {
		name  string
		value *float64
	}{{"SampleCount", s.SampleCount}, {"Sum", s.Sum}, {"Minimum", s.Minimum}, {"Maximum", s.Maximum}} {
		fine = p.require(path+m.name, m.value != nil) && p.number(path+m.name, *m.value) && fine
	}
	switch {
	case !fine:
	case *s.SampleCount <= 0:
		p.add(invalidValue("The value %g for parameter %sSampleCount is invalid: want more than 0.", *s.SampleCount, path))
	case *s.Minimum > *s.Maximum:
		p.add(invalidCombination("The parameter %[1]sMaximum must be greater than %[1]sMinimum.", path))
	}
}

// number refuses what is no number and what CloudWatch cannot hold.
func (p *problems) number(name string, v float64) bool {
	if most := math.Ldexp(1, 360); math.IsNaN(v) || v > most || v < -most {
		p.add(invalidValue("The value %g for parameter %s is invalid: want a number within -2^360 and 2^360.", v, name))
		return false
	}
	return true
}

func (s *Service) putMetricData(_ context.Context, _ *wire.Call, in *PutMetricDataInput) (any, error) {
	if len(in.EntityMetricData) > 0 {
		return nil, wire.NotImplemented("EntityMetricData of cloudwatch:PutMetricData")
	}
	now := s.cfg.Clock.Now()
	var p problems
	list := make([]measurement, len(in.MetricData))
	for i := range in.MetricData {
		d := &in.MetricData[i]
		m := &list[i]
		m.metric = Metric{*in.Namespace, *d.MetricName, d.Dimensions}
		m.unit, m.at = cmp.Or(deref(d.Unit), "None"), now
		m.fine = deref(d.StorageResolution) == resolutionHi
		if d.Timestamp != nil {
			m.at = d.Timestamp.Time
		}
		if name := fmt.Sprintf("MetricData.member.%d.Timestamp", i+1); now.Sub(m.at) > pastMax {
			p.add(invalidValue("The parameter %s must specify a time within the past two weeks.", name))
		} else if m.at.Sub(now) > futureMax {
			p.add(invalidValue("The parameter %s must specify a time no more than two hours in the future.", name))
		}
		d.sum(&m.values)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return nil, s.store.put(now, list)
}

// sum adds up the one form in which a datum has its values.
func (d *MetricDatum) sum(to *distribution) {
	switch {
	case d.Value != nil:
		to.add(*d.Value, 1)
	case d.StatisticValues != nil:
		s := d.StatisticValues
		to.addSet(*s.SampleCount, *s.Sum, *s.Minimum, *s.Maximum)
	default:
		for i, v := range d.Values {
			count := 1.0
			if d.Counts != nil {
				count = d.Counts[i]
			}
			to.add(v, count)
		}
	}
}
