package lambda

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// binder is an input that takes members from the path and the query.
type binder interface {
	bind(vars map[string]string, query url.Values) error
}

// rawInput is an input that reads the whole call itself (Invoke's payload).
type rawInput interface {
	decode(call *wire.Call, vars map[string]string) error
}

// route builds a REST operation with this service's decoding: the JSON body
// first, then the path and the query over it.
func route[I, O any](
	name, method, path string,
	access func(call *wire.Call, in *I) []wire.Access,
	handle func(ctx context.Context, call *wire.Call, in *I) (O, error),
) wire.Operation {
	op := wire.Op(name, access, handle).At(method, path)
	op.Decode = decode
	return op
}

func decode(call *wire.Call, vars map[string]string, in any) error {
	if raw, ok := in.(rawInput); ok {
		return raw.decode(call, vars)
	}
	if len(call.Body) > 0 && call.HTTP.Method != http.MethodGet {
		if err := wire.DecodeJSON(call.Body, in); err != nil {
			return err
		}
	}
	if b, ok := in.(binder); ok {
		return b.bind(vars, call.HTTP.URL.Query())
	}
	return nil
}

// writeJSON answers with a status other than the protocol's 200.
func writeJSON(w http.ResponseWriter, status int, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(data)
	return err
}

// noContent is the reply of actions that answer 204 with an empty body.
type noContent struct{}

// Respond writes the empty reply.
func (noContent) Respond(_ context.Context, w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}
