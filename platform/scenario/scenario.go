// Package scenario is the contract every streaming scenario fulfils, the
// runner that provisions, serves, simulates, drains and grades it, and the
// verdict that says what came of it.
//
// A scenario is three values that know each other only by event types: the
// Scenario (the pipeline), its Simulator (a seeded population) and its Grader
// (an oracle that shares no code with the pipeline).
package scenario

import (
	"context"
	"io/fs"
	"iter"
	"log/slog"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
)

// Scenario is one streaming pipeline. Its code knows no target: everything
// target-specific comes in through Env.
type Scenario interface {
	// Name is the command-line name, e.g. "location".
	Name() string
	// Settings are the switches a user can set with --set key=value.
	Settings() []Setting
	// Defaults are the load, limits and objectives of a plain run under
	// complete settings.
	Defaults(settings map[string]string) Defaults
	// Roles holds one least-privilege IAM policy per component,
	// COMPONENT.json in the root; deployer.json and audit.json are required.
	// A role weir-NAME-COMPONENT is created for each before Provision, trusted
	// by the account and by Lambda.
	Roles() fs.FS
	// Hops are the durable places events pass, in order.
	Hops() []Hop
	// Provision creates the scenario's resources as component "deployer". It
	// is idempotent and waits until everything is usable.
	Provision(ctx context.Context, env Env) error
	// Services are the scenario's own long-running parts, ordered downstream
	// first: each starts once the one before it is ready, and they stop in reverse.
	Services(env Env) ([]Service, error)
}

// Bounded is a Scenario whose events can carry only some instants.
type Bounded interface {
	// Instants are from, and until before to.
	Instants() (from, to time.Time)
}

// Service is one long-running part of a scenario.
type Service struct {
	Name string
	// Run blocks until ctx ends; a cancelled ctx is a clean stop and returns nil.
	Run func(ctx context.Context) error
	// Ready blocks until the service can take work, or ctx ends; nil means at once.
	Ready func(ctx context.Context) error
}

// Simulator is a seeded population that drives a scenario.
type Simulator interface {
	// Plan yields what is to be sent, ordered by At, and is the same for the
	// same arguments, bit for bit, on every machine. It can be regenerated at
	// any time; nothing stores it.
	Plan(seed uint64, epoch time.Time, load Load) iter.Seq[Planned]
	// Simulate sends every event that due yields at once: due paces itself, so
	// the workload is open (it does not wait for the system to keep up), and it
	// ends early when the run is interrupted, after what closes the plan. Simulate
	// records everything in l and returns when each sent event has its outcome or
	// its longest wait has passed. A cancelled ctx means leave now.
	Simulate(ctx context.Context, env Env, due iter.Seq[Planned], l *ledger.Ledger) error
}

// Planned is one event of a plan.
type Planned struct {
	ID ledger.ID
	// At is the intended send, as an offset from the epoch on the simulated clock.
	At time.Duration
	// Event is the scenario's event type with an empty run id, or raw bytes for planted rubbish.
	Event any
	// Labels are the planted truth an oracle grades against.
	Labels map[string]string
}

// Grader recomputes the truth from the plan and compares it with the ledger.
type Grader interface {
	// Grade regenerates nothing: plan is handed in, already cut to what was
	// sent. It returns one Outcome per promise of the scenario.
	Grade(ctx context.Context, env Env, plan iter.Seq[Planned], l *ledger.Ledger) ([]Outcome, error)
}

// Load is how much a simulator sends.
type Load struct {
	Rate    float64       // events per simulated second
	Devices int           // population
	For     time.Duration // simulated time
	// Cut, unless 0, is where the sending was cut short, before For. The plan of a
	// Closer closes from there on; before, it is the same as without.
	Cut time.Duration
}

// Closer is a Simulator whose plan goes on after Load.For with what a pipeline
// needs to come to an end. An interrupt cuts its plan short, and what closes it
// is still sent.
type Closer interface {
	// Closing is for how much simulated time; 0 is not at all.
	Closing() time.Duration
}

