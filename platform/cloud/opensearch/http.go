package opensearch

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// bodyMax is the largest request, also once it is unpacked, as http.max_content_length has it.
const bodyMax = 100 << 20

// request is one call with its body read.
type request struct {
	http  *http.Request
	query url.Values
	vars  map[string]string
	body  []byte
}

// answer is a reply with a status of its own.
type answer struct {
	status int
	body   any // nil has none
}

func status(code int) answer { return answer{status: code} }

// plain is a reply that is text.
type plain string

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler { //nolint:errorlint // A panic's value, compared as net/http does.
			panic(p)
		}
		s.cfg.Log.Error("opensearch: panic in a request", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
		send(w, r, http.StatusInternalServerError, (&Error{Type: "exception", Reason: "the request failed", Status: http.StatusInternalServerError}).reply())
	}()
	out, err := s.perform(w, r)
	if errors.Is(err, wire.ErrDropReply) {
		panic(http.ErrAbortHandler) // net/http's way to close without a reply
	}
	if err != nil {
		known := asError(err)
		if known.Status == http.StatusInternalServerError && known.Type == "exception" && r.Context().Err() == nil {
			s.cfg.Log.Error("opensearch: request failed", "path", r.URL.Path, "error", err)
		}
		if known.Status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Basic realm="OpenSearch Security"`)
		}
		send(w, r, known.Status, known.reply())
		return
	}
	switch reply := out.(type) {
	case answer:
		send(w, r, reply.status, reply.body)
	default:
		send(w, r, http.StatusOK, out)
	}
}

// perform finds the route, reads the body within the bounds, and calls the
// handler inside the guard.
func (s *Service) perform(w http.ResponseWriter, r *http.Request) (any, error) {
	found, vars, allowed := find(s.api, r.Method, r.URL.EscapedPath())
	if found == nil {
		return noRoute(r, allowed)
	}
	q := &request{http: r, query: r.URL.Query(), vars: vars}
	if err := q.checkParams(found.params); err != nil {
		return nil, err
	}
	if found.writes {
		done, err := s.admit(max(r.ContentLength, 1))
		if err != nil {
			_, _ = io.CopyN(io.Discard, r.Body, bodyMax) // the sender listens once it has sent everything
			return nil, err
		}
		defer done()
	}
	raw, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	if q.body, err = inflate(r, raw); err != nil {
		return nil, err
	}
	operation := Operation{Name: found.name, Target: vars["index"], Writes: found.writes}
	out, err := s.cfg.Guard(r, raw, operation, func(ctx context.Context) (any, error) {
		if refusal, err := q.checkMediaType(); refusal != nil || err != nil {
			return refusal, err
		}
		return found.handle(ctx, q)
	})
	if found.writes {
		s.sources.relieve()
	}
	return out, err
}

func noRoute(r *http.Request, allowed []string) (any, error) {
	if one := strings.Trim(r.URL.Path, "/"); elsewhere(one) {
		return nil, gap("%s %s", r.Method, r.URL.Path)
	}
	if len(allowed) > 0 {
		return answer{http.StatusMethodNotAllowed, map[string]any{
			"error":  fmt.Sprintf("Incorrect HTTP method for uri [%s] and method [%s], allowed: [%s]", r.URL.RequestURI(), r.Method, strings.Join(allowed, ", ")),
			"status": http.StatusMethodNotAllowed,
		}}, nil
	}
	for segment := range strings.SplitSeq(r.URL.Path, "/") {
		if elsewhere(segment) {
			return nil, gap("%s %s", r.Method, r.URL.Path)
		}
	}
	return answer{http.StatusBadRequest, map[string]any{
		"error": fmt.Sprintf("no handler found for uri [%s] and method [%s]", r.URL.RequestURI(), r.Method),
	}}, nil
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	var buffer bytes.Buffer
	if n := r.ContentLength; n > 0 {
		buffer.Grow(int(min(n, 1<<20)) + bytes.MinRead) // an announcement is believed so far
	}
	_, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, bodyMax))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, errTooLarge()
	}
	if err != nil {
		return nil, illegal("the request body did not arrive: %v", err)
	}
	return buffer.Bytes(), nil
}

func errTooLarge() *Error {
	return &Error{Type: "too_long_http_content_exception", Reason: "entity content is too long for the configured buffer limit", Status: http.StatusRequestEntityTooLarge}
}

func inflate(r *http.Request, body []byte) ([]byte, error) {
	if !strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		return body, nil
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, illegal("the body is not valid gzip")
	}
	out, err := io.ReadAll(io.LimitReader(unpacked, bodyMax+1))
	if err != nil {
		return nil, illegal("the body is not valid gzip")
	}
	if len(out) > bodyMax {
		return nil, errTooLarge()
	}
	return out, nil
}

func (q *request) checkParams(known string) error {
	all := strings.Fields(commonParams + " " + known)
	for name := range q.query {
		if name == "filter_path" || name == "routing" || name == "pipeline" || name == "scroll" {
			return gap("the parameter [%s]", name)
		}
		if name == "realtime" && !q.flag(name, true) {
			return gap("[realtime] gets of what searches see")
		}
		if !slices.Contains(all, name) {
			return illegal("request [%s] contains unrecognized parameter: [%s]", q.http.URL.Path, name)
		}
	}
	return nil
}

// flag reads a boolean parameter; one without a value is true.
func (q *request) flag(name string, otherwise bool) bool {
	if !q.query.Has(name) {
		return otherwise
	}
	return q.query.Get(name) != "false"
}

func (q *request) lookup() lookup {
	return lookup{ignoreMissing: q.flag("ignore_unavailable", false), needSome: !q.flag("allow_no_indices", true)}
}

// object is the body, a JSON object.
func (q *request) object(mayLack bool) (map[string]any, error) {
	if len(bytes.TrimSpace(q.body)) == 0 {
		if mayLack {
			return map[string]any{}, nil
		}
		return nil, &Error{Type: "parse_exception", Reason: "request body is required", Status: http.StatusBadRequest}
	}
	return parseObject(q.body)
}

// parseObject reads JSON with its numbers as they are written.
func parseObject(body []byte) (map[string]any, error) {
	check := scanner{src: body} // refuses what encoding/json lets pass, and what nests too deep
	err := check.skip()
	if err == nil {
		err = check.end()
	}
	if err != nil {
		return nil, &Error{Type: "json_parse_exception", Reason: err.Error(), Status: http.StatusBadRequest}
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var out map[string]any
	if err := decoder.Decode(&out); err != nil || out == nil {
		return nil, parsing("Expected [START_OBJECT] but found something else")
	}
	return out, nil
}

// send writes a reply, as JSON unless it is plain text.
func send(w http.ResponseWriter, r *http.Request, code int, body any) {
	var raw []byte
	contentType := "application/json; charset=UTF-8"
	switch b := body.(type) {
	case nil:
	case plain:
		raw, contentType = []byte(b), "text/plain; charset=UTF-8"
	default:
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if r.URL.Query().Has("pretty") {
			encoder.SetIndent("", "  ")
		}
		if err := encoder.Encode(body); err != nil {
			panic(fmt.Sprintf("opensearch: %T does not encode: %v", body, err))
		}
		raw = out.Bytes()
		if !r.URL.Query().Has("pretty") {
			raw = bytes.TrimSuffix(raw, []byte("\n"))
		}
	}
	if raw != nil {
		w.Header().Set("Content-Type", contentType)
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(raw)))
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		_, _ = w.Write(raw) // a caller that left needs no reply
	}
}
