// Package wire is the embedded cloud's shared wire layer: what a service
// declares (Service, Operation), what a handler receives (Call), AWS's error
// shape (Error), and the codecs between HTTP and typed inputs. It knows no
// service and imports nothing of this module.
package wire

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// Principal is the authenticated caller of a Call.
type Principal struct {
	AccountID   string
	ARN         string // arn:aws:iam::A:root, …:user/N, or arn:aws:sts::A:assumed-role/ROLE/SESSION
	UserID      string // unique id as GetCallerIdentity returns it
	AccessKeyID string
	Root        bool // the account's root: allowed everything
}

// Call is one authenticated request, handed to an Operation's Handle.
type Call struct {
	Service   string // signing name: kinesis, lambda, sqs, iam, sts
	Operation string
	Region    string
	Account   string
	RequestID string
	Principal Principal
	Access    []Access      // what the caller was found to be allowed, for hooks
	HTTP      *http.Request // headers and URL; its body is already read into Body
	Body      []byte
	// Draining is closed when the server wants to stop: long polls and event
	// streams end then, every other call just finishes. Nil means never.
	Draining <-chan struct{}
}

// Access is one permission a call needs, e.g. {"kinesis:PutRecords", "arn:aws:kinesis:…:stream/s"}.
// Resource "*" is used for actions that have no resource level.
type Access struct {
	Action   string
	Resource string
	Fact     Fact
}

// Fact is the condition key that an action has on AWS besides the global ones,
// e.g. {"lambda:FunctionArn", "arn:aws:lambda:…"}. The zero Fact is none.
type Fact struct {
	Key   string
	Value string
}

// Operation is one API action of a service. Build it with Op.
type Operation struct {
	Name string
	// Method and Path are set for REST services only, e.g. "POST" and
	// "/2015-03-31/functions/{FunctionName}/invocations". A trailing slash is optional on the wire.
	Method, Path string
	// NewInput returns a pointer to a zero input struct.
	NewInput func() any
	// Decode overrides the protocol's decoding of call and path variables into in (REST only); nil means the default.
	Decode func(call *Call, vars map[string]string, in any) error
	// Access lists the permissions needed; called after Validate, before Handle.
	Access func(call *Call, in any) []Access
	// Handle performs the action. A returned *Error goes to the caller as such;
	// any other error becomes InternalFailure and is logged. out may implement
	// Responder to write the HTTP response itself.
	Handle func(ctx context.Context, call *Call, in any) (out any, err error)
}

// Op builds an Operation from typed functions. access may be nil for actions
// that need no permission (sts:GetCallerIdentity).
func Op[I, O any](
	name string,
	access func(call *Call, in *I) []Access,
	handle func(ctx context.Context, call *Call, in *I) (O, error),
) Operation {
	op := Operation{
		Name:     name,
		NewInput: func() any { return new(I) },
		Handle: func(ctx context.Context, call *Call, in any) (any, error) {
			return handle(ctx, call, in.(*I))
		},
	}
	if access != nil {
		op.Access = func(call *Call, in any) []Access { return access(call, in.(*I)) }
	}
	return op
}

// Spares tells whether the operation needs no room on disk: it reads, or takes away.
func (o *Operation) Spares() bool {
	return slices.ContainsFunc([]string{
		"Get", "List", "Describe", "Subscribe", "Simulate",
		"Delete", "Remove", "Purge", "Deregister", "Detach", "Stop", "Untag",
	}, func(verb string) bool { return strings.HasPrefix(o.Name, verb) })
}

// Gap is an operation that AWS has and this cloud has not: every caller gets
// NotImplemented, which names the gap.
func Gap(name, gap string) Operation {
	return Op(name, nil, func(context.Context, *Call, *struct{}) (any, error) { return nil, NotImplemented(gap) })
}

// At returns op routed at a REST method and path.
func (o Operation) At(method, path string) Operation {
	o.Method, o.Path = method, path
	return o
}

// Validator is implemented by inputs with constraints. Validate reports every
// violated constraint at once, as one *Error (see Violations).
type Validator interface{ Validate() error }

// Responder is implemented by outputs that write their own HTTP response:
// event streams, raw payloads, status codes other than 200.
type Responder interface {
	Respond(ctx context.Context, w http.ResponseWriter) error
}

// Protocol tells how a service's operations are named and encoded on the wire.
type Protocol struct {
	Kind         ProtocolKind
	TargetPrefix string // JSON: the part of X-Amz-Target before the dot, e.g. Kinesis_20131202; RPCv2CBOR: the service in the path
	JSONVersion  string // JSON: "1.0" or "1.1"
	Version      string // Query: the Version parameter, e.g. 2010-05-08
	Namespace    string // Query: the XML namespace of replies
}

// ProtocolKind is one of AWS's protocol families.
type ProtocolKind int

// The protocol families the cloud speaks.
const (
	JSON      ProtocolKind = iota // awsJson1_0 and awsJson1_1
	Query                         // awsQuery: form in, XML out
	REST                          // restJson1
	RPCv2CBOR                     // Smithy's rpc-v2-cbor
)

// Service is what the cloud's root routes to: one AWS service.
type Service struct {
	SigningName string // the service part of the SigV4 scope
	Protocol    Protocol
	// Also are further protocols of the same operations; a request says which
	// one it speaks.
	Also       []Protocol
	Operations []Operation
	// MaxBodyBytes is the largest request body; 0 means 16 MiB, or 1 MiB for
	// the query protocol. A larger one gets 413 without a body.
	MaxBodyBytes int64
}

// ProtocolOf is the protocol that a request speaks, by the marks of each.
func (s *Service) ProtocolOf(r *http.Request) Protocol {
	if len(s.Also) == 0 {
		return s.Protocol
	}
	kind := Query
	switch {
	case r.Header.Get("Smithy-Protocol") == rpcCBORProtocol:
		kind = RPCv2CBOR
	case r.Header.Get("X-Amz-Target") != "":
		kind = JSON
	}
	for _, p := range s.Also {
		if p.Kind == kind && s.Protocol.Kind != kind {
			return p
		}
	}
	return s.Protocol
}

// BodyLimit is MaxBodyBytes or its default.
func (s *Service) BodyLimit() int64 {
	switch {
	case s.MaxBodyBytes > 0:
		return s.MaxBodyBytes
	case s.Protocol.Kind == Query:
		return 1 << 20
	default:
		return 16 << 20
	}
}

// Next performs the rest of a call: the hooks after this one, then Handle.
type Next func(ctx context.Context, in any) (out any, err error)

// Hook wraps every operation after authorisation. It may observe, delay, fail
// (return an *Error), change in or out, or, by returning ErrDropReply after
// next, drop the reply of a call that happened. Hooks must be safe for
// concurrent use. Chaos and tests install them; the default is none.
type Hook func(ctx context.Context, call *Call, in any, next Next) (out any, err error)
