package lambda

import (
	"time"

	"github.com/google/uuid"
)

// function is one function; its fields but spec's contents are guarded by Service.mu.
type function struct {
	name, arn    string
	description  string
	architecture string
	tags         map[string]string
	modified     time.Time
	revision     string
	spec         *spec
	logs         *logRing
	counters     *counters
}

// FunctionConfiguration is a function as the API shows it.
type FunctionConfiguration struct {
	FunctionName     string
	FunctionArn      string
	Runtime          string
	Role             string
	Handler          string
	CodeSize         int64
	Description      string
	Timeout          int
	MemorySize       int
	LastModified     string
	CodeSha256       string
	Version          string
	Environment      *environmentVariables `json:",omitempty"`
	TracingConfig    tracingConfig
	RevisionId       string //nolint:revive // the API's spelling
	State            string
	StateReason      string `json:",omitempty"`
	StateReasonCode  string `json:",omitempty"`
	LastUpdateStatus string
	PackageType      string
	Architectures    []string
	EphemeralStorage ephemeralStorage
}

type (
	environmentVariables struct{ Variables map[string]string }
	tracingConfig        struct{ Mode string }
	ephemeralStorage     struct{ Size int }
)

// configuration renders f in its settled state; s.mu is held.
func (f *function) configuration() FunctionConfiguration {
	c := FunctionConfiguration{
		FunctionName: f.name, FunctionArn: f.arn, Runtime: runtimeName, Role: f.spec.role,
		Handler: f.spec.handler, CodeSize: f.spec.code.bytes, Description: f.description,
		Timeout: int(f.spec.timeout / time.Second), MemorySize: f.spec.memoryMB,
		LastModified: f.modified.UTC().Format("2006-01-02T15:04:05.000+0000"),
		CodeSha256:   f.spec.code.sha256, Version: latestVersion,
		TracingConfig: tracingConfig{"PassThrough"}, RevisionId: f.revision,
		State: "Active", LastUpdateStatus: "Successful", PackageType: "Zip",
		Architectures: []string{f.architecture}, EphemeralStorage: ephemeralStorage{512},
	}
	if len(f.spec.variables) > 0 {
		c.Environment = &environmentVariables{f.spec.variables}
	}
	return c
}

// revise replaces f's spec and retires the environments of the old one; s.mu is held.
func (s *Service) revise(f *function, next *spec) {
	old := f.spec
	f.spec = next
	f.modified, f.revision = s.cfg.Wall.Now(), uuid.NewString()
	s.pool.retire(old)
}

// function finds a function by its bare name.
func (s *Service) function(name string) (*function, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.functions[name]
	return f, ok
}

// lookup finds the function a call names; s.mu is held. Only $LATEST exists.
func (s *Service) lookup(t *target) (*function, error) {
	name := t.name()
	arn := functionARN(s.cfg.Region, s.cfg.Account, name)
	f, ok := s.functions[name]
	if q := t.qualifier(); q != "" && q != latestVersion {
		ok, arn = false, arn+":"+q
	}
	if !ok {
		return nil, notFound("Function not found: %s", arn)
	}
	return f, nil
}

// LogTail returns a function's most recent log lines, oldest first (at most
// 256 KB); nil if there is no such function.
func (s *Service) LogTail(function string) []string {
	f, ok := s.function(function)
	if !ok {
		return nil
	}
	return f.logs.snapshot()
}
