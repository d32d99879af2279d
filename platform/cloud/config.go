package cloud

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/kafka"
	"github.com/weirstream/weir/platform/cloud/lambda"
	"github.com/weirstream/weir/platform/cloud/opensearch"
	"github.com/weirstream/weir/platform/cloud/schemaregistry"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// Config sets up a Cloud; zero fields take defaults.
type Config struct {
	Listen          string // host:port; "" means 127.0.0.1:0, a free port on loopback
	Region          string // "" means us-east-1
	Account         string // twelve digits; "" means 123456789012
	AccessKeyID     string // of the account's root; "" means test
	SecretAccessKey string // of the account's root; "" means test
	QuotasOff       bool   // lifts AWS's rate limits, for benchmarks of the software itself

	// KafkaListen and RegistryListen are the host:port of the first Kafka broker,
	// the other two take the ports after it, and of the schema registry; ""
	// means free ports on loopback. They open when they are first asked for.
	KafkaListen    string
	RegistryListen string
	// OpenSearchListen is the host:port of the OpenSearch domain, in the same way.
	OpenSearchListen string

	// TLS serves HTTPS only, HTTP/1.1 and HTTP/2, under an authority made for
	// this cloud whose certificate is written to CAFile; "" means a temporary
	// file that goes with the cloud.
	TLS    bool
	CAFile string

	// Data is a directory in which everything survives the process, even one
	// that is killed: what was answered with success is on disk. It is made if
	// absent, and belongs to one process, account and region. "" keeps
	// everything in memory, and streams' data beyond a bound in a temporary file.
	Data    string
	DataKey string // file of the key for what is encrypted at rest; "" means master.key in Data

	Wall clock.Clock     // signatures, credentials, time-outs, quotas; nil means clock.Wall
	Sim  clock.Simulated // batch windows and schedules; zero means the wall clock

	Launcher lambda.Launcher // starts Lambda's built-in handlers; nil has none, zips work
	Hooks    []wire.Hook     // wrap every operation, outermost first; AddHook adds more
	Log      *slog.Logger    // nil discards

	DrainMax      time.Duration // to finish the calls in hand after Run's ctx ends; 0 means 5s
	BodyReadMax   time.Duration // for a request's body to arrive; 0 means 30s
	ReplyWriteMax time.Duration // for a reply, other than a stream, to be taken; 0 means 30s
}

var (
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	regionPattern  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	keyPattern     = regexp.MustCompile(`^[A-Za-z0-9_]{1,128}$`)
)

func (cfg Config) withDefaults() Config {
	cfg.Listen = cmp.Or(cfg.Listen, "127.0.0.1:0")
	cfg.Region = cmp.Or(cfg.Region, "us-east-1")
	cfg.Account = cmp.Or(cfg.Account, "123456789012")
	cfg.AccessKeyID = cmp.Or(cfg.AccessKeyID, "test")
	cfg.SecretAccessKey = cmp.Or(cfg.SecretAccessKey, "test")
	cfg.DrainMax = cmp.Or(cfg.DrainMax, 5*time.Second)
	cfg.BodyReadMax = cmp.Or(cfg.BodyReadMax, 30*time.Second)
	cfg.ReplyWriteMax = cmp.Or(cfg.ReplyWriteMax, 30*time.Second)
	if cfg.Launcher == nil {
		cfg.Launcher = noLauncher{}
	}
	if cfg.Wall == nil {
		cfg.Wall = clock.Wall{}
	}
	if cfg.Sim == (clock.Simulated{}) {
		now := cfg.Wall.Now()
		cfg.Sim = clock.Simulated{Epoch: now, Origin: now, Speed: 1}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// Validate says every problem at once; zero fields are fine.
func (cfg Config) Validate() error {
	cfg = cfg.withDefaults()
	var problems []error
	if _, _, err := net.SplitHostPort(cfg.Listen); err != nil {
		problems = append(problems, fmt.Errorf("listen %q: want host:port, such as 127.0.0.1:4566", cfg.Listen))
	}
	if err := (kafka.Config{Listen: cfg.KafkaListen}).Validate(); err != nil {
		problems = append(problems, fmt.Errorf("kafka: %w", err))
	}
	if err := (schemaregistry.Config{Listen: cfg.RegistryListen}).Validate(); err != nil {
		problems = append(problems, fmt.Errorf("schema registry: %w", err))
	}
	if err := (opensearch.Config{Listen: cfg.OpenSearchListen}).Validate(); err != nil {
		problems = append(problems, fmt.Errorf("opensearch: %w", err))
	}
	if !regionPattern.MatchString(cfg.Region) {
		problems = append(problems, fmt.Errorf("region %q: want a name such as us-east-1", cfg.Region))
	}
	if !accountPattern.MatchString(cfg.Account) {
		problems = append(problems, fmt.Errorf("account %q: want twelve digits", cfg.Account))
	}
	if !keyPattern.MatchString(cfg.AccessKeyID) {
		problems = append(problems, fmt.Errorf("access key id %q: want up to 128 letters, digits and underscores", cfg.AccessKeyID))
	}
	if cfg.CAFile != "" && !cfg.TLS {
		problems = append(problems, fmt.Errorf("CA file %q: there is none without TLS", cfg.CAFile))
	}
	if cfg.DataKey != "" && cfg.Data == "" {
		problems = append(problems, fmt.Errorf("data key %q: nothing is encrypted at rest without a data directory", cfg.DataKey))
	}
	if cfg.Sim.Speed < 0 {
		problems = append(problems, fmt.Errorf("simulated clock: speed %g: want more than 0", cfg.Sim.Speed))
	}
	if min(cfg.DrainMax, cfg.BodyReadMax, cfg.ReplyWriteMax) < 0 {
		problems = append(problems, fmt.Errorf("drain max %s, body read max %s, reply write max %s: want 0 or more",
			cfg.DrainMax, cfg.BodyReadMax, cfg.ReplyWriteMax))
	}
	for i, h := range cfg.Hooks {
		if h == nil {
			problems = append(problems, fmt.Errorf("hook %d is nil", i))
		}
	}
	return errors.Join(problems...)
}
