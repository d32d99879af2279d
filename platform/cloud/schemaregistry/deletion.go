package schemaregistry

import (
	"fmt"
	"net/http"
	"slices"
)

// Deletion is soft first: versions are neither listed nor compared with any
// more, but their ids are still answered. Then it may be permanent, which gives
// up the version and never the id. Neither takes what another schema refers to.

func (s *Service) deleteSubject(r *http.Request) (any, error) {
	name, err := subjectOf(r)
	if err != nil {
		return nil, err
	}
	b, permanent := s.books, flag(r, "permanent")
	b.mu.Lock()
	defer b.mu.Unlock()
	found, err := b.subject(name, true)
	if err != nil {
		return nil, err
	}
	live := found.live()
	switch {
	case permanent && len(live) > 0:
		return nil, newError(codeSubjectNotDeleted, "Subject '%s' was not deleted first before being permanently deleted", name)
	case !permanent && len(live) == 0:
		return nil, newError(codeSubjectDeleted, "Subject '%s' was soft deleted. Set permanent=true to delete permanently", name)
	}
	numbers := []int{}
	for _, v := range found.Versions {
		if err := b.unreferenced(name, v.Number); err != nil {
			return nil, err
		}
		if permanent || !v.Deleted {
			numbers = append(numbers, v.Number)
		}
	}
	for _, v := range live {
		v.Deleted = true
	}
	if permanent {
		delete(b.subjects, name)
	}
	b.keep(name)
	return numbers, nil
}

func (s *Service) deleteVersion(r *http.Request) (any, error) {
	name, number, err := versionIn(r)
	if err != nil {
		return nil, err
	}
	b, permanent := s.books, flag(r, "permanent")
	b.mu.Lock()
	defer b.mu.Unlock()
	v, err := b.version(name, number, true)
	if err == nil && number == latest {
		v, err = b.version(name, number, false)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case permanent && !v.Deleted:
		return nil, newError(codeVersionNotDeleted, "Subject '%s' Version %d was not deleted first before being permanently deleted", name, v.Number)
	case !permanent && v.Deleted:
		return nil, newError(codeVersionDeleted, "Subject '%s' Version %d was soft deleted. Set permanent=true to delete permanently", name, v.Number)
	}
	if err := b.unreferenced(name, v.Number); err != nil {
		return nil, err
	}
	v.Deleted = true
	if found := b.subjects[name]; permanent {
		found.Versions = slices.DeleteFunc(found.Versions, func(other *version) bool { return other == v })
	}
	b.keep(name)
	return rawText(fmt.Sprint(v.Number)), nil
}

// unreferenced refuses to delete what a registered schema refers to. The lock is held.
func (b *books) unreferenced(name string, number int) error {
	for _, s := range b.subjects {
		for _, v := range s.live() {
			for _, r := range b.schemas[v.ID].References {
				if r.Subject == name && r.Version == number {
					return newError(codeReferenced, "One or more references exist to the schema {subject=%s,version=%d}.", name, number)
				}
			}
		}
	}
	return nil
}
