package avro

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hamba/avro/v2"
)

// headerBytes come before every record: the magic zero and the schema's id.
const headerBytes = 5

// Encoder writes values of T, a struct with avro tags, in one schema. It is
// safe for concurrent use.
type Encoder[T any] struct {
	registry *Registry
	topic    string
	text     string
	schema   avro.Schema
	id       atomic.Int64 // 0 until registered
	writers  sync.Pool
}

// NewEncoder parses the schema and calls nobody.
func NewEncoder[T any](registry *Registry, topic, schema string) (*Encoder[T], error) {
	parsed, err := avro.ParseWithCache(schema, "", &avro.SchemaCache{})
	if err != nil {
		return nil, fmt.Errorf("schema of topic %s: %w", topic, err)
	}
	e := &Encoder[T]{registry: registry, topic: topic, text: schema, schema: parsed}
	e.writers.New = func() any { return avro.NewWriter(nil, 512, avro.WithWriterConfig(registry.api)) }
	return e, nil
}

// Register has the registry know the schema, if it does not yet, so that a
// service fails at its start and not at its first record. A refusal, as of a
// schema that breaks the subject's compatibility, is a *RegistryError.
func (e *Encoder[T]) Register(ctx context.Context) error {
	_, err := e.schemaID(ctx)
	return err
}

func (e *Encoder[T]) schemaID(ctx context.Context) (int64, error) {
	if id := e.id.Load(); id != 0 {
		return id, nil
	}
	id, err := e.registry.register(ctx, e.topic, e.text)
	if err != nil {
		return 0, err
	}
	e.id.Store(int64(id))
	return int64(id), nil
}

// Append appends the value's bytes to dst. It calls the registry at the first
// use only, and until that has succeeded.
func (e *Encoder[T]) Append(ctx context.Context, dst []byte, v *T) ([]byte, error) {
	id, err := e.schemaID(ctx)
	if err != nil {
		return dst, err
	}
	w := e.writers.Get().(*avro.Writer)
	defer e.writers.Put(w)
	w.Reset(nil)
	w.Error = nil
	w.WriteVal(e.schema, v)
	if w.Error != nil {
		return dst, fmt.Errorf("encode for topic %s: %w", e.topic, w.Error)
	}
	if dst == nil {
		dst = make([]byte, 0, headerBytes+w.Buffered())
	}
	dst = append(dst, 0, byte(id>>24), byte(id>>16), byte(id>>8), byte(id))
	return append(dst, w.Buffer()...), nil
}
