package lambda

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const maxPayloadBytes = 6291456 // request and response of a synchronous invocation

// maxResponseBytes is what AWS names in its error for a response too large.
const maxResponseBytes = 6291556

// runtimeAPI is the Lambda Runtime API (2018-06-01) of one execution
// environment: one runtime, one invocation at a time.
type runtimeAPI struct {
	ready   chan struct{} // closed when the runtime first asks for work
	initErr chan []byte   // what the runtime posted to init/error
	work    chan *invocation

	mu      sync.Mutex
	started bool
	current *invocation
}

// invocation is one event on its way through a runtime.
type invocation struct {
	id       string
	arn      string
	payload  []byte
	deadline time.Time

	once    sync.Once
	outcome chan outcome  // receives exactly one value, if the runtime answers
	done    chan struct{} // closed when the runtime asks for the next event after it
}

// outcome is what the runtime answered.
type outcome struct {
	payload []byte
	failed  bool // the runtime reported an error
}

func newInvocation(id, arn string, payload []byte, deadline time.Time) *invocation {
	return &invocation{
		id: id, arn: arn, payload: payload, deadline: deadline,
		outcome: make(chan outcome, 1), done: make(chan struct{}),
	}
}

// settle keeps the first answer; it reports whether this one was it.
func (i *invocation) settle(o outcome) (first bool) {
	i.once.Do(func() { i.outcome <- o; first = true })
	return first
}

func newRuntimeAPI() *runtimeAPI {
	return &runtimeAPI{ready: make(chan struct{}), initErr: make(chan []byte, 1), work: make(chan *invocation)}
}

func (a *runtimeAPI) handler() http.Handler {
	const base = "/2018-06-01/runtime"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"/invocation/next", a.next)
	mux.HandleFunc("POST "+base+"/invocation/{id}/response", a.response)
	mux.HandleFunc("POST "+base+"/invocation/{id}/error", a.failure)
	mux.HandleFunc("POST "+base+"/init/error", a.initError)
	return mux
}

// next ends the invocation in hand and waits for another one, as long as the
// runtime keeps its connection.
func (a *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	if !a.started {
		a.started = true
		close(a.ready)
	}
	if inv := a.current; inv != nil {
		a.current = nil
		inv.settle(failure("Runtime.NoResponse", "The runtime asked for the next event without answering "+inv.id))
		close(inv.done)
	}
	a.mu.Unlock()

	select {
	case inv := <-a.work:
		a.mu.Lock()
		a.current = inv
		a.mu.Unlock()
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", inv.arn)
		header.Set("Lambda-Runtime-Trace-Id", traceID(inv))
		_, _ = w.Write(inv.payload) // a runtime that is gone is noticed by its exit
	case <-r.Context().Done():
	}
}

func (a *runtimeAPI) response(w http.ResponseWriter, r *http.Request) {
	inv := a.find(r)
	if inv == nil {
		reject(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxResponseBytes+1))
	switch {
	case err != nil:
		reject(w, http.StatusBadRequest, "TruncatedResponse", err.Error())
	case len(body) > maxResponseBytes:
		inv.settle(failure("Function.ResponseSizeTooLarge",
			"Response payload size exceeded maximum allowed payload size ("+strconv.Itoa(maxResponseBytes)+" bytes)."))
		_, _ = io.Copy(io.Discard, r.Body) // let the runtime finish writing, or it never reads the refusal
		reject(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size")
	default:
		// A runtime that streams reports a failure half-way in a trailer.
		if kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); kind != "" {
			posted, err := base64.StdEncoding.DecodeString(r.Trailer.Get("Lambda-Runtime-Function-Error-Body"))
			if err != nil || len(posted) == 0 {
				posted = errorPayload(kind, "the function failed while it wrote its response")
			}
			accept(w, inv.settle(outcome{payload: posted, failed: true}))
			return
		}
		accept(w, inv.settle(outcome{payload: body}))
	}
}

func (a *runtimeAPI) failure(w http.ResponseWriter, r *http.Request) {
	inv := a.find(r)
	if inv == nil {
		reject(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxResponseBytes))
	if err != nil {
		reject(w, http.StatusBadRequest, "TruncatedResponse", err.Error())
		return
	}
	accept(w, inv.settle(outcome{payload: body, failed: true}))
}

func (a *runtimeAPI) initError(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxResponseBytes))
	if err != nil {
		reject(w, http.StatusBadRequest, "TruncatedResponse", err.Error())
		return
	}
	select {
	case a.initErr <- body:
		accept(w, true)
	default:
		accept(w, false)
	}
}

// find is the invocation in hand if the path names it.
func (a *runtimeAPI) find(r *http.Request) *invocation {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current == nil || a.current.id != r.PathValue("id") {
		return nil
	}
	return a.current
}

func accept(w http.ResponseWriter, first bool) {
	if !first {
		reject(w, http.StatusForbidden, "InvalidStateTransition", "State transition is not allowed")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func reject(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(errorPayload(kind, text))
}

func failure(kind, text string) outcome {
	return outcome{payload: errorPayload(kind, text), failed: true}
}

// errorPayload is the document a caller gets for a failed invocation.
func errorPayload(kind, text string) []byte {
	data, _ := json.Marshal(struct {
		ErrorMessage string `json:"errorMessage"`
		ErrorType    string `json:"errorType,omitempty"`
	}{text, kind}) // two strings always marshal
	return data
}

// traceID derives an X-Ray header from the request; nothing is sampled.
func traceID(inv *invocation) string {
	hex := make([]byte, 0, 32)
	for _, c := range []byte(inv.id) {
		if c != '-' {
			hex = append(hex, c)
		}
	}
	for len(hex) < 32 {
		hex = append(hex, '0')
	}
	return "Root=1-" + string(hex[:8]) + "-" + string(hex[8:32]) + ";Parent=" + string(hex[16:32]) + ";Sampled=0"
}
