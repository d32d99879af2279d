package schemaregistry

import (
	"net/http"
	"strings"

	"github.com/weirstream/weir/platform/cloud/store"
)

// Compatibility levels, of the registry and of single subjects, and trying a
// schema out without registering it.

type levelOutput struct {
	Level level `json:"compatibilityLevel"`
}

type levelBody struct {
	Level level `json:"compatibility"`
}

func readLevel(r *http.Request) (level, error) {
	var body levelBody
	if err := read(r, &body); err != nil {
		return "", err
	}
	body.Level = level(strings.ToUpper(string(body.Level)))
	if !body.Level.valid() {
		return "", newError(codeInvalidLevel, "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive")
	}
	return body.Level, nil
}

func (s *Service) getLevel(*http.Request) (any, error) {
	s.books.mu.RLock()
	defer s.books.mu.RUnlock()
	return levelOutput{s.books.level}, nil
}

func (s *Service) putLevel(r *http.Request) (any, error) {
	wanted, err := readLevel(r)
	if err != nil {
		return nil, err
	}
	b := s.books
	b.mu.Lock()
	defer b.mu.Unlock()
	b.level = wanted
	b.data.Stage(func(c *store.Changes) { c.PutJSON([]byte(levelName), wanted) })
	return levelBody{wanted}, nil
}

func (s *Service) getSubjectLevel(r *http.Request) (any, error) {
	name, err := subjectOf(r)
	if err != nil {
		return nil, err
	}
	b := s.books
	b.mu.RLock()
	defer b.mu.RUnlock()
	found := b.subjects[name]
	if (found == nil || found.Level == "") && !flag(r, "defaultToGlobal") {
		return nil, errNoSubjectLevel(name)
	}
	return levelOutput{b.levelOf(found)}, nil
}

func (s *Service) putSubjectLevel(r *http.Request) (any, error) {
	name, err := subjectOf(r)
	if err != nil {
		return nil, err
	}
	wanted, err := readLevel(r)
	if err != nil {
		return nil, err
	}
	b := s.books
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subjects[name] == nil {
		b.subjects[name] = &subject{}
	}
	b.subjects[name].Level = wanted
	b.keep(name)
	return levelBody{wanted}, nil
}

func (s *Service) deleteSubjectLevel(r *http.Request) (any, error) {
	name, err := subjectOf(r)
	if err != nil {
		return nil, err
	}
	b := s.books
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.subjects[name]
	if found == nil || found.Level == "" {
		return nil, errNoSubjectLevel(name)
	}
	was := found.Level
	found.Level = ""
	b.keep(name)
	return levelOutput{was}, nil
}

type testOutput struct {
	Compatible bool     `json:"is_compatible"`
	Messages   []string `json:"messages,omitempty"`
}

// testAll compares with what the subject's level says.
func (s *Service) testAll(r *http.Request) (any, error) {
	return s.test(r, func(name string) ([]*version, error) { return s.books.subjects[name].live(), nil })
}

// testOne compares with one version.
func (s *Service) testOne(r *http.Request) (any, error) {
	number, err := versionOf(r.PathValue("v"))
	if err != nil {
		return nil, err
	}
	return s.test(r, func(name string) ([]*version, error) {
		v, err := s.books.version(name, number, false)
		return []*version{v}, err
	})
}

func (s *Service) test(r *http.Request, against func(name string) ([]*version, error)) (any, error) {
	name, err := subjectOf(r)
	if err != nil {
		return nil, err
	}
	body, err := readSchema(r)
	if err != nil {
		return nil, err
	}
	b := s.books
	b.mu.RLock()
	defer b.mu.RUnlock()
	earlier, err := against(name)
	if err != nil {
		return nil, err
	}
	next, err := b.parse(body.Schema, body.References)
	if err != nil {
		return nil, err
	}
	problems := b.conflicts(b.levelOf(b.subjects[name]), next, earlier)
	out := testOutput{Compatible: len(problems) == 0}
	if flag(r, "verbose") {
		out.Messages = problems
	}
	return out, nil
}