// Defaults of a scenario.
type Defaults struct {
	Load  Load
	Speed float64
	// Latency objectives, checked as outcomes: latency name → p99 limit.
	SLO map[string]time.Duration
	// DrainMax bounds the wait after the last send, derived from the buffers
	// the scenario configures.
	DrainMax time.Duration
	// StartMax bounds provisioning and service start; 0 means 30s.
	StartMax time.Duration
	// GradeMax bounds the grader; 0 means 2m.
	GradeMax time.Duration
	// Targets are what faults may hit, by name; none takes no faults. Poison,
	// split and merge of streams and throttled functions need a policy chaos.json besides.
	Targets []chaos.Target
	// InOrder says that the last hop keeps the order of each device: an event
	// behind one that was refused, or not sent yet, is held back until that one
	// would be too late. A recovery does not wait for what is held back.
	InOrder bool
	// OverdueAfter is how long after it was due an event that has not reached the
	// last hop counts as held up by a fault, and a record that a consumer group has
	// not done; 0 means the largest objective.
	OverdueAfter time.Duration
	// RecoverMax bounds the recovery from a fault; 0 means DrainMax.
	RecoverMax time.Duration
}

// Setting is one switch of a scenario.
type Setting struct {
	Name    string
	Default string
	Allowed []string                 // nil allows any text
	Check   func(value string) error // what Allowed cannot say; nil checks nothing
	Help    string
}

// Guarantee is what a hop promises about duplicates; every hop promises no loss.
type Guarantee string

// The two delivery guarantees.
const (
	AtLeastOnce Guarantee = "at-least-once"
	ExactlyOnce Guarantee = "exactly-once"
)

// Hop is one step of an event's way, between two named points. A point is
// "device" (what was sent), a store the run's audit reads, or any point at which
// the simulator marks arrivals itself (e.g. "browser").
type Hop struct {
	From, To  string
	Guarantee Guarantee
	// Store is what is behind To and the audit reads; nil if the simulator marks To.
	Store Store
	// Identify takes the event id and run id out of one record of Store.
	Identify func(data []byte) (id, runID string, err error)
}

// Outcome is one graded promise.
type Outcome struct {
	Name string `json:"name"`
	Got  string `json:"got"`
	Want string `json:"want"`
	Pass bool   `json:"pass"`
}

// FunctionCode tells where a Lambda function's deployment package lies.
type FunctionCode struct {
	S3Bucket, S3Key string
	ZipFile         []byte
}

// Env is the world a scenario runs in. Nothing in it tells which target it is.
type Env struct {
	// AWS is the configuration of one component, under its own role.
	AWS func(component string) aws.Config
	// RoleARN is the ARN of a component's role, to hand to services that assume it (Lambda).
	RoleARN func(component string) string
	// Kafka, Registry and OpenSearch are where a component finds these, if the
	// target has them.
	Kafka      func(component string) (Brokers, error)
	Registry   func(component string) (Address, error)
	OpenSearch func(component string) (Address, error)
	// Function locates the deployment package of a handler in scenarios/functions.
	Function func(handler string) FunctionCode
	// Listen opens the listener of one of the scenario's HTTP services.
	Listen func(service string) (net.Listener, error)
	// URL is where simulators and people reach that service, e.g. http://127.0.0.1:41234.
	URL func(service string) string
	// RunID marks every event of this run; graders filter on it.
	RunID string
	// Wall is for time-outs, retries and latencies; Sim for event time and schedules.
	Wall clock.Clock
	Sim  clock.Simulated
	// Start is the wall instant at which plan offset 0 is due.
	Start time.Time
	// Settings holds every Setting of the scenario, defaults filled in.
	Settings map[string]string
	Log      *slog.Logger
	// Poison is what chaos put where it cannot be decoded; a grader gets it.
	Poison []chaos.Poisoned

	roles *roles
}

// Due is the wall instant at which p is meant to be sent; latencies count from it.
func (e Env) Due(p Planned) time.Time { return e.Start.Add(e.Sim.ToWall(p.At)) }
