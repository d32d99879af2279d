package lambda

import (
	"time"

	"github.com/google/uuid"
)

// function is one function; its fields but the specs' contents are guarded by Service.mu.
type function struct {
	name, arn string
	tags      map[string]string
	version   // $LATEST

	versions      []*version // published, by number
	publishedLast int        // the highest number ever given
	published     *spec      // what $LATEST was when it was last published
	aliases       map[string]*alias

	eventConfigs map[string]*eventConfig // of asynchronous invocation, by qualifier
	events       *asyncQueue             // nil before the first

	logs     *logRing
	counters *counters
}

func newFunction(name, arn string, tags map[string]string, now func() time.Time) *function {
	return &function{
		name: name, arn: arn, tags: tags, aliases: map[string]*alias{}, eventConfigs: map[string]*eventConfig{},
		logs: &logRing{}, counters: &counters{now: now},
	}
}

// version is one version of a function. A published one never changes.
type version struct {
	number       string // $LATEST, 1, 2 …
	description  string
	architecture string
	modified     time.Time
	revision     string
	spec         *spec
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
	DeadLetterConfig *deadLetterConfig `json:",omitempty"`
	PackageType      string
	Architectures    []string
	EphemeralStorage ephemeralStorage
}

type (
	environmentVariables struct{ Variables map[string]string }
	tracingConfig        struct{ Mode string }
	ephemeralStorage     struct{ Size int }
)

// configuration renders v in its settled state under the ARN that it was asked
// for by; s.mu is held.
func (v *version) configuration(arn string) FunctionConfiguration {
	c := FunctionConfiguration{
		FunctionName: v.spec.name, FunctionArn: arn, Runtime: runtimeName, Role: v.spec.role,
		Handler: v.spec.handler, CodeSize: v.spec.code.bytes, Description: v.description,
		Timeout: int(v.spec.timeout / time.Second), MemorySize: v.spec.memoryMB,
		LastModified: v.modified.UTC().Format("2006-01-02T15:04:05.000+0000"),
		CodeSha256:   v.spec.code.sha256, Version: v.number,
		TracingConfig: tracingConfig{"PassThrough"}, RevisionId: v.revision,
		State: "Active", LastUpdateStatus: "Successful", PackageType: "Zip",
		Architectures: []string{v.architecture}, EphemeralStorage: ephemeralStorage{512},
	}
	if len(v.spec.variables) > 0 {
		c.Environment = &environmentVariables{v.spec.variables}
	}
	if v.spec.deadLetter != "" {
		c.DeadLetterConfig = &deadLetterConfig{v.spec.deadLetter}
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
