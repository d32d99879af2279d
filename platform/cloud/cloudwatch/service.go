// Package cloudwatch is the embedded cloud's Amazon CloudWatch as far as
// metrics go: callers and the cloud's own services put them, and read them back
// as statistics over periods.
//
// Guarantee: a PutMetricData that was answered is seen by every later read, all
// of it or nothing. Memory is bounded: data points are forgotten six hours
// after they were written, and what would exceed the store is refused, never
// dropped. With Config.Data what was answered survives the process; of the
// cloud's own measurements, those of its last minute do not survive a kill.
// What AWS has and this has not is written in skipped.md.
package cloudwatch

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/internal/metering"
	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// Config sets up a Service; zero fields take defaults.
type Config struct {
	Clock clock.Clock  // nil means clock.Wall
	Log   *slog.Logger // nil discards
	Data  *store.Data  // where metrics are kept; nil keeps nothing
	// Sources are drained once a minute and before every read: what the cloud's
	// services measured of themselves.
	Sources []Source
}

// Source is called by one goroutine at a time and hands out what was measured
// since its last call.
type Source func(emit func(metering.Sample))

// Service holds the account's metrics. It is safe for concurrent use.
type Service struct {
	cfg   Config
	store metricStore
	turn  chan struct{} // whose holder drains the sources
}

// New returns a service with the metrics that cfg.Data holds.
func New(cfg Config) (*Service, error) {
	if cfg.Clock == nil {
		cfg.Clock = clock.Wall{}
	}
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	s := &Service{cfg: cfg, store: metricStore{data: cfg.Data, series: make(map[string]*series)}, turn: make(chan struct{}, 1)}
	if err := s.store.restore(cfg.Clock.Now()); err != nil {
		return nil, fmt.Errorf("cloudwatch: %w", err)
	}
	return s, nil
}

// Run drains the sources at every full minute, so that what they measured is
// put down to the minute that it happened in, and once more when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for {
		now := s.cfg.Clock.Now()
		if err := s.cfg.Clock.Sleep(ctx, now.Truncate(time.Minute).Add(time.Minute).Sub(now)); err != nil {
			s.drain()
			return nil //nolint:nilerr // a cancelled ctx is a clean stop
		}
		s.drain()
	}
}

// drain takes in what the sources measured.
func (s *Service) drain() {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	var list []measurement
	for _, source := range s.cfg.Sources {
		source(func(sample metering.Sample) {
			m := measurement{metric: Metric{Namespace: sample.Namespace, MetricName: sample.Name}, unit: sample.Unit, at: sample.At}
			for _, d := range sample.Dimensions {
				m.metric.Dimensions = append(m.metric.Dimensions, Dimension(d))
			}
			m.values.addSet(sample.Count, sample.Sum, sample.Min, sample.Max)
			list = append(list, m)
		})
	}
	if len(list) == 0 {
		return
	}
	if err := s.store.put(s.cfg.Clock.Now(), list); err != nil {
		s.cfg.Log.Warn("cloudwatch: metrics of the cloud itself are lost", "count", len(list), "error", err)
	}
}

// Service declares the API to the cloud's root. All three of AWS's protocols
// are spoken: today's SDKs send rpc-v2-cbor, older ones the query protocol.
func (s *Service) Service() wire.Service {
	const granite = "GraniteServiceVersion20100801"
	ops := []wire.Operation{
		wire.Op("PutMetricData", access[PutMetricDataInput]("PutMetricData"), s.putMetricData),
		wire.Op("GetMetricData", access[GetMetricDataInput]("GetMetricData"), s.getMetricData),
		wire.Op("GetMetricStatistics", access[GetMetricStatisticsInput]("GetMetricStatistics"), s.getMetricStatistics),
		wire.Op("ListMetrics", access[ListMetricsInput]("ListMetrics"), s.listMetrics),
	}
	for _, name := range missingOperations() {
		ops = append(ops, wire.Gap(name, "cloudwatch:"+name))
	}
	return wire.Service{
		SigningName: "monitoring",
		Protocol:    wire.Protocol{Kind: wire.RPCv2CBOR, TargetPrefix: granite},
		Also: []wire.Protocol{
			{Kind: wire.JSON, TargetPrefix: granite, JSONVersion: "1.0"},
			{Kind: wire.Query, Version: "2010-08-01", Namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/"},
		},
		Operations:   ops,
		MaxBodyBytes: 1 << 20,
	}
}

// access is that of an action without a resource level.
func access[I any](name string) func(*wire.Call, *I) []wire.Access {
	return func(*wire.Call, *I) []wire.Access {
		return []wire.Access{{Action: "cloudwatch:" + name, Resource: "*"}}
	}
}

// missingOperations are answered with a typed error that names them.
func missingOperations() []string {
	return []string{
		"DeleteAlarms", "DeleteAnomalyDetector", "DeleteDashboards", "DeleteInsightRules", "DeleteMetricStream",
		"DescribeAlarmHistory", "DescribeAlarms", "DescribeAlarmsForMetric", "DescribeAnomalyDetectors", "DescribeInsightRules",
		"DisableAlarmActions", "DisableInsightRules", "EnableAlarmActions", "EnableInsightRules", "GetDashboard",
		"GetInsightRuleReport", "GetMetricStream", "GetMetricWidgetImage", "ListDashboards", "ListManagedInsightRules",
		"ListMetricStreams", "ListTagsForResource", "PutAnomalyDetector", "PutCompositeAlarm", "PutDashboard",
		"PutInsightRule", "PutManagedInsightRules", "PutMetricAlarm", "PutMetricStream", "SetAlarmState",
		"StartMetricStreams", "StopMetricStreams", "TagResource", "UntagResource",
	}
}
