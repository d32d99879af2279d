package schemaregistry

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Subjects and their versions. Nothing normalises a schema: normalize is
// ignored, and what differs in more than white space is another schema.

func (s *Service) listSubjects(r *http.Request) (any, error) {
	s.books.mu.RLock()
	defer s.books.mu.RUnlock()
	names := []string{}
	for _, name := range slices.Sorted(maps.Keys(s.books.subjects)) {
		_, err := s.books.subject(name, flag(r, "deleted"))
		if err == nil && strings.HasPrefix(name, r.URL.Query().Get("subjectPrefix")) {
			names = append(names, name)
		}
	}
	return names, nil
}

func (s *Service) listVersions(r *http.Request) (any, error) {
	name, err := subjectOf(r)
	if err != nil {
		return nil, err
	}
	s.books.mu.RLock()
	defer s.books.mu.RUnlock()
	found, err := s.books.subject(name, flag(r, "deleted"))
	if err != nil {
		return nil, err
	}
	numbers := []int{}
	for _, v := range found.Versions {
		if !v.Deleted || flag(r, "deleted") {
			numbers = append(numbers, v.Number)
		}
	}
	return numbers, nil
}

type idOutput struct {
	ID int `json:"id"`
}

func (s *Service) register(r *http.Request) (any, error) {
	name, err := subjectOf(r)
	if err != nil {
		return nil, err
	}
	body, err := readSchema(r)
	if err != nil {
		return nil, err
	}
	id, err := s.books.register(name, body.Schema, body.References)
	return idOutput{id}, err
}

type versionOutput struct {
	Subject    string      `json:"subject"`
	ID         int         `json:"id"`
	Version    int         `json:"version"`
	References []reference `json:"references,omitempty"`
	Schema     string      `json:"schema"`
}

// output shows a version. The lock is held.
func (b *books) output(name string, v *version) versionOutput {
	s := b.schemas[v.ID]
	return versionOutput{name, v.ID, v.Number, s.References, s.Text}
}

// lookUp finds the version of a schema that was registered.
func (s *Service) lookUp(r *http.Request) (any, error) {
	name, err := subjectOf(r)
	if err != nil {
		return nil, err
	}
	body, err := readSchema(r)
	if err != nil {
		return nil, err
	}
	s.books.mu.RLock()
	defer s.books.mu.RUnlock()
	found, err := s.books.subject(name, false)
	if err != nil {
		return nil, err
	}
	wanted, err := s.books.parse(body.Schema, body.References)
	if err != nil {
		return nil, err
	}
	v := s.books.versionOf(found, wanted.key())
	if v == nil {
		return nil, newError(codeNoSchema, "Schema not found")
	}
	return s.books.output(name, v), nil
}

func (s *Service) getVersion(r *http.Request) (any, error) {
	name, number, err := versionIn(r)
	if err != nil {
		return nil, err
	}
	s.books.mu.RLock()
	defer s.books.mu.RUnlock()
	v, err := s.books.version(name, number, flag(r, "deleted"))
	if err != nil {
		return nil, err
	}
	return s.books.output(name, v), nil
}

func (s *Service) getVersionText(r *http.Request) (any, error) {
	out, err := s.getVersion(r)
	if err != nil {
		return nil, err
	}
	return rawText(out.(versionOutput).Schema), nil
}

func versionIn(r *http.Request) (name string, number int, err error) {
	if name, err = subjectOf(r); err != nil {
		return "", 0, err
	}
	number, err = versionOf(r.PathValue("version"))
	return name, number, err
}
