package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// ErrStopped refuses records that come after Run's ctx ended.
var ErrStopped = errors.New("producer has stopped")

// ErrFenced ends a part whose place another process has taken: its static
// membership or its transactional id. It must not go on, nor start again under
// the same identity.
var ErrFenced = errors.New("fenced by another process of the same identity")

// ProduceError says that a record was not acknowledged. It may be in the topic
// all the same, if the answer was lost.
type ProduceError struct {
	Topic     string
	Partition int32 // -1 where it never had one
	Retriable bool  // another try may succeed: the record was timed out or refused for a passing reason
	Err       error
}

func (e *ProduceError) Error() string {
	verdict := "another try will not help"
	if e.Retriable {
		verdict = "another try may succeed"
	}
	if e.Partition < 0 {
		return fmt.Sprintf("produce to topic %s (%s): %v", e.Topic, verdict, e.Err)
	}
	return fmt.Sprintf("produce to topic %s partition %d (%s): %v", e.Topic, e.Partition, verdict, e.Err)
}

func (e *ProduceError) Unwrap() error { return e.Err }

func produceError(r *kgo.Record, err error) *ProduceError {
	partition := r.Partition
	if errors.Is(err, kerr.UnknownTopicOrPartition) || errors.Is(err, kgo.ErrMaxBuffered) || errors.Is(err, ErrStopped) {
		partition = -1
	}
	return &ProduceError{Topic: r.Topic, Partition: partition, Retriable: retriable(err), Err: err}
}

// retriable tells errors that another try may cure from those that it cannot.
// What is no answer of a broker (network, time-out, a full buffer) may pass.
func retriable(err error) bool {
	for _, never := range []error{
		ErrStopped, ErrFenced, kgo.ErrClientClosed, context.Canceled, kgo.ErrAborting,
		kerr.UnknownTopicOrPartition, // topics are provisioned, so this one is misnamed
	} {
		if errors.Is(err, never) {
			return false
		}
	}
	if e, ok := errors.AsType[*kerr.Error](err); ok {
		return e.Retriable
	}
	return true
}

// PermanentError wraps what no retry can cure, such as a record that cannot be
// decoded. A Consumer does not try it again.
type PermanentError struct {
	Class string // short and countable, as "avro-malformed"; becomes the dead letter's error class
	Err   error
}

// Permanent marks err as not worth retrying.
func Permanent(class string, err error) error { return &PermanentError{Class: class, Err: err} }

// ErrorClass is what dead letters are counted by.
func (e *PermanentError) ErrorClass() string { return e.Class }

func (e *PermanentError) Error() string { return e.Class + ": " + e.Err.Error() }
func (e *PermanentError) Unwrap() error { return e.Err }

// classed is what errors implement that no retry can cure; those of package
// avro's decoders do.
type classed interface {
	error
	ErrorClass() string
}

// classOf tells an error's class, and whether a retry is idle.
func classOf(err error) (class string, permanent bool) {
	if c, ok := errors.AsType[classed](err); ok {
		return c.ErrorClass(), true
	}
	return "handler", false
}
