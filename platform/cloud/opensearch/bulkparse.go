package opensearch

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
)

// action is one item of a bulk request.
type action struct {
	kind   string // create, delete, index or update
	index  string
	id     string
	c      conditions
	alias  bool   // require_alias
	source []byte // not for delete
	update *update
	gap    error // what an update wants that is not there
}

func malformedLine(line int, format string, args ...any) *Error {
	e := illegal(format, args...)
	e.Reason = "Malformed action/metadata line [" + strconv.Itoa(line) + "], " + e.Reason
	return e
}

// parseBulk reads the lines of a bulk request. What is wrong with the lines
// fails the request; what is wrong with a document fails its item, later.
func parseBulk(body []byte, index string) ([]action, error) {
	if len(body) == 0 {
		return nil, &Error{Type: "parse_exception", Reason: "request body is required", Status: http.StatusBadRequest}
	}
	var out []action
	rest, line := body, 0
	next := func() ([]byte, bool) {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			return nil, false
		}
		text := rest[:end]
		rest = rest[end+1:]
		line++
		return bytes.TrimSuffix(text, []byte("\r")), true
	}
	for len(rest) > 0 {
		text, whole := next()
		if !whole {
			return nil, illegal("The bulk request must be terminated by a newline [\\n]")
		}
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		a, err := parseAction(text, line, index)
		if err != nil {
			return nil, err
		}
		if a.kind != "delete" {
			if a.source, whole = next(); !whole {
				return nil, illegal("The bulk request must be terminated by a newline [\\n]")
			}
		}
		if a.kind == "update" {
			if err := a.parseUpdate(); err != nil {
				return nil, err
			}
		}
		out = append(out, a)
	}
	if len(out) == 0 {
		return nil, validation("no requests added")
	}
	for i := range out {
		a := &out[i]
		switch {
		case a.index == "":
			return nil, validation("index is missing")
		case a.id == "" && (a.kind == "delete" || a.kind == "update"):
			return nil, validation("id is missing")
		case a.id == "" && (a.c.versions != "" || a.c.version != anyVersion):
			return nil, validation("an id must be provided if version type or value are set")
		}
		if err := a.c.validate(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// parseUpdate reads an update's body, which fails the request unless all that
// is wrong with it is a gap.
func (a *action) parseUpdate() (err error) {
	if a.update, err = parseUpdate(a.source); err == nil {
		return a.update.validate(a.c)
	}
	if asError(err).Status == http.StatusNotImplemented {
		a.gap, err = err, nil
	}
	return err
}

// parseAction reads an action line: {"index":{"_index":"x","_id":"1"}}.
func parseAction(text []byte, line int, index string) (action, error) {
	a := action{index: index, c: unconditional()}
	s := scanner{src: text}
	if token := s.tokenName(); token != "START_OBJECT" {
		if token == "" {
			return a, &Error{Type: "json_parse_exception", Reason: s.bad().Error(), Status: http.StatusBadRequest}
		}
		return a, malformedLine(line, "expected START_OBJECT but found [%s]", token)
	}
	err := s.object(func(name []byte) error {
		if a.kind != "" {
			return malformedLine(line, "expected END_OBJECT but found [FIELD_NAME]")
		}
		a.kind = string(name)
		if !slices.Contains([]string{"create", "delete", "index", "update"}, a.kind) {
			return malformedLine(line, "expected one of [create, delete, index, update] but found [%s]", a.kind)
		}
		if token := s.tokenName(); token != "START_OBJECT" {
			return malformedLine(line, "expected START_OBJECT or END_OBJECT but found [%s]", token)
		}
		return s.object(func(name []byte) error { return a.parameter(&s, string(name), line) })
	})
	if err == nil {
		err = s.end()
	}
	if err == nil && a.kind == "" {
		err = malformedLine(line, "expected FIELD_NAME but found [END_OBJECT]")
	}
	a.c.create = a.c.create || a.kind == "create"
	if _, known := err.(*Error); err != nil && !known {
		err = &Error{Type: "json_parse_exception", Reason: err.Error(), Status: http.StatusBadRequest}
	}
	return a, err
}

// tokenName is the kind of value that comes next, "" for none.
func (s *scanner) tokenName() string {
	switch c := s.next(); {
	case c == '{':
		return "START_OBJECT"
	case c == '[':
		return "START_ARRAY"
	case c == '"':
		return "VALUE_STRING"
	case c == '-' || c >= '0' && c <= '9':
		return "VALUE_NUMBER"
	}
	ahead := *s
	switch word, _ := ahead.word(); word {
	case "true", "false":
		return "VALUE_BOOLEAN"
	case "null":
		return "VALUE_NULL"
	}
	return ""
}

func (a *action) parameter(s *scanner, name string, line int) error {
	token := s.tokenName()
	start := s.pos
	if err := s.skip(); err != nil {
		return err
	}
	text := string(s.src[start:s.pos])
	if token == "VALUE_STRING" {
		inner := scanner{src: s.src[start:s.pos]}
		unquoted, err := inner.text()
		if err != nil {
			return err
		}
		text = string(unquoted)
	}
	if token == "START_OBJECT" || token == "START_ARRAY" {
		return malformedLine(line, "expected a simple value for field [%s] but found [%s]", name, token)
	}
	var err error
	switch name {
	case "_index":
		a.index = text
	case "_id":
		if token != "VALUE_NULL" {
			a.id = text
		}
	case "version", "_version":
		a.c.version, err = strconv.ParseInt(text, 10, 64)
	case "version_type", "_version_type":
		a.c.versions, err = versionType(text)
		return err
	case "if_seq_no":
		a.c.ifSeq, err = strconv.ParseInt(text, 10, 64)
	case "if_primary_term":
		a.c.ifTerm, err = strconv.ParseInt(text, 10, 64)
	case "op_type":
		a.c.create = a.c.create || text == "create"
	case "require_alias":
		a.alias = text == "true"
	case "retry_on_conflict", "_retry_on_conflict":
	case "routing", "_routing", "pipeline", "_source", "parent":
		return gap("the parameter [%s] of bulk items", name)
	default:
		return illegal("Action/metadata line [%d] contains an unknown parameter [%s]", line, name)
	}
	if err != nil {
		return illegal("For input string: \"%s\"", text)
	}
	return nil
}
