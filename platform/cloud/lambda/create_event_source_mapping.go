package lambda

// CreateEventSourceMapping connects a Kinesis stream, or a registered consumer
// of one, to a function. It checks function, stream, destination and the
// execution role's permissions; the mapping is Enabled once its readers know
// the stream's shards.
// Refused by name: other sources, tumbling windows with a ParallelizationFactor
// above 1, filters on other keys than data, SNS and S3 destinations, tags.
// Limits: the parameter ranges of the API model; five filters; one mapping per
// source and function.

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type createMappingInput struct {
	FunctionName              string
	EventSourceArn            string
	StartingPosition          string
	StartingPositionTimestamp *wire.Timestamp
	Tags                      map[string]string
	SelfManagedEventSource    json.RawMessage
	Topics                    json.RawMessage
	Queues                    json.RawMessage
	mappingInput
}

func (in *createMappingInput) target() *target { return &target{FunctionName: in.FunctionName} }

// Validate checks the API model's constraints.
func (in *createMappingInput) Validate() error {
	var v wire.Violations
	in.target().check(&v)
	in.check(&v)
	switch in.StartingPosition {
	case "", TrimHorizon, Latest, AtTimestamp:
	default:
		v.Add("startingPosition", in.StartingPosition, "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]")
	}
	return v.Err()
}

// position checks where to start.
func (in *createMappingInput) position(now time.Time) (Position, error) {
	at := in.StartingPositionTimestamp
	switch {
	case in.StartingPosition == "":
		return Position{}, invalidParameter("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.")
	case in.StartingPosition != AtTimestamp && at != nil:
		return Position{}, invalidParameter("StartingPositionTimestamp can only be specified with StartingPosition AT_TIMESTAMP.")
	case in.StartingPosition != AtTimestamp:
		return Position{Type: in.StartingPosition}, nil
	case at == nil:
		return Position{}, invalidParameter("StartingPositionTimestamp is required with StartingPosition AT_TIMESTAMP.")
	case at.After(now):
		return Position{}, invalidParameter("StartingPositionTimestamp cannot be in the future.")
	default:
		return Position{Type: AtTimestamp, Timestamp: at.Time}, nil
	}
}

func (s *Service) createEventSourceMapping() wire.Operation {
	return route("CreateEventSourceMapping", http.MethodPost, "/2015-03-31/event-source-mappings",
		func(call *wire.Call, in *createMappingInput) []wire.Access {
			return []wire.Access{{
				Action: "lambda:CreateEventSourceMapping", Resource: "*",
				Fact: forFunction(call, in.target().name()),
			}}
		}, s.handleCreateMapping)
}

func (s *Service) handleCreateMapping(_ context.Context, _ *wire.Call, in *createMappingInput) (accepted, error) {
	if len(in.Tags) > 0 {
		return accepted{}, wire.NotImplemented("tags of event source mappings")
	}
	if err := refuseGiven([]gap{
		{"SelfManagedEventSource", in.SelfManagedEventSource}, {"Topics", in.Topics}, {"Queues", in.Queues},
	}); err != nil {
		return accepted{}, err
	}
	if in.EventSourceArn == "" {
		return accepted{}, invalidParameter("Event source ARN is required.")
	}
	src, err := parseSource(in.EventSourceArn)
	if err != nil {
		return accepted{}, err
	}
	parameters, err := in.apply(defaultMappingSettings())
	if err != nil {
		return accepted{}, err
	}
	now := s.cfg.Wall.Now()
	start, err := in.position(now)
	if err != nil {
		return accepted{}, err
	}
	m := s.newMapping(uuid.NewString(), src, start)
	m.function, m.settings, m.enabled = in.target().reference(), parameters, in.Enabled == nil || *in.Enabled
	m.modified = now
	if err := s.connectable(m.function, src, parameters); err != nil {
		return accepted{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.mappings {
		if other.connects(src, m.function) {
			return accepted{}, conflict("The event source arn (\" %s \") and function (\" %s \") provided mapping already exists. Please update or delete the existing mapping with UUID %s", src.arn(), m.function, other.id)
		}
	}
	s.mappings[m.id] = m
	out := accepted{m.view()}
	m.mu.Lock()
	m.keep()
	m.mu.Unlock()
	if !s.sup.spawn(func(ctx context.Context) { s.own(ctx, m) }) {
		delete(s.mappings, m.id)
		_ = m.remove() // it is new, and so can be
		return accepted{}, serviceError("create event source mapping: %v", errStopped)
	}
	return out, nil
}

func (s *Service) newMapping(id string, src source, start Position) *mapping {
	return &mapping{
		id: id, arn: s.mappingARN(id), source: src, start: start, deps: s.mappingDeps(),
		state: stateCreating, result: resultNone,
		shards: map[string]*place{}, seed: maphash.MakeSeed(), kept: map[string]uint64{},
	}
}

// connectable checks function, stream and the permissions of the function's role.
func (s *Service) connectable(function string, src source, parameters mappingSettings) error {
	role, err := s.executionRole(function)
	if err != nil {
		return err
	}
	if s.cfg.Streams == nil {
		return wire.NotImplemented("event source mappings without a Kinesis service")
	}
	deps := s.mappingDeps()
	if action := deps.missing(role, src); action != "" {
		return invalidParameter("%s", src.refusal(action))
	}
	if _, err := s.cfg.Streams.Shards(src.streamARN); err != nil {
		return invalidParameter("Stream not found: %s", src.streamARN)
	}
	if parameters.destination == "" {
		return nil
	}
	if s.cfg.Destinations == nil {
		return wire.NotImplemented("on-failure destinations without an SQS service")
	}
	if !deps.maySend(role, parameters.destination) {
		return invalidParameter("The provided execution role does not have permissions to call SendMessage on SQS")
	}
	return nil
}

// own runs a mapping and forgets it once it is deleted.
func (s *Service) own(ctx context.Context, m *mapping) {
	if m.run(ctx) {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.mappings, m.id)
	}
}

// connects reports whether m joins this source and function and is not on its way out.
func (m *mapping) connects(src source, function string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.source == src && m.function == function && !m.deleted
}

func (s *Service) mappingARN(id string) string {
	return mappingARN(s.cfg.Region, s.cfg.Account, id)
}

func mappingARN(region, account, id string) string {
	return "arn:" + partition(region) + ":lambda:" + region + ":" + account + ":event-source-mapping:" + id
}

func (s *Service) mappingDeps() mappingDeps {
	return mappingDeps{
		wall: s.cfg.Wall, sim: s.cfg.Sim, streams: s.cfg.Streams,
		destinations: s.cfg.Destinations, roles: s.cfg.Roles, functions: s, data: s.cfg.Data, log: s.cfg.Log,
	}
}
