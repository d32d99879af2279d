package avro

import (
	"errors"
	"fmt"
)

// Classes of what cannot be decoded. They are the error classes of dead letters.
const (
	ClassShort         = "avro-too-short"      // less than the five bytes before every record
	ClassMagic         = "avro-no-magic"       // the first byte is not zero: another format
	ClassUnknownSchema = "avro-unknown-schema" // the registry has no schema of the id
	ClassBadSchema     = "avro-bad-schema"     // the registry has one that is no Avro schema
	ClassIncompatible  = "avro-incompatible"   // the reader's schema cannot read the writer's
	ClassMalformed     = "avro-malformed"      // the bytes are not of the writer's schema
)

// DecodeError says why a value will never decode.
type DecodeError struct {
	Class    string
	SchemaID int // 0 where the value has none
	Err      error
}

func (e *DecodeError) Error() string {
	if e.SchemaID == 0 {
		return fmt.Sprintf("decode: %s: %v", e.Class, e.Err)
	}
	return fmt.Sprintf("decode: %s: schema %d: %v", e.Class, e.SchemaID, e.Err)
}

func (e *DecodeError) Unwrap() error { return e.Err }

// ErrorClass tells consumers that no retry helps, and how to count it.
func (e *DecodeError) ErrorClass() string { return e.Class }

// RegistryError says that the registry did not answer, or refused. A refusal,
// such as of a schema that is not compatible, is for good.
type RegistryError struct {
	Call      string
	Retriable bool
	Err       error
}

func (e *RegistryError) Error() string { return fmt.Sprintf("schema registry: %s: %v", e.Call, e.Err) }
func (e *RegistryError) Unwrap() error { return e.Err }

// RegistryFailed tells an error that is the registry's from one that is the
// record's: the registry did not answer, or refused the call, which says nothing
// of the record.
func RegistryFailed(err error) bool {
	_, failed := errors.AsType[*RegistryError](err)
	return failed
}
