package lambda

import (
	"errors"
	"fmt"
	"log/slog"
	"syscall"
)

// entrypointError says that a deployed program cannot be executed at all. That
// is the function's failure, which counts as an attempt, and not the service's,
// which would be retried without end.
type entrypointError struct {
	spec  *spec
	cause error
}

func (e *entrypointError) Error() string {
	return fmt.Sprintf("start %s: %v", e.spec.name, e.cause)
}

// startFailure tells a program that no machine would run from a machine that
// has no room for it.
func (s *spec) startFailure(err error) error {
	if s.code.builtin != "" {
		return err
	}
	for _, cause := range []error{syscall.ENOEXEC, syscall.ENOENT, syscall.EACCES} {
		if errors.Is(err, cause) {
			return &entrypointError{s, cause}
		}
	}
	return err
}

// result is the invocation as its caller and its log see it.
func (e *entrypointError) result(id string, log *slog.Logger) Result {
	sink := &logSink{ring: e.spec.logs, log: log, function: e.spec.name}
	text := fmt.Sprintf("RequestId: %s Error: fork/exec /var/task/bootstrap: %v", id, e.cause)
	sink.line([]byte(text + "\nRuntime.InvalidEntrypoint"))
	return Result{
		RequestID: id, Version: e.spec.version, FunctionError: unhandled, LogTail: sink.last(),
		Payload: errorPayload("Runtime.InvalidEntrypoint", text),
	}
}
