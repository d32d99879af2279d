package cloud

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"github.com/weirstream/weir/platform/cloud/opensearch"
	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

func (c *Cloud) buildOpenSearch() (err error) {
	cfg := opensearch.Config{
		Region: c.cfg.Region, Account: c.cfg.Account, Listen: c.cfg.OpenSearchListen,
		Clock: c.cfg.Wall, Data: c.data, Log: c.cfg.Log, Guard: c.guardOpenSearch,
	}
	if c.authority != nil {
		cfg.TLS = c.authority.config()
		cfg.TLS.NextProtos = []string{"http/1.1"}
	}
	c.search, err = opensearch.New(cfg)
	return err
}

// OpenSearch is the URL of the OpenSearch domain, whose port the first call
// opens. Callers sign for the service es, with es:ESHttp… on the domain allowed,
// or send the credentials of the account's root by Basic authentication.
func (c *Cloud) OpenSearch() (string, error) { return c.search.URL() }

// LoseOpenSearch makes the OpenSearch domain unreachable until undo.
func (c *Cloud) LoseOpenSearch() (undo func()) { return c.search.Lose() }

// PressOpenSearch makes writes to the OpenSearch domain meet full queues, which
// answer 429, until another Pressure is set; the zero one ends it.
func (c *Cloud) PressOpenSearch(p opensearch.Pressure) { c.search.SetPressure(p) }

// guardOpenSearch takes one request through what the pipeline does with calls.
func (c *Cloud) guardOpenSearch(r *http.Request, body []byte, operation opensearch.Operation, next func(context.Context) (any, error)) (any, error) {
	call := &wire.Call{
		Service: "es", Operation: operation.Name, Region: c.cfg.Region, Account: c.cfg.Account,
		HTTP: r, Body: body, Draining: c.draining,
	}
	if err := c.admitCaller(call); err != nil {
		return nil, err
	}
	if operation.Writes && c.data.Admit() != nil {
		return nil, diskFull(operation.Target)
	}
	op := &wire.Operation{Name: operation.Name, Handle: func(ctx context.Context, _ *wire.Call, _ any) (any, error) { return next(ctx) }}
	out, err := c.hooks.run(r.Context(), call, op, &operation)
	// Nothing is acknowledged, and nothing seen, that a crash could take back.
	if lost := c.data.Wait(r.Context()); errors.Is(lost, store.ErrFull) {
		return nil, diskFull(operation.Target)
	} else if lost != nil {
		return nil, lost
	}
	return out, err
}

// diskFull is what OpenSearch answers past its flood-stage watermark.
func diskFull(index string) *opensearch.Error {
	return &opensearch.Error{
		Type: "cluster_block_exception", Status: http.StatusTooManyRequests, Retry: true,
		Reason: "index [" + index + "] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];",
	}
}

// admitCaller authenticates and authorises the caller of the domain.
func (c *Cloud) admitCaller(call *wire.Call) error {
	r := call.HTTP
	user, password, basic := r.BasicAuth()
	switch {
	case basic:
		known := subtle.ConstantTimeCompare([]byte(user), []byte(c.cfg.AccessKeyID)) &
			subtle.ConstantTimeCompare([]byte(password), []byte(c.cfg.SecretAccessKey))
		if known == 0 {
			return unauthorized("the user or the password is wrong")
		}
		call.Principal = wire.Principal{AccountID: c.cfg.Account, AccessKeyID: user, Root: true}
		return nil
	case r.Header.Get("Authorization") == "" && r.URL.Query().Get("X-Amz-Algorithm") == "":
		return unauthorized("neither a signature nor Basic authentication")
	}
	identity, err := c.iam.Authenticate(r, call.Body)
	if err != nil {
		return forbidden(err)
	}
	if identity.Service != "es" {
		return forbidden(wire.Errorf("InvalidSignatureException", "Credential should be scoped to correct service: 'es'. "))
	}
	call.Principal = identity.Principal
	method := strings.ToUpper(r.Method[:1]) + strings.ToLower(r.Method[1:])
	access := wire.Access{Action: "es:ESHttp" + method, Resource: c.search.ARN() + r.URL.Path}
	call.Access = []wire.Access{access}
	return forbidden(c.iam.Authorize(call, access))
}

// forbidden is an IAM error as a domain answers it: with 403, whatever the
// status is elsewhere.
func forbidden(err error) error {
	var known *wire.Error
	if !errors.As(err, &known) {
		return err
	}
	return &opensearch.Error{Type: known.Code, Reason: known.Message, Status: http.StatusForbidden}
}

func unauthorized(reason string) *opensearch.Error {
	return &opensearch.Error{Type: "security_exception", Reason: "Unauthorized: " + reason, Status: http.StatusUnauthorized}
}
