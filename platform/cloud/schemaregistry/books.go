package schemaregistry

import (
	"slices"
	"sync"

	"github.com/weirstream/weir/platform/cloud/store"
)

// books are the registered schemas. Ids count over all subjects; equal schemas
// share one. Methods without a lock in their name take it.
type books struct {
	data *store.Data

	mu       sync.RWMutex
	schemas  map[int]*schema     // by id
	ids      map[string]int      // by what makes schemas equal
	subjects map[string]*subject // by name
	level    level               // of subjects without one
}

// schema is what an id stands for; it never changes.
type schema struct {
	Text       string      `json:"schema"`
	References []reference `json:"references,omitempty"`
}

// reference makes the named types of another subject's schema known.
type reference struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

// subject is a name, mostly of a topic's keys or values, with its versions in
// the order of their numbers.
type subject struct {
	Versions []*version `json:"versions"`
	Level    level      `json:"level,omitempty"` // "" means the registry's
}

type version struct {
	Number  int  `json:"number"`
	ID      int  `json:"id"`
	Deleted bool `json:"deleted,omitempty"` // softly: it can still be read by its id
}

func newBooks(data *store.Data) *books {
	return &books{
		data: data, schemas: map[int]*schema{}, ids: map[string]int{}, subjects: map[string]*subject{},
		level: backward,
	}
}

// live are the versions that are not deleted.
func (s *subject) live() (list []*version) {
	if s == nil {
		return nil
	}
	for _, v := range s.Versions {
		if !v.Deleted {
			list = append(list, v)
		}
	}
	return list
}

// register gives a schema its id: the one it has, under any subject, or the
// next. It is idempotent.
func (b *books) register(name, text string, references []reference) (id int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	parsed, err := b.parse(text, references)
	if err != nil {
		return 0, err
	}
	s := b.subjects[name]
	if v := b.versionOf(s, parsed.key()); v != nil {
		return v.ID, nil
	}
	if problems := b.conflicts(b.levelOf(s), parsed, s.live()); len(problems) > 0 {
		return 0, newError(codeIncompatible, "Schema being registered is incompatible with an earlier schema for subject %q, details: %v", name, problems)
	}
	if s == nil {
		s = &subject{}
		b.subjects[name] = s
	}
	id, known := b.ids[parsed.key()]
	if !known {
		id = len(b.schemas) + 1
		b.schemas[id], b.ids[parsed.key()] = &parsed.schema, id
	}
	number := 1
	if last := len(s.Versions); last > 0 {
		number = s.Versions[last-1].Number + 1
	}
	s.Versions = append(s.Versions, &version{Number: number, ID: id})
	b.data.Stage(func(c *store.Changes) {
		c.PutJSON(schemaKey(id), b.schemas[id])
		c.PutJSON(subjectKey(name), s)
	})
	return id, nil
}

// versionOf is the live version of an equal schema. The lock is held.
func (b *books) versionOf(s *subject, key string) *version {
	id, known := b.ids[key]
	if !known {
		return nil
	}
	for _, v := range s.live() {
		if v.ID == id {
			return v
		}
	}
	return nil
}

// subject finds one; deleted ones only if asked for. The lock is held.
func (b *books) subject(name string, deleted bool) (*subject, error) {
	s := b.subjects[name]
	if s == nil || len(s.Versions) == 0 || len(s.live()) == 0 && !deleted {
		return nil, errNoSubject(name)
	}
	return s, nil
}

// latest is the number that asks for the newest version.
const latest = -1

// version finds one; a deleted one only if asked for. The lock is held.
func (b *books) version(name string, number int, deleted bool) (*version, error) {
	s, err := b.subject(name, deleted)
	if err != nil {
		return nil, err
	}
	list := s.live()
	if deleted {
		list = s.Versions
	}
	if number == latest {
		if len(list) == 0 {
			return nil, errNoSubject(name)
		}
		return list[len(list)-1], nil
	}
	i := slices.IndexFunc(list, func(v *version) bool { return v.Number == number })
	if i < 0 {
		return nil, errNoVersion(number)
	}
	return list[i], nil
}

// keep stages a subject as it is now. The lock is held.
func (b *books) keep(name string) {
	s := b.subjects[name]
	b.data.Stage(func(c *store.Changes) {
		if s == nil {
			c.Delete(subjectKey(name))
		} else {
			c.PutJSON(subjectKey(name), s)
		}
	})
}
