package cloudwatch

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// GetMetricData reads statistics of metrics over periods, newest first unless
// asked otherwise, in pages. A period without data has no point.
// Refused by name: expressions (metric math and Metrics Insights), dynamic
// labels, other accounts' metrics. Ignored: LabelOptions, which say how dynamic
// labels show times.
// Limits: 500 queries per call, 100,800 points per page.

// GetMetricDataInput is what GetMetricData takes.
type GetMetricDataInput struct {
	MetricDataQueries []MetricDataQuery
	StartTime         *wire.Timestamp
	EndTime           *wire.Timestamp
	NextToken         *string
	ScanBy            *string
	MaxDatapoints     *int
}

// GetMetricDataOutput has one result per query that returns data.
type GetMetricDataOutput struct {
	MetricDataResults []MetricDataResult
	NextToken         *string `json:",omitempty"`
	Messages          []struct{}
}

const (
	queriesMax    = 500
	datapointsMax = 100_800
)

// Validate reports everything that is wrong with the questions.
func (in *GetMetricDataInput) Validate() error {
	var p problems
	p.require("MetricDataQueries", in.MetricDataQueries != nil)
	if !p.most("MetricDataQueries", len(in.MetricDataQueries), queriesMax) {
		return p.err()
	}
	checkSpan(&p, in.StartTime, in.EndTime)
	if by := deref(in.ScanBy); in.ScanBy != nil && by != scanAscending && by != scanDescending {
		p.add(invalidValue("The value %.100q for parameter ScanBy is invalid.", by))
	}
	if n := in.MaxDatapoints; n != nil && (*n < 1 || *n > datapointsMax) {
		p.add(invalidValue("The value %d for parameter MaxDatapoints is invalid: want 1 to %d.", *n, datapointsMax))
	}
	seen := make(map[string]bool)
	for i := range in.MetricDataQueries {
		q, path := &in.MetricDataQueries[i], fmt.Sprintf("MetricDataQueries.member.%d.", i+1)
		id := deref(q.Id)
		if p.require(path+"Id", q.Id != nil) && !isQueryID(id) {
			p.add(invalidValue("The value %.100q for parameter %sId is invalid: want a lowercase letter, then letters, digits and underscores.", id, path))
		}
		if seen[id] {
			p.add(invalidValue("The values for parameter Id in MetricDataQueries are not unique: %q.", id))
		}
		seen[id] = true
		q.check(&p, path)
	}
	return p.err()
}

const (
	scanAscending  = "TimestampAscending"
	scanDescending = "TimestampDescending"
)

func checkSpan(p *problems, start, end *wire.Timestamp) {
	from, to := p.require("StartTime", start != nil), p.require("EndTime", end != nil)
	if from && to && !start.Before(end.Time) {
		p.add(invalidCombination("The parameter StartTime must be less than the parameter EndTime."))
	}
}

