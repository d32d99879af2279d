package lambda

// PublishVersion makes an immutable copy of $LATEST's code and configuration
// under the next number, or returns the last one if nothing changed since.
// PublishTo is refused.

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type publishVersionInput struct {
	name        target
	CodeSha256  string
	Description *string
	RevisionId  string //nolint:revive // the API's spelling
	PublishTo   json.RawMessage
}

func (in *publishVersionInput) bind(vars map[string]string, query url.Values) error {
	return in.name.bind(vars, query)
}

// Validate checks the API model's constraints.
func (in *publishVersionInput) Validate() error {
	var v wire.Violations
	in.name.check(&v)
	if in.Description != nil && len(*in.Description) > 256 {
		v.Add("description", *in.Description, "Member must have length less than or equal to 256")
	}
	return v.Err()
}

func (s *Service) publishVersion() wire.Operation {
	return route("PublishVersion", http.MethodPost, "/2015-03-31/functions/{FunctionName}/versions",
		access("PublishVersion", func(in *publishVersionInput) *target { return &in.name }),
		func(_ context.Context, _ *wire.Call, in *publishVersionInput) (createdFunction, error) {
			if err := refuseGiven([]gap{{"PublishTo", in.PublishTo}}); err != nil {
				return createdFunction{}, err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.name)
			if err != nil {
				return createdFunction{}, err
			}
			if sum := f.spec.code.sha256; cmp.Or(in.CodeSha256, sum) != sum {
				return createdFunction{}, invalidParameter("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.", in.CodeSha256, sum)
			}
			if err := atRevision(f.revision, in.RevisionId); err != nil {
				return createdFunction{}, err
			}
			v := s.publish(f, in.Description)
			s.keepFunction(f)
			return createdFunction{v.configuration(f.arn + ":" + v.number)}, nil
		})
}

// publish gives $LATEST a number, unless it has one; s.mu is held.
func (s *Service) publish(f *function, description *string) *version {
	if n := len(f.versions); n > 0 && f.published == f.spec && f.versions[n-1].number == strconv.Itoa(f.publishedLast) {
		return f.versions[n-1]
	}
	f.publishedLast++
	v := f.version
	v.number, v.revision, v.modified = strconv.Itoa(f.publishedLast), uuid.NewString(), s.cfg.Wall.Now()
	set(&v.description, description)
	v.spec = (&settings{}).apply(f.spec)
	v.spec.version = v.number
	v.spec.code.acquire()
	f.versions = append(f.versions, &v)
	f.published = f.spec
	return &v
}
