package opensearch

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// Error is one error of the API: what stands under "error" in a reply, or in
// the item of a bulk request.
type Error struct {
	Type   string
	Reason string
	Status int
	// Extra are further members, such as index and shard.
	Extra map[string]any
	Cause *Error // caused_by
	// Root is the root cause where it is not the error itself.
	Root     *Error
	Rootless bool // there is none
	// Retry says that the same request may succeed later.
	Retry bool
}

// Error is the type and the reason.
func (e *Error) Error() string { return e.Type + ": " + e.Reason }

// members is the error as it stands in an item.
func (e *Error) members() map[string]any {
	out := map[string]any{"type": e.Type, "reason": e.Reason}
	for name, value := range e.Extra {
		out[name] = value
	}
	if e.Cause != nil {
		out["caused_by"] = e.Cause.members()
	}
	return out
}

// MarshalJSON writes the members.
func (e *Error) MarshalJSON() ([]byte, error) { return json.Marshal(e.members()) }

// reply is the body of a reply that is this error.
func (e *Error) reply() map[string]any {
	root := e
	if e.Root != nil {
		root = e.Root
	}
	shown := root.members()
	if e.Root == nil {
		delete(shown, "caused_by")
	}
	members := e.members()
	members["root_cause"] = []any{shown}
	if e.Rootless {
		members["root_cause"] = []any{}
	}
	return map[string]any{"error": members, "status": e.Status}
}

func illegal(format string, args ...any) *Error {
	return &Error{Type: "illegal_argument_exception", Reason: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

func parsing(format string, args ...any) *Error {
	return &Error{Type: "parsing_exception", Reason: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

// gap is the answer to what OpenSearch has and this service has not: a typed
// 501 that names it, never a success that did nothing.
func gap(format string, args ...any) *Error {
	return &Error{
		Type:   "unsupported_operation_exception",
		Reason: "weir's embedded OpenSearch does not have " + fmt.Sprintf(format, args...) + "; see skipped.md of the service",
		Status: http.StatusNotImplemented,
	}
}

func mapperParsing(cause *Error, format string, args ...any) *Error {
	return &Error{Type: "mapper_parsing_exception", Reason: fmt.Sprintf(format, args...), Status: http.StatusBadRequest, Cause: cause}
}

func validation(format string, args ...any) *Error {
	return &Error{
		Type: "action_request_validation_exception", Status: http.StatusBadRequest,
		Reason: "Validation Failed: 1: " + fmt.Sprintf(format, args...) + ";",
	}
}

func indexNotFound(name string) *Error {
	return &Error{
		Type: "index_not_found_exception", Reason: "no such index [" + name + "]", Status: http.StatusNotFound,
		Extra: map[string]any{
			"index": name, "resource.id": name, "resource.type": "index_or_alias", "index_uuid": "_na_",
		},
	}
}

func rejected(reason string) *Error {
	return &Error{Type: "rejected_execution_exception", Reason: reason, Status: http.StatusTooManyRequests, Retry: true}
}

// onShards is err as a search reports what fails on its shards.
func onShards(index string, err *Error) *Error {
	if err.Status == http.StatusNotImplemented || err.Type == "exception" {
		return err
	}
	return &Error{
		Type: "search_phase_execution_exception", Reason: "all shards failed", Status: err.Status,
		Extra: map[string]any{
			"phase": "query", "grouped": true,
			"failed_shards": []any{map[string]any{"shard": 0, "index": index, "node": nodeID, "reason": err.members()}},
		},
		Root: err, Cause: deepest(err),
	}
}

// onReduce is err as a search reports what fails once the shards have answered.
func onReduce(err *Error) *Error {
	if err.Type != "too_many_buckets_exception" {
		return err
	}
	return &Error{
		Type: "search_phase_execution_exception", Status: err.Status, Cause: err, Rootless: true,
		Extra: map[string]any{"phase": "fetch", "grouped": true, "failed_shards": []any{}},
	}
}

func deepest(err *Error) *Error {
	if err.Type != "illegal_argument_exception" {
		return nil
	}
	return &Error{Type: err.Type, Reason: err.Reason, Cause: &Error{Type: err.Type, Reason: err.Reason}}
}

// asError turns whatever a request failed with into what the caller sees.
func asError(err error) *Error {
	switch known := err.(type) {
	case *Error:
		return known
	case *wire.Error: // of a hook or of the access check
		return &Error{Type: known.Code, Reason: known.Message, Status: known.HTTPStatus()}
	}
	return &Error{Type: "exception", Reason: "the request failed", Status: http.StatusInternalServerError}
}
