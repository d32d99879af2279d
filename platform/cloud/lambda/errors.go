package lambda

import (
	"fmt"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// apiError is a Lambda error body: the model spells the text Message in some
// errors and message in others, so both are sent.
func apiError(status int, code, side, text string) *wire.Error {
	return &wire.Error{Code: code, Message: text, Status: status, Fields: map[string]any{"Type": side, "Message": text}}
}

func invalidParameter(format string, args ...any) *wire.Error {
	return apiError(http.StatusBadRequest, "InvalidParameterValueException", "User", fmt.Sprintf(format, args...))
}

func conflict(format string, args ...any) *wire.Error {
	return apiError(http.StatusConflict, "ResourceConflictException", "User", fmt.Sprintf(format, args...))
}

func notFound(format string, args ...any) *wire.Error {
	return apiError(http.StatusNotFound, "ResourceNotFoundException", "User", fmt.Sprintf(format, args...))
}

func serviceError(format string, args ...any) *wire.Error {
	return apiError(http.StatusInternalServerError, "ServiceException", "Service", fmt.Sprintf(format, args...))
}

// The reasons of a throttle, as the API model spells them.
const (
	reasonReserved = "ReservedFunctionConcurrentInvocationLimitExceeded"
	reasonAccount  = "ConcurrentInvocationLimitExceeded"
)

func throttled(reason string) *wire.Error {
	err := apiError(http.StatusTooManyRequests, "TooManyRequestsException", "User", "Rate Exceeded.")
	err.Fields["Reason"] = reason
	return err
}

func tooLarge(limit int, operation string) *wire.Error {
	return apiError(http.StatusRequestEntityTooLarge, "RequestTooLargeException", "User",
		fmt.Sprintf("Request must be smaller than %d bytes for the %s operation", limit, operation))
}
