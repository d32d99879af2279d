// Package location is the scenario "offers by location": subscribers sign up
// over HTTP, a Lambda function enriches each signup with the bandwidth options
// of its place, and the app pushes the offer to the waiting browser.
//
//	POST /signups → location-signups → function location-offers → location-offers → browser (SSE)
//
// Both streams are at-least-once. The app removes duplicates by signup id, so a
// browser gets one offer; what it cannot promise is said at App.
package location

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/event"
	"github.com/weirstream/weir/scenarios/location/offers"
)

// Resource names. They are fixed, so that a policy can name them.
const (
	SignupsStream      = "location-signups"
	OffersStream       = "location-offers"
	FailedQueue        = "location-signups-failed"
	FunctionName       = "location-offers"
	MappingReader      = "offers-function" // enhanced fan-out consumer of SignupsStream
	AppReader          = "app"             // enhanced fan-out consumer of OffersStream
	componentApp       = event.AppService
	componentRole      = "function"
	settingReader      = "reader"
	settingShards      = "shards"
	settingAggregation = "aggregation"
	switchOn           = "on"
	switchOff          = "off"
	companyMax         = 25 * time.Millisecond // a signup waits for others to share its record, with aggregation
	readerFanOut       = "efo"
	readerShared       = "shared"
	defaultShards      = "2"
	longestWait        = 30 * time.Second // a browser is told to come back after
	functionMax        = 10 * time.Second // one invocation
	sharedPollMax      = time.Second      // a shared-throughput mapping reads a shard once a second
	sloFanOut          = 150 * time.Millisecond
	sloSharedRead      = 1500 * time.Millisecond
	defaultRate        = 200
	defaultDevices     = 500
)

//go:embed iam/*.json
var policies embed.FS

// Scenario implements scenario.Scenario.
type Scenario struct{}

// New returns the scenario.
func New() Scenario { return Scenario{} }

// Name is the command-line name.
func (Scenario) Name() string { return "location" }

// Settings are the scenario's switches.
func (Scenario) Settings() []scenario.Setting {
	return []scenario.Setting{
		{
			Name: settingReader, Default: readerFanOut, Allowed: []string{readerFanOut, readerShared},
			Help: "how the function reads signups: efo (enhanced fan-out, pushed) or shared (polled once a second)",
		},
		{
			Name: settingShards, Default: defaultShards, Check: checkShards,
			Help: "shards of each stream when it is created; one takes 1,000 records/s",
		},
		{
			Name: settingAggregation, Default: switchOff, Allowed: []string{switchOff, switchOn},
			Help: "whether the app packs signups of a shard into one record, as the Kinesis Producer Library does: off or on",
		},
	}
}

// Defaults are those of a plain run. Two shards take 2,000 records a second on
// AWS: ten times the rate, and enough to show that order is per shard.
func (Scenario) Defaults(settings map[string]string) scenario.Defaults {
	slo := sloFanOut
	if settings[settingReader] == readerShared {
		slo = sloSharedRead
	}
	return scenario.Defaults{
		Load:  scenario.Load{Rate: defaultRate, Devices: defaultDevices, For: 20 * time.Second},
		Speed: 1,
		SLO:   map[string]time.Duration{event.SignupToOffer: slo},
		// The last signup's browser gives up after longestWait; a batch in the
		// function and the poll before it may still be on their way.
		DrainMax: longestWait + functionMax + sharedPollMax,
		Targets: []chaos.Target{
			{Name: SignupsStream, Kind: chaos.Stream, Operations: []string{"PutRecords"}, OnFailure: FailedQueue},
			{Name: OffersStream, Kind: chaos.Stream, Operations: []string{"PutRecords", "SubscribeToShard"}},
			{Name: FunctionName, Kind: chaos.Function},
			{Name: componentApp, Kind: chaos.Service},
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

// Hops are the durable places a signup passes, and the browser.
func (Scenario) Hops() []scenario.Hop {
	return []scenario.Hop{
		{From: "device", To: SignupsStream, Guarantee: scenario.AtLeastOnce, Store: scenario.Stream(SignupsStream), Identify: identify},
		{From: SignupsStream, To: OffersStream, Guarantee: scenario.AtLeastOnce, Store: scenario.Stream(OffersStream), Identify: identify},
		{From: OffersStream, To: event.BrowserPoint, Guarantee: scenario.ExactlyOnce},
	}
}

// identify reads the two fields that signups and offers share.
func identify(data []byte) (id, runID string, err error) {
	var envelope struct {
		ID    string `json:"id"`
		RunID string `json:"run_id"`
	}
	if err := json.Unmarshal(data, &envelope); err != nil {
		return "", "", fmt.Errorf("read id and run id: %w", err)
	}
	return envelope.ID, envelope.RunID, nil
}

// Services are the app alone: the function runs in Lambda.
func (Scenario) Services(env scenario.Env) ([]scenario.Service, error) {
	app, err := NewApp(env, AppConfig{})
	if err != nil {
		return nil, err
	}
	return []scenario.Service{{Name: componentApp, Run: app.Run, Ready: app.Ready}}, nil
}

// OfferBook is the offer book's bytes, for the oracle to read with its own code.
func OfferBook() []byte { return offers.Embedded() }

// checkShards wants a small number.
func checkShards(value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < 1 || n > 100 {
		return errors.New("want a number from 1 to 100")
	}
	return nil
}

// shards reads the setting.
func shards(env scenario.Env) (int32, error) {
	text := cmp.Or(env.Settings[settingShards], defaultShards)
	if err := checkShards(text); err != nil {
		return 0, fmt.Errorf("setting %s=%q: %w", settingShards, text, err)
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return int32(n), err
}

var _ scenario.Scenario = Scenario{}
