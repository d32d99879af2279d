package lambda

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
)

// On disk. Zips and payloads are values of their own: they are written once,
// while what refers to them changes. Function names hold no slash.
const (
	functionPrefix = "lambda/function/" // NAME, with versions, aliases and configurations
	codePrefix     = "lambda/code/"     // CODE, a zip as it was uploaded
	mappingPrefix  = "lambda/mapping/"  // UUID
	placePrefix    = "lambda/place/"    // UUID/SHARD
	eventPrefix    = "lambda/event/"    // NAME/REQUEST, an accepted event
	payloadPrefix  = "lambda/payload/"  // NAME/REQUEST, its payload
)

func keyOf(prefix string, parts ...string) []byte {
	key := []byte(prefix)
	for i, part := range parts {
		if i > 0 {
			key = append(key, '/')
		}
		key = append(key, part...)
	}
	return key
}

// keptFunction is a function on disk.
type keptFunction struct {
	ARN           string                 `json:"arn"`
	Tags          map[string]string      `json:"tags,omitempty"`
	Latest        keptVersion            `json:"latest"`
	Versions      []keptVersion          `json:"versions,omitempty"` // by number
	PublishedLast int                    `json:"published_last"`
	Unchanged     bool                   `json:"unchanged"` // since it was last published
	Aliases       map[string]keptAlias   `json:"aliases,omitempty"`
	Configs       map[string]keptConfig  `json:"configs,omitempty"` // of asynchronous invocation, by qualifier
	Reserved      *int                   `json:"reserved,omitempty"`
	Code          map[string]keptProgram `json:"code"` // by id: what versions share is kept once
}

type keptVersion struct {
	Number       string            `json:"number"`
	Description  string            `json:"description,omitempty"`
	Architecture string            `json:"architecture"`
	Modified     time.Time         `json:"modified"`
	Revision     string            `json:"revision"`
	Role         string            `json:"role"`
	Handler      string            `json:"handler"`
	Timeout      time.Duration     `json:"timeout"`
	MemoryMB     int               `json:"memory_mb"`
	Variables    map[string]string `json:"variables,omitempty"`
	DeadLetter   string            `json:"dead_letter,omitempty"`
	Code         string            `json:"code"`
}

type keptProgram struct {
	Builtin string `json:"builtin,omitempty"` // else a zip of its own
	SHA256  string `json:"sha256"`
	Bytes   int64  `json:"bytes"`
}

type keptAlias struct {
	Version     string             `json:"version"`
	Description string             `json:"description,omitempty"`
	Revision    string             `json:"revision"`
	Weights     map[string]float64 `json:"weights,omitempty"`
}

type keptConfig struct {
	Retries    *int      `json:"retries,omitempty"`
	AgeSeconds *int      `json:"age_seconds,omitempty"`
	OnSuccess  string    `json:"on_success,omitempty"`
	OnFailure  string    `json:"on_failure,omitempty"`
	Modified   time.Time `json:"modified"`
}

// keepFunction stages a function that was made or changed, with the zips that are new;
// s.mu is held.
func (s *Service) keepFunction(f *function) {
	kept := keptFunction{
		ARN: f.arn, Tags: f.tags, Latest: f.kept(), PublishedLast: f.publishedLast, Unchanged: f.published == f.spec,
		Aliases: make(map[string]keptAlias), Configs: make(map[string]keptConfig), Code: make(map[string]keptProgram),
	}
	for _, v := range f.versions {
		kept.Versions = append(kept.Versions, v.kept())
	}
	for name, a := range f.aliases {
		kept.Aliases[name] = keptAlias{a.version, a.description, a.revision, a.weights}
	}
	for qualifier, c := range f.eventConfigs {
		kept.Configs[qualifier] = keptConfig{c.retries, c.ageSeconds, c.onSuccess, c.onFailure, c.modified}
	}
	if n, ok := s.pool.reservation(f.name); ok {
		kept.Reserved = &n
	}
	s.cfg.Data.Stage(func(c *store.Changes) {
		for _, v := range f.all() {
			program := v.spec.code
			kept.Code[program.id] = keptProgram{program.builtin, program.sha256, program.bytes}
			if program.fresh != nil {
				c.Put(keyOf(codePrefix, program.id), program.fresh)
			}
		}
		c.PutJSON(keyOf(functionPrefix, f.name), kept)
	})
	for _, v := range f.all() {
		v.spec.code.fresh = nil
	}
}

