// Package lambda is the embedded cloud's AWS Lambda: functions that run as
// real child processes behind the Runtime API, with versions and aliases,
// synchronous and asynchronous invocation, and event source mappings on Kinesis
// streams.
//
// An event source mapping delivers every record of its stream to the function
// at least once, in order within a shard; a record leaves that path only when
// the mapping's own limits (retries, age) discard it, and then its position is
// sent to the on-failure destination until that succeeds. With Config.Data
// functions, mappings with their checkpoints, and accepted events survive the
// process: what was in hand when it ended is delivered once more. Without it
// all of that ends with the service.
//
// Three parts know each other by small interfaces: what runs functions (pool,
// environment, process, runtime_api), event source mappings (mapping_*) and
// asynchronous invocation (async_*). Every operation has a file of its own.
package lambda

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// Config is what the service needs; Launcher, Roles and Endpoint are required.
type Config struct {
	Region       string          // "" means us-east-1
	Account      string          // "" means 000000000000
	Wall         clock.Clock     // time-outs, polls, retries, ages; nil means clock.Wall
	Sim          clock.Simulated // batching windows, and handed to functions; zero means wall time
	Launcher     Launcher
	Streams      Streams      // nil: event source mappings are refused
	Destinations Destinations // nil: on-failure destinations are refused
	Roles        Roles
	Endpoint     func() string // the cloud's URL, for functions' AWS_ENDPOINT_URL
	CAFile       string        // what functions must trust to call Endpoint, as AWS_CA_BUNDLE; "" without TLS
	QuotasOff    bool          // lifts the account's concurrency limit; reservations stay
	Seed         uint64        // of the versions that aliases with weights draw
	Data         *store.Data   // where functions, mappings and events are kept; nil keeps nothing
	Log          *slog.Logger  // nil means none
}

// Validate names every missing part.
func (c Config) Validate() error {
	var errs []error
	if c.Launcher == nil {
		errs = append(errs, errors.New("Launcher is missing"))
	}
	if c.Roles == nil {
		errs = append(errs, errors.New("Roles is missing"))
	}
	if c.Endpoint == nil {
		errs = append(errs, errors.New("Endpoint is missing"))
	}
	return errors.Join(errs...)
}

// Service is AWS Lambda. Its methods are safe for concurrent use.
type Service struct {
	cfg  Config
	sup  *supervisor
	pool *pool

	mu        sync.Mutex
	functions map[string]*function
	mappings  map[string]*mapping // by UUID
	random    *rand.Rand          // for aliases with weights

	codeMu   sync.Mutex
	codeRoot string // temporary directory of unpacked zips, once needed
}

// New checks cfg and starts nothing; calls that need a process or a poller
// wait for Run.
func New(cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("lambda config: %w", err)
	}
	cfg.Region = cmp.Or(cfg.Region, "us-east-1")
	cfg.Account = cmp.Or(cfg.Account, "000000000000")
	if cfg.Wall == nil {
		cfg.Wall = clock.Wall{}
	}
	if cfg.Sim.Origin.IsZero() {
		now := cfg.Wall.Now()
		cfg.Sim = clock.Simulated{Epoch: now, Origin: now, Speed: cmp.Or(cfg.Sim.Speed, 1)}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		cfg: cfg, sup: newSupervisor(), random: rand.New(rand.NewPCG(cfg.Seed, 0)),
		functions: map[string]*function{}, mappings: map[string]*mapping{},
	}
	s.pool = newPool(&s.cfg, s.sup)
	if err := s.restore(); err != nil {
		return nil, fmt.Errorf("lambda: %w", err)
	}
	return s, nil
}

// Run owns every child process and poller. When ctx ends it stops the pollers
// (a batch in hand stays un-checkpointed), kills the children, waits for all
// of them and removes unpacked code.
func (s *Service) Run(ctx context.Context) error {
	// The starter's thread must outlive the children tied to it.
	threads, stopThread := context.WithCancel(context.WithoutCancel(ctx))
	var starter sync.WaitGroup
	starter.Go(func() { s.pool.starter.run(threads) })
	defer starter.Wait()
	defer stopThread()

	if err := s.sup.begin(ctx); err != nil {
		return err
	}
	s.sup.spawn(s.pool.reap)
	<-ctx.Done()
	s.sup.finish()
	s.codeMu.Lock()
	defer s.codeMu.Unlock()
	if s.codeRoot != "" {
		if err := os.RemoveAll(s.codeRoot); err != nil {
			return fmt.Errorf("remove unpacked functions: %w", err)
		}
	}
	return nil
}

const (
	policyPath  = "/2015-03-31/functions/{FunctionName}/policy"
	gapPolicies = "resource-based policies of Lambda functions"
)

// Service lists the operations, one file each.
func (s *Service) Service() wire.Service {
	return wire.Service{
		SigningName:  "lambda",
		Protocol:     wire.Protocol{Kind: wire.REST},
		MaxBodyBytes: 70 << 20, // a 50 MB zip in base64
		Operations: []wire.Operation{
			s.createFunction(),
			s.getFunction(),
			s.getFunctionConfiguration(),
			s.updateFunctionConfiguration(),
			s.updateFunctionCode(),
			s.deleteFunction(),
			s.listFunctions(),
			s.invokeFunction(),
			s.putFunctionEventInvokeConfig(),
			s.getFunctionEventInvokeConfig(),
			s.updateFunctionEventInvokeConfig(),
			s.deleteFunctionEventInvokeConfig(),
			s.listFunctionEventInvokeConfigs(),
			s.publishVersion(),
			s.listVersionsByFunction(),
			s.createAlias(),
			s.getAlias(),
			s.updateAlias(),
			s.deleteAlias(),
			s.listAliases(),
			s.putFunctionConcurrency(),
			s.getFunctionConcurrency(),
			s.deleteFunctionConcurrency(),
			s.tagResource(),
			s.untagResource(),
			s.listTags(),
			s.getAccountSettings(),
			wire.Gap("AddPermission", gapPolicies).At(http.MethodPost, policyPath),
			wire.Gap("GetPolicy", gapPolicies).At(http.MethodGet, policyPath),
			wire.Gap("RemovePermission", gapPolicies).At(http.MethodDelete, policyPath+"/{StatementId}"),
			s.createEventSourceMapping(),
			s.getEventSourceMapping(),
			s.listEventSourceMappings(),
			s.updateEventSourceMapping(),
			s.deleteEventSourceMapping(),
		},
	}
}

// codeDir is the directory unpacked zips live in.
func (s *Service) codeDir() (string, error) {
	s.codeMu.Lock()
	defer s.codeMu.Unlock()
	if s.codeRoot == "" {
		dir, err := os.MkdirTemp("", "weir-lambda-")
		if err != nil {
			return "", err
		}
		s.codeRoot = dir
	}
	return s.codeRoot, nil
}