func isQueryID(id string) bool {
	if id == "" || len(id) > 255 || id[0] < 'a' || id[0] > 'z' {
		return false
	}
	return strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func (q *MetricDataQuery) check(p *problems, path string) {
	if (q.MetricStat == nil) == (q.Expression == nil) {
		p.add(invalidCombination("Exactly one of the parameters %[1]sMetricStat and %[1]sExpression must be specified.", path))
	}
	stat := q.MetricStat
	if stat == nil {
		return
	}
	path += "MetricStat."
	if p.require(path+"Metric", stat.Metric != nil) {
		p.text(path+"Metric.Namespace", &stat.Metric.Namespace, 255)
		p.text(path+"Metric.MetricName", &stat.Metric.MetricName, 255)
		p.dimensions(path+"Metric.Dimensions", stat.Metric.Dimensions)
	}
	p.period(path+"Period", stat.Period)
	if p.require(path+"Stat", stat.Stat != nil) {
		p.statistic(path+"Stat", *stat.Stat)
	}
	p.unit(path+"Unit", stat.Unit)
}

func (p *problems) period(name string, seconds *int) {
	if p.require(name, seconds != nil) && !isPeriod(*seconds) {
		p.add(invalidValue("The value %d for parameter %s is invalid: want 1, 5, 10, 20, 30 or a multiple of 60.", *seconds, name))
	}
}

// unsupported is the first thing asked for that AWS has and this has not.
func (in *GetMetricDataInput) unsupported() error {
	for i := range in.MetricDataQueries {
		q := &in.MetricDataQueries[i]
		switch {
		case q.Expression != nil:
			return wire.NotImplemented(fmt.Sprintf("expressions of cloudwatch:GetMetricData (%.200q)", *q.Expression))
		case strings.Contains(deref(q.Label), "${"):
			return wire.NotImplemented("dynamic labels of cloudwatch:GetMetricData")
		case q.AccountId != nil:
			return wire.NotImplemented("metrics of other accounts in cloudwatch:GetMetricData")
		}
		if _, err := parseStatistic(*q.MetricStat.Stat); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) getMetricData(_ context.Context, _ *wire.Call, in *GetMetricDataInput) (*GetMetricDataOutput, error) {
	if err := in.unsupported(); err != nil {
		return nil, err
	}
	from, err := parsePlace(in.NextToken)
	if err != nil {
		return nil, err
	}
	s.drain()
	out := &GetMetricDataOutput{MetricDataResults: []MetricDataResult{}, Messages: []struct{}{}}
	left := cmp.Or(deref(in.MaxDatapoints), datapointsMax)
	for i := from.query; i < len(in.MetricDataQueries); i++ {
		q := &in.MetricDataQueries[i]
		if q.ReturnData != nil && !*q.ReturnData {
			continue
		}
		result, rest, err := s.answer(in, q, from, left)
		if err != nil {
			return nil, err
		}
		out.MetricDataResults = append(out.MetricDataResults, result)
		if left -= len(result.Values); rest {
			next := place{i, result.Timestamps[len(result.Timestamps)-1].Unix(), true}.token()
			out.NextToken = &next
			return out, nil
		}
		from = place{}
		if left == 0 && i+1 < len(in.MetricDataQueries) {
			next := place{query: i + 1}.token()
			out.NextToken = &next
			return out, nil
		}
	}
	return out, nil
}

// answer reads one query from a place on; rest reports that most was not enough.
func (s *Service) answer(in *GetMetricDataInput, q *MetricDataQuery, from place, most int) (result MetricDataResult, rest bool, err error) {
	stat, err := parseStatistic(*q.MetricStat.Stat)
	if err != nil {
		return result, false, err
	}
	list := s.store.read(s.cfg.Clock.Now(), *q.MetricStat.Metric, deref(q.MetricStat.Unit), span{in.StartTime.Time, in.EndTime.Time, int64(*q.MetricStat.Period)}, false)
	ascending := deref(in.ScanBy) == scanAscending
	if !ascending {
		slices.Reverse(list)
	}
	result = MetricDataResult{
		ID: *q.Id, Label: cmp.Or(deref(q.Label), q.MetricStat.Metric.MetricName), StatusCode: "Complete",
		Timestamps: []wire.Timestamp{}, Values: []wire.Double{},
	}
	for i := range list {
		at := list[i].start
		if from.begun && (ascending && at <= from.after || !ascending && at >= from.after) {
			continue
		}
		value, ok := stat(&list[i].distribution)
		if !ok {
			continue
		}
		if len(result.Values) == most {
			result.StatusCode = "PartialData"
			return result, true, nil
		}
		result.Timestamps = append(result.Timestamps, wire.Timestamp{Time: time.Unix(at, 0).UTC()})
		result.Values = append(result.Values, wire.Double(value))
	}
	return result, false, nil
}

// place is where a page ends, robust against data that arrives between pages.
type place struct {
	query int
	after int64 // Unix seconds of the last point given
	begun bool  // after counts
}

func (p place) token() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d %t", p.query, p.after, p.begun))
}

func parsePlace(token *string) (p place, err error) {
	if token == nil {
		return place{}, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil {
		return place{}, invalidToken()
	}
	if _, err := fmt.Sscanf(string(text), "%d %d %t", &p.query, &p.after, &p.begun); err != nil || p.query < 0 || p.token() != *token {
		return place{}, invalidToken()
	}
	return p, nil
}
