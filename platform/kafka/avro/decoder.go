package avro

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/hamba/avro/v2"
)

// Decoder reads values into T by the reader's schema, whatever compatible
// schema they were written in: fields that the writer did not have get their
// defaults, fields that the reader does not know are skipped. It is safe for
// concurrent use.
type Decoder[T any] struct {
	registry *Registry
	schema   avro.Schema
	resolved sync.Map // of avro.Schema by id
	readers  sync.Pool
}

// NewDecoder parses the reader's schema and calls nobody.
func NewDecoder[T any](registry *Registry, schema string) (*Decoder[T], error) {
	parsed, err := avro.ParseWithCache(schema, "", &avro.SchemaCache{})
	if err != nil {
		return nil, fmt.Errorf("reader's schema: %w", err)
	}
	d := &Decoder[T]{registry: registry, schema: parsed}
	d.readers.New = func() any { return avro.NewReader(nil, 0, avro.WithReaderConfig(registry.api)) }
	return d, nil
}

// Decode fills v, which should be zero. What can never be decoded is a
// *DecodeError; a registry that does not answer, or refuses, is a
// *RegistryError.
func (d *Decoder[T]) Decode(ctx context.Context, data []byte, v *T) error {
	if len(data) < headerBytes {
		return &DecodeError{Class: ClassShort, Err: fmt.Errorf("%d bytes", len(data))}
	}
	if data[0] != 0 {
		return &DecodeError{Class: ClassMagic, Err: fmt.Errorf("first byte is 0x%02x", data[0])}
	}
	id := int(binary.BigEndian.Uint32(data[1:]))
	schema, err := d.resolve(ctx, id)
	if err != nil {
		return err
	}
	r := d.readers.Get().(*avro.Reader)
	defer d.readers.Put(r)
	r.Reset(data[headerBytes:])
	r.Error = nil
	r.ReadVal(schema, v)
	err = r.Error
	if err == nil {
		if r.Peek(); r.Error == nil {
			err = errors.New("bytes are left over after the record")
		}
	}
	if err != nil {
		return &DecodeError{Class: ClassMalformed, SchemaID: id, Err: err}
	}
	return nil
}

// resolve finds what to read an id's records by.
func (d *Decoder[T]) resolve(ctx context.Context, id int) (avro.Schema, error) {
	if known, ok := d.resolved.Load(id); ok {
		return known.(avro.Schema), nil
	}
	writer, err := d.registry.writer(ctx, id)
	if err != nil {
		return nil, err
	}
	resolved, err := avro.NewSchemaCompatibility().Resolve(d.schema, writer)
	if err != nil {
		return nil, &DecodeError{Class: ClassIncompatible, SchemaID: id, Err: err}
	}
	d.resolved.Store(id, resolved)
	return resolved, nil
}
