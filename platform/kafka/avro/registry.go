package avro

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/sr"

	"github.com/weirstream/weir/platform/clock"
)

// RegistryConfig says where the registry is and who is asking; zero fields take
// defaults.
type RegistryConfig struct {
	URL      string
	User     string // of HTTP's basic authentication; "" means none
	Password string
	TLS      *tls.Config   // nil means the system's roots, for https
	CallMax  time.Duration // one call; 0 means 5s
	Clock    clock.Clock   // nil means the wall clock
}

// Validate says every problem of the config in one error.
func (c *RegistryConfig) Validate() error {
	var problems []error
	if u, err := url.Parse(c.URL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		problems = append(problems, fmt.Errorf("URL is %q; want http:// or https:// and a host", c.URL))
	}
	if (c.User == "") != (c.Password == "") {
		problems = append(problems, errors.New("give both User and Password, or neither"))
	}
	if c.CallMax < 0 {
		problems = append(problems, errors.New("CallMax must not be negative"))
	}
	return errors.Join(problems...)
}

// An unknown id is asked for again after a while, since it may be registered
// yet; until then rubbish that looks like ids cannot flood the registry.
const (
	unknownFor = 10 * time.Second
	unknownMax = 1000
)

// Registry registers schemas and looks them up, each once. It is safe for
// concurrent use and shared by a process's encoders and decoders.
type Registry struct {
	client *sr.Client
	clock  clock.Clock
	api    avro.API

	mu      sync.Mutex // held during a call, so that one asks for all
	writers map[int]avro.Schema
	unknown map[int]time.Time
}

// NewRegistry checks cfg and calls nobody.
func NewRegistry(cfg RegistryConfig) (*Registry, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("registry config: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = cfg.TLS
	transport.IdleConnTimeout = time.Second // it is asked once in a while
	opts := []sr.ClientOpt{
		sr.URLs(cfg.URL), sr.UserAgent("weir"),
		sr.HTTPClient(&http.Client{Timeout: cmp.Or(cfg.CallMax, 5*time.Second), Transport: transport}),
	}
	if cfg.User != "" {
		opts = append(opts, sr.BasicAuth(cfg.User, cfg.Password))
	}
	client, err := sr.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("registry client: %w", err)
	}
	return &Registry{
		client: client, clock: cmp.Or[clock.Clock](cfg.Clock, clock.Wall{}),
		// A length that a malformed record claims must not cost memory.
		api:     avro.Config{MaxByteSliceSize: 1 << 20, MaxSliceAllocSize: 1 << 20}.Freeze(),
		writers: map[int]avro.Schema{}, unknown: map[int]time.Time{},
	}, nil
}

// Subject names the schema of a topic's values.
func Subject(topic string) string { return topic + "-value" }

// register returns the schema's id, which it has from then on.
func (r *Registry) register(ctx context.Context, topic, schema string) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	subject := Subject(topic)
	created, err := r.client.CreateSchema(ctx, subject, sr.Schema{Schema: schema, Type: sr.TypeAvro})
	if err != nil {
		return 0, registryError("register a schema under "+subject, err)
	}
	return created.ID, nil
}

// writer returns the schema of an id.
func (r *Registry) writer(ctx context.Context, id int) (avro.Schema, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if schema, ok := r.writers[id]; ok {
		return schema, nil
	}
	now := r.clock.Now()
	if since, ok := r.unknown[id]; ok && now.Sub(since) < unknownFor {
		return nil, &DecodeError{Class: ClassUnknownSchema, SchemaID: id, Err: errors.New("the registry had none a moment ago")}
	}
	found, err := r.client.SchemaByID(ctx, id)
	if refusal, ok := errors.AsType[*sr.ResponseError](err); ok && refusal.StatusCode == http.StatusNotFound {
		if len(r.unknown) >= unknownMax {
			clear(r.unknown)
		}
		r.unknown[id] = now
		return nil, &DecodeError{Class: ClassUnknownSchema, SchemaID: id, Err: err}
	}
	if err != nil {
		return nil, registryError(fmt.Sprintf("look schema %d up", id), err)
	}
	if found.Type != sr.TypeAvro {
		return nil, &DecodeError{Class: ClassBadSchema, SchemaID: id, Err: fmt.Errorf("it is of type %s", found.Type)}
	}
	schema, err := avro.ParseWithCache(found.Schema, "", &avro.SchemaCache{})
	if err != nil {
		return nil, &DecodeError{Class: ClassBadSchema, SchemaID: id, Err: err}
	}
	r.writers[id] = schema
	return schema, nil
}

func registryError(call string, err error) error {
	refusal, refused := errors.AsType[*sr.ResponseError](err)
	passing := !refused || refusal.StatusCode >= 500 || refusal.StatusCode == http.StatusTooManyRequests
	return &RegistryError{Call: call, Retriable: passing, Err: err}
}
