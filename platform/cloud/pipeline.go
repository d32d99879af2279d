package cloud

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// ServeHTTP takes one call through the pipeline: read the body, find the
// operation, authenticate, decode, validate, authorise, hooks, handle, encode.
// A panic anywhere becomes InternalFailure and a logged stack.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name, ok := strings.CutPrefix(r.URL.Path, "/_weir/"); ok {
		c.serveLocal(w, r, name)
		return
	}
	if c.authority != nil {
		markTLS(r)
	}
	started := c.wall.Now()
	x := &exchange{cloud: c, w: w, r: r}
	x.call = &wire.Call{
		Region: c.cfg.Region, Account: c.cfg.Account,
		HTTP: r, Draining: c.draining,
	}
	x.identify()
	out, err := x.perform()
	status := x.reply(out, err)
	if x.op != nil {
		c.stats.record(x.op, status, c.wall.Now().Sub(started))
	}
	if status == statusDropped {
		panic(http.ErrAbortHandler) // net/http's way to close without a reply
	}
}

// exchange is one request and its reply.
type exchange struct {
	cloud   *Cloud
	w       http.ResponseWriter
	r       *http.Request
	call    *wire.Call
	service *wire.Service
	op      *wire.Operation
	codec   wire.Codec
	signed  []byte    // the body as it was sent and signed; call.Body is inflated
	dated   time.Time // what the signature is judged by and the reply's Date says
}

// identify picks ids, service and codec, so that every later failure is
// answered in the protocol that the caller speaks.
func (x *exchange) identify() {
	var random [16 + 72]byte
	rand.Read(random[:]) // documented never to fail
	id, _ := uuid.FromBytes(random[:16])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4, RFC 4122 variant
	x.call.RequestID = id.String()
	h := x.w.Header()
	x.dated = x.cloud.date(h)
	h["X-Amzn-Requestid"] = []string{x.call.RequestID}
	h["X-Amz-Id-2"] = []string{base64.StdEncoding.EncodeToString(random[16:])}

	x.service = x.cloud.router.Service(scopeService(x.r), x.r.Header)
	protocol := wire.Protocol{JSONVersion: "1.1"}
	if x.service != nil {
		x.call.Service = x.service.SigningName
		protocol = x.service.ProtocolOf(x.r)
	}
	contentType := x.r.Header.Get("Content-Type")
	if x.service == nil && strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		protocol.Kind = wire.Query
	}
	x.codec = wire.CodecFor(protocol, contentType)
}

// perform is everything between the request's first byte and the reply's.
func (x *exchange) perform() (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			x.cloud.log.Error("cloud: panic in a call", "service", x.call.Service,
				"operation", x.call.Operation, "panic", p, "stack", string(debug.Stack()))
			out, err = nil, internalFailure()
		}
	}()
	if err := x.readBody(); err != nil {
		return nil, err
	}
	c, call := x.cloud, x.call
	if x.service == nil {
		return nil, x.unknownService()
	}
	route, err := c.router.Find(x.service, call)
	if err != nil {
		return nil, err
	}
	x.op, call.Operation = route.Operation, route.Operation.Name
	identity, err := c.iam.AuthenticateAt(x.dated, x.r, x.signed)
	if err != nil {
		return nil, err
	}
	call.Principal = identity.Principal
	in, err := x.input(route)
	if err != nil {
		return nil, err
	}
	if x.op.Access != nil {
		call.Access = x.op.Access(call, in)
		for _, access := range call.Access {
			if err := c.iam.Authorize(call, access); err != nil {
				return nil, err
			}
		}
	}
	if err := c.admit(x.op); err != nil {
		return nil, err
	}
	out, err = c.hooks.run(x.r.Context(), call, x.op, in)
	// Nothing is acknowledged, and nothing seen, that a crash could take back.
	if lost := c.data.Wait(x.r.Context()); lost != nil {
		return nil, unavailable(lost)
	}
	return out, err
}

// admit refuses what needs room on a disk that has none.
func (c *Cloud) admit(op *wire.Operation) error {
	if err := c.data.Admit(); err != nil && !op.Spares() {
		return unavailable(err)
	}
	return nil
}

// unavailable answers for the data directory; clients try again.
func unavailable(err error) error {
	if !errors.Is(err, store.ErrFull) {
		return err
	}
	return &wire.Error{Code: "ServiceUnavailable", Message: err.Error(), Status: http.StatusServiceUnavailable}
}

func (x *exchange) input(route wire.Route) (any, error) {
	in := x.op.NewInput()
	decode := x.codec.Decode
	if x.op.Decode != nil {
		decode = x.op.Decode
	}
	if err := decode(x.call, route.Vars, in); err != nil {
		return nil, err
	}
	if v, ok := in.(wire.Validator); ok {
		return in, v.Validate()
	}
	return in, nil
}

func (x *exchange) unknownService() error {
	if name := scopeService(x.r); name != "" {
		return wire.NotImplemented(fmt.Sprintf("the service %.50q", name))
	}
	if x.r.Header.Get("X-Amz-Target") != "" {
		return wire.Errorf("UnknownOperationException", "weir's embedded cloud has no service with the target %.100q", x.r.Header.Get("X-Amz-Target"))
	}
	_, err := x.cloud.iam.AuthenticateAt(x.dated, x.r, x.signed) // says what is missing
	return cmp.Or(err, error(wire.Errorf("UnknownOperationException", "The call names neither a service nor an operation.")))
}

func internalFailure() *wire.Error {
	return &wire.Error{
		Code:    "InternalFailure",
		Message: "The request processing has failed because of an unknown error, exception or failure.",
		Status:  http.StatusInternalServerError,
	}
}

// asWireError turns whatever a call failed with into what the caller sees.
func (x *exchange) asWireError(ctx context.Context, err error) *wire.Error {
	var known *wire.Error
	if errors.As(err, &known) {
		return known
	}
	if ctx.Err() == nil { // a caller that left is no failure of ours
		x.cloud.log.Error("cloud: call failed", "service", x.call.Service, "operation", x.call.Operation, "error", err)
	}
	return internalFailure()
}
