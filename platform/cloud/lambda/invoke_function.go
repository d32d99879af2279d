package lambda

// Invoke runs a function and answers what it answered, or with Event queues the
// payload for it and answers 202, or with DryRun checks that the caller may. An
// invocation goes on when its caller hangs up. ClientContext, TenantId and
// DurableExecutionName are refused.
// Limits: 6 MB request (1 MB with Event), 6 MB response, function time-out,
// concurrency.

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type invokeInput struct {
	target
	InvocationType string
	LogType        string
	ClientContext  string
	TenantID       string
	ExecutionName  string
	Payload        []byte
}

func (in *invokeInput) decode(call *wire.Call, vars map[string]string) error {
	header := call.HTTP.Header
	in.InvocationType = header.Get("X-Amz-Invocation-Type")
	in.LogType = header.Get("X-Amz-Log-Type")
	in.ClientContext = header.Get("X-Amz-Client-Context")
	in.TenantID = header.Get("X-Amz-Tenant-Id")
	in.ExecutionName = header.Get("X-Amz-Durable-Execution-Name")
	in.Payload = call.Body
	return in.bind(vars, call.HTTP.URL.Query())
}

// Validate checks the API model's constraints.
func (in *invokeInput) Validate() error {
	var v wire.Violations
	in.check(&v)
	switch in.InvocationType {
	case "", "RequestResponse", "Event", "DryRun":
	default:
		v.Add("invocationType", in.InvocationType, "Member must satisfy enum value set: [Event, RequestResponse, DryRun]")
	}
	switch in.LogType {
	case "", "None", "Tail":
	default:
		v.Add("logType", in.LogType, "Member must satisfy enum value set: [None, Tail]")
	}
	return v.Err()
}

func (in *invokeInput) payloadMax() int {
	if in.InvocationType == "Event" {
		return maxEventBytes
	}
	return maxPayloadBytes
}

type invokeOutput struct {
	Result
	Tail   bool
	Status int // of a reply without a body: 202 accepted, 204 dry run
}

// Respond writes the function's own payload.
func (o invokeOutput) Respond(_ context.Context, w http.ResponseWriter) error {
	if o.Status != 0 {
		w.WriteHeader(o.Status)
		return nil
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("X-Amz-Executed-Version", o.Version)
	if o.FunctionError != "" {
		header.Set("X-Amz-Function-Error", o.FunctionError)
	}
	if o.Tail {
		header.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(o.LogTail))
	}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(o.Payload)
	return err
}

func (s *Service) invokeFunction() wire.Operation {
	return route("Invoke", http.MethodPost, "/2015-03-31/functions/{FunctionName}/invocations",
		access("InvokeFunction", func(in *invokeInput) *target { return &in.target }), s.handleInvoke)
}

func (s *Service) handleInvoke(ctx context.Context, call *wire.Call, in *invokeInput) (invokeOutput, error) {
	chosen, arn, err := s.choose(&in.target)
	if err != nil {
		return invokeOutput{}, err
	}
	switch {
	case in.ClientContext != "":
		return invokeOutput{}, wire.NotImplemented("the ClientContext of Lambda invocations")
	case in.TenantID != "":
		return invokeOutput{}, wire.NotImplemented("the TenantId of Lambda invocations")
	case in.ExecutionName != "":
		return invokeOutput{}, wire.NotImplemented("the DurableExecutionName of Lambda invocations")
	case len(in.Payload) > in.payloadMax():
		return invokeOutput{}, tooLarge(in.payloadMax(), "InvokeFunction")
	case len(in.Payload) > 0 && !(utf8.Valid(in.Payload) && json.Valid(in.Payload)):
		return invokeOutput{}, apiError(http.StatusBadRequest, "InvalidRequestContentException", "User",
			"Could not parse request body into json: the payload is not valid JSON")
	case in.InvocationType == "DryRun":
		return invokeOutput{Status: http.StatusNoContent}, nil
	case in.InvocationType == "Event":
		return invokeOutput{Status: http.StatusAccepted}, s.accept(&in.target, call.RequestID, orEmptyObject(in.Payload))
	}
	r, err := s.pool.invoke(ctx, chosen, job{call.RequestID, arn, orEmptyObject(in.Payload)})
	return invokeOutput{Result: r, Tail: in.LogType == "Tail"}, err
}

// choose resolves what an invocation names, and the ARN it goes by.
func (s *Service) choose(t *target) (*spec, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.called(t)
	if err != nil {
		return nil, "", err
	}
	return f.version.spec, f.arn, nil
}

// Invoke runs a function synchronously for another service of the cloud; its
// reference is a name, or name:qualifier. The error is a throttle or a failure
// of the service; a function that fails is a Result with FunctionError.
func (s *Service) Invoke(ctx context.Context, reference string, payload []byte) (Result, error) {
	chosen, arn, err := s.choose(&target{FunctionName: reference})
	if err != nil {
		return Result{}, err
	}
	if len(payload) > maxPayloadBytes {
		return Result{}, tooLarge(maxPayloadBytes, "InvokeFunction")
	}
	return s.pool.invoke(ctx, chosen, job{uuid.NewString(), arn, orEmptyObject(payload)})
}

func orEmptyObject(payload []byte) []byte {
	if len(payload) == 0 {
		return []byte("{}")
	}
	return payload
}
