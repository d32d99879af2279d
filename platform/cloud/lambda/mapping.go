package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// The states of an event source mapping.
const (
	stateCreating  = "Creating"
	stateEnabling  = "Enabling"
	stateEnabled   = "Enabled"
	stateDisabling = "Disabling"
	stateDisabled  = "Disabled"
	stateUpdating  = "Updating"
	stateDeleting  = "Deleting"
)

const resultNone = "No records processed"

// invoker is what a mapping needs of functions; the Service is one.
type invoker interface {
	// Invoke runs the function; see Service.Invoke for what its error means.
	Invoke(ctx context.Context, function string, payload []byte) (Result, error)
	// executionRole is the ARN of the function's role, or a ResourceNotFoundException.
	executionRole(function string) (string, error)
	functionARN(function string) string
	// totals are the function's counters; never nil.
	totals(function string) *counters
}

// mapping feeds one stream to one function. One goroutine (run) owns it from
// creation to deletion and starts a new generation of readers whenever its
// parameters change; checkpoints outlive generations.
type mapping struct {
	id, arn string
	source  source
	start   Position
	deps    mappingDeps

	mu         sync.Mutex
	function   string
	settings   mappingSettings
	enabled    bool
	deleted    bool
	state      string
	result     string
	logged     string // the last problem, with its cause
	modified   time.Time
	generation context.CancelFunc // ends the current generation; nil before the first

	shards map[string]*place // by shard id; empty until the stream's shards at the start are known
	seed   maphash.Seed
	kept   map[string]uint64 // hashes of the places as they were kept last
}

// mappingDeps are the parts a mapping works with.
type mappingDeps struct {
	wall         clock.Clock
	sim          clock.Simulated
	streams      Streams
	destinations Destinations
	roles        Roles
	functions    invoker
	data         *store.Data
	log          *slog.Logger
}

// source is where a mapping reads: a stream, polled, or a registered consumer
// of it, pushed.
type source struct{ streamARN, consumerARN string }

// arn is the EventSourceArn the mapping was created with.
func (s source) arn() string {
	if s.consumerARN != "" {
		return s.consumerARN
	}
	return s.streamARN
}

// parseSource reads an EventSourceArn.
func parseSource(arn string) (source, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return source{}, invalidParameter("Unrecognized event source.")
	}
	switch parts[2] {
	case "kinesis":
	case "dynamodb", "sqs", "kafka", "mq", "rds":
		return source{}, wire.NotImplemented("event source mappings on " + parts[2] + " (" + arn + ")")
	default:
		return source{}, invalidParameter("Unrecognized event source.")
	}
	stream, consumer, pushed := strings.Cut(arn, "/consumer/")
	if !strings.HasPrefix(parts[5], "stream/") || stream == "" || (pushed && consumer == "") {
		return source{}, invalidParameter("Unrecognized event source.")
	}
	if pushed {
		return source{stream, arn}, nil
	}
	return source{streamARN: stream}, nil
}

// run drives the mapping until it is deleted or ctx ends. An enabled mapping
// always has one generation of readers at work.
func (m *mapping) run(ctx context.Context) (deleted bool) {
	for ctx.Err() == nil {
		m.mu.Lock()
		generation, cancel := context.WithCancel(ctx)
		m.generation = cancel
		enabled, gone := m.enabled, m.deleted
		r := &reader{mapping: m, settings: m.settings, function: m.function}
		m.mu.Unlock()
		switch {
		case gone:
			cancel()
			return true
		case enabled:
			r.run(generation)
		default:
			m.settle()
			<-generation.Done()
		}
		cancel()
	}
	return false
}

// settle ends a transition: the state says what is the case.
func (m *mapping) settle() {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.deleted:
	case m.enabled:
		m.state = stateEnabled
	default:
		m.state = stateDisabled
	}
}

// report keeps the outcome of the last step for LastProcessingResult.
func (m *mapping) report(result string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tell(result)
}

// tell changes the result; m.mu is held.
func (m *mapping) tell(result string) {
	if m.result != result {
		m.result = result
		m.keep()
	}
}

// problem reports a failure and logs it, with what else is known of it, when
// it is news.
func (m *mapping) problem(text string, cause ...any) {
	text = "PROBLEM: " + text
	key := fmt.Sprint(append([]any{text}, cause...)...)
	m.mu.Lock()
	news := m.result != text || m.logged != key
	m.logged = key
	m.tell(text)
	m.mu.Unlock()
	if news {
		m.deps.log.Warn("event source mapping", append([]any{"mapping", m.id, "source", m.source.arn(), "result", text}, cause...)...)
	}
}

// failed reports a failure of the function.
func (m *mapping) failed(cause []any) { m.problem("Function call failed", cause...) }

const causeBytesMax = 256

// errorOf is what a function said of its failure, for the log.
func errorOf(payload []byte) []any {
	var said struct {
		ErrorType    string `json:"errorType"`
		ErrorMessage string `json:"errorMessage"`
	}
	if err := json.Unmarshal(payload, &said); err != nil {
		said.ErrorMessage = string(payload)
	}
	return []any{"errorType", clip(said.ErrorType), "errorMessage", clip(said.ErrorMessage)}
}

func clip(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), causeBytesMax)], "")
}
