package schemaregistry

import (
	"fmt"
	"net/http"
)

// Error is one of the registry's errors: its HTTP status and its own code.
type Error struct {
	Status  int    `json:"-"`
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

// Error is the code and the message.
func (e *Error) Error() string { return fmt.Sprintf("%d: %s", e.Code, e.Message) }

// The codes are Confluent's. Most are the status with two digits behind it.
const (
	codeIncompatible = 409

	codeNoSubject          = 40401
	codeNoVersion          = 40402
	codeNoSchema           = 40403
	codeSubjectDeleted     = 40404
	codeSubjectNotDeleted  = 40405
	codeVersionDeleted     = 40406
	codeVersionNotDeleted  = 40407
	codeNoSubjectLevel     = 40408
	codeInvalidSchema      = 42201
	codeInvalidVersion     = 42202
	codeInvalidLevel       = 42203
	codeReferenced         = 42206
	codeInvalidSubject     = 42208
	codeStoreFailed        = 50001
	codeUnauthorized       = 40101
	codeMissingInThisCloud = 50101 // no code of Confluent's
)

func newError(code int, format string, args ...any) *Error {
	status := code
	if code > 999 {
		status = code / 100
	}
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func errNoSubject(subject string) *Error {
	return newError(codeNoSubject, "Subject '%.300s' not found.", subject)
}

func errNoSubjectLevel(subject string) *Error {
	return newError(codeNoSubjectLevel, "Subject '%s' does not have subject-level compatibility configured", subject)
}

func errNoVersion(version int) *Error {
	return newError(codeNoVersion, "Version %d not found.", version)
}

func errNoSchema(id int) *Error {
	return newError(codeNoSchema, "Schema %d not found", id)
}

func errMissing(what string) *Error {
	return newError(codeMissingInThisCloud, "weir's schema registry does not have %s; see skipped.md of the service", what)
}

func errUnauthorized() *Error {
	return &Error{Status: http.StatusUnauthorized, Code: codeUnauthorized, Message: "Unauthorized"}
}
