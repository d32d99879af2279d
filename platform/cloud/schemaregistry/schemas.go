package schemaregistry

import (
	"maps"
	"net/http"
	"slices"
)

// Schemas by their ids, which readers of the wire format ask for. Ids of
// deleted versions are answered, too: records still carry them.

type schemaOutput struct {
	Schema     string      `json:"schema"`
	References []reference `json:"references,omitempty"`
}

func (s *Service) getSchema(r *http.Request) (any, error) {
	found, err := s.schema(r)
	if err != nil {
		return nil, err
	}
	return schemaOutput{found.Text, found.References}, nil
}

func (s *Service) getSchemaText(r *http.Request) (any, error) {
	found, err := s.schema(r)
	if err != nil {
		return nil, err
	}
	return rawText(found.Text), nil
}

func (s *Service) schema(r *http.Request) (*schema, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	s.books.mu.RLock()
	defer s.books.mu.RUnlock()
	found := s.books.schemas[id]
	if found == nil {
		return nil, errNoSchema(id)
	}
	return found, nil
}

func (s *Service) getSchemaSubjects(r *http.Request) (any, error) {
	uses, err := s.uses(r)
	names := []string{}
	for _, use := range uses {
		if !slices.Contains(names, use.Subject) {
			names = append(names, use.Subject)
		}
	}
	return names, err
}

func (s *Service) getSchemaVersions(r *http.Request) (any, error) { return s.uses(r) }

// use is a version of a subject.
type use struct {
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

// uses lists where an id is registered.
func (s *Service) uses(r *http.Request) ([]use, error) {
	if _, err := s.schema(r); err != nil {
		return nil, err
	}
	id, _ := idOf(r) // it was read before
	s.books.mu.RLock()
	defer s.books.mu.RUnlock()
	list := []use{}
	for _, name := range slices.Sorted(maps.Keys(s.books.subjects)) {
		for _, v := range s.books.subjects[name].Versions {
			if v.ID == id && (!v.Deleted || flag(r, "deleted")) {
				list = append(list, use{name, v.Number})
			}
		}
	}
	return list, nil
}