func (v *version) kept() keptVersion {
	return keptVersion{
		v.number, v.description, v.architecture, v.modified, v.revision,
		v.spec.role, v.spec.handler, v.spec.timeout, v.spec.memoryMB, v.spec.variables, v.spec.deadLetter, v.spec.code.id,
	}
}

// keepFunctionGone stages that a function is deleted, and its events with it; s.mu is held.
func (s *Service) keepFunctionGone(f *function) {
	s.cfg.Data.Stage(func(c *store.Changes) {
		c.Delete(keyOf(functionPrefix, f.name))
		c.DeletePrefix(keyOf(eventPrefix, f.name, ""))
		c.DeletePrefix(keyOf(payloadPrefix, f.name, ""))
	})
}

// discard gives up the function's own hold of a program; nothing kept may
// refer to it any more. s.mu is held.
func (s *Service) discard(program *code) {
	program.release()
	if !program.held() && program.builtin == "" {
		s.cfg.Data.Stage(func(c *store.Changes) { c.Delete(keyOf(codePrefix, program.id)) })
	}
}

// restore reads what an earlier process left. Functions' processes start when
// they are called; mappings and events go on once Run begins.
func (s *Service) restore() error {
	programs := make(map[string]*code)
	err := store.ScanJSON(s.cfg.Data, []byte(functionPrefix), func(key []byte, k *keptFunction) error {
		return s.restoreFunction(string(bytes.TrimPrefix(key, []byte(functionPrefix))), k, programs)
	})
	if err != nil {
		return err
	}
	var orphans [][]byte // zips whose last holder was a process
	err = s.cfg.Data.ScanPrefix([]byte(codePrefix), func(key, _ []byte) error {
		if programs[string(key[len(codePrefix):])] == nil {
			orphans = append(orphans, bytes.Clone(key))
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.cfg.Data.Stage(func(c *store.Changes) {
		for _, key := range orphans {
			c.Delete(key)
		}
	})
	for _, f := range s.functions {
		if err := s.restoreEvents(f); err != nil {
			return err
		}
	}
	return s.restoreMappings()
}

func (s *Service) restoreFunction(name string, k *keptFunction, programs map[string]*code) error {
	f := newFunction(name, k.ARN, k.Tags, s.cfg.Wall.Now)
	f.publishedLast = k.PublishedLast
	for id, program := range k.Code {
		programs[id] = &code{id: id, builtin: program.Builtin, sha256: program.SHA256, bytes: program.Bytes}
		if program.Builtin == "" {
			programs[id].unpack = func() (string, error) { return s.unpackKept(id) }
		}
	}
	for i, kept := range append([]keptVersion{k.Latest}, k.Versions...) {
		program := programs[kept.Code]
		if program == nil {
			return s.cfg.Data.Damaged(keyOf(functionPrefix, name), fmt.Errorf("version %s has no code", kept.Number))
		}
		program.acquire()
		v := version{kept.Number, kept.Description, kept.Architecture, kept.Modified, kept.Revision, &spec{
			name: name, version: kept.Number, role: kept.Role, handler: kept.Handler, timeout: kept.Timeout,
			memoryMB: kept.MemoryMB, variables: kept.Variables, deadLetter: kept.DeadLetter,
			code: program, logs: f.logs, counters: f.counters,
		}}
		if i == 0 {
			f.version = v
		} else {
			f.versions = append(f.versions, &v)
		}
	}
	if k.Unchanged {
		f.published = f.spec
	}
	for name, a := range k.Aliases {
		f.aliases[name] = &alias{name, a.Version, a.Description, a.Revision, a.Weights}
	}
	for qualifier, c := range k.Configs {
		f.eventConfigs[qualifier] = &eventConfig{c.Retries, c.AgeSeconds, c.OnSuccess, c.OnFailure, c.Modified}
	}
	s.functions[name] = f
	if k.Reserved == nil {
		return nil
	}
	return s.pool.reserve(name, *k.Reserved)
}

// unpackKept unpacks a zip again, when a process is to be started from it.
func (s *Service) unpackKept(id string) (string, error) {
	archive, err := s.cfg.Data.Get(keyOf(codePrefix, id))
	if err != nil {
		return "", err
	}
	if archive == nil {
		return "", s.cfg.Data.Damaged(keyOf(codePrefix, id), errors.New("it is not there"))
	}
	return unpackIn(archive, s.codeDir)
}
