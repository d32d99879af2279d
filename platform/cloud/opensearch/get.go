package opensearch

import (
	"context"
	"encoding/json"
	"net/http"
)

// found is the reply to a get.
type found struct {
	Index   string          `json:"_index"`
	ID      string          `json:"_id"`
	Version *int64          `json:"_version,omitempty"`
	Seq     *int64          `json:"_seq_no,omitempty"`
	Term    int             `json:"_primary_term,omitempty"`
	Found   bool            `json:"found"`
	Source  json.RawMessage `json:"_source,omitempty"`
}

// lookUp finds a document by its id, whether searches see it yet or not.
func (ix *index) lookUp(id string, f filtered) (*found, error) {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	d := ix.docs[id]
	if d.absent() {
		return &found{Index: ix.name, ID: id}, nil
	}
	out := &found{Index: ix.name, ID: id, Version: &d.version, Seq: &d.seq, Term: primaryTerm, Found: true}
	if f.off {
		return out, nil
	}
	source, err := ix.source(d)
	if err != nil {
		return nil, err
	}
	out.Source, err = f.apply(source)
	return out, err
}

func (s *Service) get(_ context.Context, q *request) (any, error) {
	if q.query.Has("version") || q.query.Has("version_type") {
		return nil, gap("conditions on versions in gets")
	}
	ix, err := s.one(q.vars["index"])
	if err != nil {
		return nil, err
	}
	f, _ := q.sourceFilter()
	out, err := ix.lookUp(q.vars["id"], f)
	if err != nil {
		return nil, err
	}
	if !out.Found {
		return answer{http.StatusNotFound, out}, nil
	}
	return out, nil
}

func (s *Service) getSource(_ context.Context, q *request) (any, error) {
	ix, err := s.one(q.vars["index"])
	if err != nil {
		return nil, err
	}
	f, _ := q.sourceFilter()
	out, err := ix.lookUp(q.vars["id"], f)
	if err != nil {
		return nil, err
	}
	if !out.Found {
		return nil, &Error{
			Type: "resource_not_found_exception", Status: http.StatusNotFound,
			Reason: "Document not found [" + ix.name + "]/[" + q.vars["id"] + "]",
		}
	}
	return out.Source, nil
}

// multiGet gets several documents; one that fails says so in its place.
func (s *Service) multiGet(_ context.Context, q *request) (any, error) {
	given, err := q.object(false)
	if err != nil {
		return nil, err
	}
	var wanted []any
	for name, value := range given {
		list, ok := value.([]any)
		switch {
		case name == "docs" && ok:
			wanted = append(wanted, list...)
		case name == "ids" && ok:
			for _, id := range list {
				wanted = append(wanted, map[string]any{"_id": id})
			}
		default:
			return nil, parsing("unexpected token in [%s], expected [docs] or [ids]", name)
		}
	}
	if len(wanted) == 0 {
		return nil, validation("no documents to get")
	}
	general, _ := q.sourceFilter()
	docs := make([]any, len(wanted))
	for i, w := range wanted {
		if docs[i], err = s.oneOfMany(q, w, general); err != nil {
			return nil, err
		}
	}
	return map[string]any{"docs": docs}, nil
}

func (s *Service) oneOfMany(q *request, wanted any, f filtered) (any, error) {
	members, ok := wanted.(map[string]any)
	if !ok {
		return nil, illegal("docs array element should include an object")
	}
	index, id := q.vars["index"], ""
	for name, value := range members {
		switch name {
		case "_index":
			index = textOf(value)
		case "_id":
			id = textOf(value)
		case "_source":
			var err error
			if f, err = parseFiltered(value); err != nil {
				return nil, err
			}
		default:
			return nil, gap("[%s] in the documents of _mget", name)
		}
	}
	if index == "" || id == "" {
		return nil, validation("index or id is missing")
	}
	ix, err := s.one(index)
	if err != nil {
		return map[string]any{"_index": index, "_id": id, "error": asError(err).reply()["error"]}, nil
	}
	return ix.lookUp(id, f)
}
