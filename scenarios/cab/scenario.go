// Package cab is the scenario "cab telemetry on Kafka": devices in cabs report
// to a hub, and what they report becomes activity and metrics of a city's zones.
//
//	POST /telemetry → hub → cab-telemetry → refine → cab-activity → measure → cab-metrics
//	                                                 cab-activity, cab-metrics → index → OpenSearch
//
// The hub is at-least-once. refine and measure read, keep state and write in
// Kafka transactions, so readers of committed records see each reading refined
// once and each window once, whatever is killed. index writes documents by
// external version, so that what comes again changes nothing.
package cab

import (
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// Components, which are services too.
const (
	componentHub     = event.HubService
	componentRefine  = "refine"
	componentMeasure = "measure"
	componentIndex   = "index"
	componentApp     = "app"
)

const (
	settingPartitions = "partitions"
	settingProtocol   = "protocol"
	protocolClassic   = "classic"
	protocolConsumer  = "consumer" // KIP-848
	partitionsMax     = 200
	pointRefined      = "refined" // on cab-activity, or late
)

//go:embed iam/*.json
var policies embed.FS

// Scenario implements scenario.Scenario.
type Scenario struct{}

// New returns the scenario.
func New() Scenario { return Scenario{} }

// Name is the command-line name.
func (Scenario) Name() string { return "cab" }

// Instants implements scenario.Bounded.
func (Scenario) Instants() (from, to time.Time) { return event.Instants() }

// Settings are the scenario's switches.
func (Scenario) Settings() []scenario.Setting {
	return []scenario.Setting{
		{
			Name: settingPartitions, Default: "6", Check: checkPartitions,
			Help: "partitions of each topic when it is created",
		},
		{
			Name: settingProtocol, Default: protocolClassic, Allowed: []string{protocolClassic, protocolConsumer},
			Help: "rebalance protocol of the consumer groups: classic (cooperative-sticky) or consumer (KIP-848: the brokers assign, and a killed member's successor waits for the end of its session)",
		},
	}
}

// Defaults are those of a plain run: some minutes of the city in twenty seconds,
// and twelve seconds more until the last windows have ended.
func (Scenario) Defaults(map[string]string) scenario.Defaults {
	return scenario.Defaults{
		Load:     scenario.Load{Rate: 30, Devices: 400, For: 400 * time.Second},
		Speed:    20,
		SLO:      map[string]time.Duration{event.DeviceToHub: time.Second, event.DeviceToSearchable: 3 * time.Second},
		DrainMax: 60 * time.Second,
		StartMax: 90 * time.Second, // brokers that are new make their own topics first
		InOrder:  true,
		// The last hop comes long before the search, which has an objective of its own.
		OverdueAfter: time.Second,
		Targets: []chaos.Target{
			{Name: componentHub, Kind: chaos.Service},
			{Name: componentRefine, Kind: chaos.Service},
			{Name: componentMeasure, Kind: chaos.Service},
			{Name: componentIndex, Kind: chaos.Service},
			{Name: event.TelemetryTopic, Kind: chaos.Topic, OnFailure: event.DeadTopic},
			{Name: event.ActivityTopic, Kind: chaos.Topic, OnFailure: event.ActivityDeadTopic},
			{Name: event.MetricsTopic, Kind: chaos.Topic, OnFailure: event.IndexDeadTopic},
			{Name: event.RefineGroup, Kind: chaos.Group, Reads: []string{event.TelemetryTopic}},
			{Name: event.MeasureGroup, Kind: chaos.Group, Reads: []string{event.ActivityTopic}},
			{Name: event.IndexGroup, Kind: chaos.Group, Reads: []string{event.ActivityTopic, event.MetricsTopic}},
			{Name: "broker", Kind: chaos.Broker},
			{Name: "schema-registry", Kind: chaos.Registry},
			{Name: "opensearch", Kind: chaos.Index},
		},
	}
}

// Roles are the policies of the components.
func (Scenario) Roles() fs.FS {
	sub, err := fs.Sub(policies, "iam")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return sub
}

// Hops are the topics a reading passes. One that comes too late passes the side
// topic instead of cab-activity. What becomes of cab-metrics and of documents the
// grader compares.
func (Scenario) Hops() []scenario.Hop {
	return []scenario.Hop{
		{From: "device", To: event.TelemetryTopic, Guarantee: scenario.AtLeastOnce, Store: scenario.Topics{event.TelemetryTopic}, Identify: event.Identify},
		{From: event.TelemetryTopic, To: pointRefined, Guarantee: scenario.ExactlyOnce, Store: scenario.Topics{event.ActivityTopic, event.LateTopic}, Identify: event.Identify},
	}
}

func checkPartitions(value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < 1 || n > partitionsMax {
		return fmt.Errorf("want 1 to %d", partitionsMax)
	}
	return nil
}

// partitions is the checked setting.
func partitions(env scenario.Env) int32 {
	n, _ := strconv.Atoi(env.Settings[settingPartitions])
	return int32(n)
}
