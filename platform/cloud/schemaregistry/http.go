package schemaregistry

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"github.com/weirstream/weir/platform/cloud/store"
)

const (
	contentType = "application/vnd.schemaregistry.v1+json"
	bodyMax     = 4 << 20
)

// answer does what a request asks for; its errors are *Error.
type answer func(r *http.Request) (any, error)

func (s *Service) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range s.routes() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, consuming(do)) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, func(*http.Request) (any, error) {
			return nil, newError(http.StatusNotFound, "HTTP 404 Not Found")
		})
	})
	return mux
}

func (s *Service) routes() map[string]answer {
	return map[string]answer{
		"GET /{$}":           func(*http.Request) (any, error) { return struct{}{}, nil },
		"GET /schemas/types": func(*http.Request) (any, error) { return []string{"AVRO"}, nil },

		"GET /schemas/ids/{id}":          s.getSchema,
		"GET /schemas/ids/{id}/schema":   s.getSchemaText,
		"GET /schemas/ids/{id}/subjects": s.getSchemaSubjects,
		"GET /schemas/ids/{id}/versions": s.getSchemaVersions,

		"GET /subjects":                                       s.listSubjects,
		"POST /subjects/{subject}":                            s.lookUp,
		"DELETE /subjects/{subject}":                          s.deleteSubject,
		"GET /subjects/{subject}/versions":                    s.listVersions,
		"POST /subjects/{subject}/versions":                   s.register,
		"GET /subjects/{subject}/versions/{version}":          s.getVersion,
		"GET /subjects/{subject}/versions/{version}/schema":   s.getVersionText,
		"DELETE /subjects/{subject}/versions/{version}":       s.deleteVersion,
		"POST /compatibility/subjects/{subject}/versions":     s.testAll,
		"POST /compatibility/subjects/{subject}/versions/{v}": s.testOne,

		"GET /config":              s.getLevel,
		"PUT /config":              s.putLevel,
		"GET /config/{subject}":    s.getSubjectLevel,
		"PUT /config/{subject}":    s.putSubjectLevel,
		"DELETE /config/{subject}": s.deleteSubjectLevel,

		"GET /mode":           func(*http.Request) (any, error) { return modeBody{"READWRITE"}, nil },
		"PUT /mode":           func(*http.Request) (any, error) { return nil, errMissing("modes other than READWRITE") },
		"GET /mode/{subject}": func(*http.Request) (any, error) { return modeBody{"READWRITE"}, nil },
		"PUT /mode/{subject}": func(*http.Request) (any, error) { return nil, errMissing("modes other than READWRITE") },
		"GET /contexts":       func(*http.Request) (any, error) { return []string{"."}, nil },
	}
}

// consuming refuses a body of another type than the registry's; one without a
// type passes.
func consuming(do answer) answer {
	return func(r *http.Request) (any, error) {
		given := r.Header.Get("Content-Type")
		if r.ContentLength == 0 || given == "" {
			return do(r)
		}
		name, _, _ := strings.Cut(given, ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case contentType, "application/vnd.schemaregistry+json", "application/json", "application/octet-stream":
			return do(r)
		}
		return nil, newError(http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type")
	}
}

type modeBody struct {
	Mode string `json:"mode"`
}

// serve answers once what was done is on disk.
func (s *Service) serve(w http.ResponseWriter, r *http.Request, do answer) {
	out, err := any(nil), s.authenticate(r)
	if err == nil && r.Method != http.MethodGet {
		r.Body = http.MaxBytesReader(w, r.Body, bodyMax)
		err = s.cfg.Data.Admit()
	}
	if err == nil {
		out, err = do(r)
	}
	if lost := s.cfg.Data.Wait(r.Context()); lost != nil {
		err = lost
	}
	w.Header().Set("Content-Type", contentType)
	if err == nil {
		s.write(w, out)
		return
	}
	known := new(Error)
	if !errors.As(err, &known) {
		known = newError(codeStoreFailed, "Error in the backend data store: %v", err)
		if !errors.Is(err, store.ErrFull) && !errors.Is(err, context.Canceled) {
			s.cfg.Log.Error("schema registry: request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		}
	}
	if known.Code == codeUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="schema registry"`)
	}
	w.WriteHeader(known.Status)
	s.write(w, known)
}

// write sends v, or the text of a schema as it is.
func (s *Service) write(w io.Writer, v any) {
	if text, ok := v.(rawText); ok {
		_, _ = io.WriteString(w, string(text)) // a caller that left needs no answer
		return
	}
	_ = json.NewEncoder(w).Encode(v) // as above
}

// rawText is a body that is JSON already.
type rawText string

// authenticate lets callers of this machine in without credentials, and nobody
// with wrong ones.
func (s *Service) authenticate(r *http.Request) error {
	user, password, given := r.BasicAuth()
	if !given {
		if s.open && r.Header.Get("Authorization") == "" {
			return nil
		}
		return errUnauthorized()
	}
	if !equal(user, s.cfg.User) || !equal(password, s.cfg.Password) {
		return errUnauthorized()
	}
	return nil
}

// equal compares in a time that tells nothing of the texts.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// schemaBody is a schema as callers send it.
type schemaBody struct {
	Schema     string      `json:"schema"`
	SchemaType string      `json:"schemaType"`
	References []reference `json:"references"`
}

func readSchema(r *http.Request) (body schemaBody, err error) {
	if err := read(r, &body); err != nil {
		return body, err
	}
	switch body.SchemaType {
	case "", "AVRO":
	case "JSON", "PROTOBUF":
		return body, errMissing("schemas of type " + body.SchemaType)
	default:
		return body, newError(codeInvalidSchema, "Invalid schema type %.50s", body.SchemaType)
	}
	if body.Schema == "" {
		return body, newError(codeInvalidSchema, "Empty schema")
	}
	return body, nil
}

func read(r *http.Request, into any) error {
	var tooLarge *http.MaxBytesError
	err := json.NewDecoder(r.Body).Decode(into)
	switch {
	case errors.As(err, &tooLarge):
		return newError(http.StatusRequestEntityTooLarge, "A request has at most %d bytes.", tooLarge.Limit)
	case err != nil:
		return newError(http.StatusBadRequest, "Unable to process JSON: %v", err)
	}
	return nil
}

func subjectOf(r *http.Request) (string, error) {
	name := r.PathValue("subject")
	for _, c := range name {
		if unicode.IsControl(c) || c == unicode.ReplacementChar {
			return "", newError(codeInvalidSubject, "The specified subject %.300q is not a valid.", name)
		}
	}
	return name, nil
}

func idOf(r *http.Request) (int, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return 0, newError(http.StatusNotFound, "HTTP 404 Not Found")
	}
	return id, nil
}

// versionOf reads a number, or "latest".
func versionOf(text string) (int, error) {
	if text == "latest" {
		return latest, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 && n != latest {
		return 0, newError(codeInvalidVersion, "The specified version '%.50s' is not a valid version id. "+
			`Allowed values are between [1, 2^31-1] and the string "latest"`, text)
	}
	return int(n), nil
}

func flag(r *http.Request, name string) bool { return r.URL.Query().Get(name) == "true" }
