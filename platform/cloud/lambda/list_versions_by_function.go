package lambda

// ListVersionsByFunction lists $LATEST and the published versions by number,
// 50 at a time.

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listVersionsInput struct {
	page
	function target
}

func (in *listVersionsInput) bind(vars map[string]string, query url.Values) error {
	if err := in.function.bind(vars, query); err != nil {
		return err
	}
	return in.page.bind(vars, query)
}

// Validate checks the name against the API model.
func (in *listVersionsInput) Validate() error { return in.function.Validate() }

type listVersionsOutput struct {
	Versions   []FunctionConfiguration
	NextMarker string `json:",omitempty"`
}

func (s *Service) listVersionsByFunction() wire.Operation {
	return route("ListVersionsByFunction", http.MethodGet, "/2015-03-31/functions/{FunctionName}/versions",
		access("ListVersionsByFunction", func(in *listVersionsInput) *target { return &in.function }),
		func(_ context.Context, _ *wire.Call, in *listVersionsInput) (listVersionsOutput, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.function)
			if err != nil {
				return listVersionsOutput{}, err
			}
			out := listVersionsOutput{Versions: []FunctionConfiguration{}}
			var keys []string
			byKey := map[string]*version{}
			for _, v := range f.all() {
				keys = append(keys, v.key())
				byKey[v.key()] = v
			}
			keys, out.NextMarker = in.take(keys, 50)
			for _, key := range keys {
				out.Versions = append(out.Versions, byKey[key].configuration(f.arn+":"+byKey[key].number))
			}
			return out, nil
		})
}

// all is $LATEST and every published version, by number; s.mu is held.
func (f *function) all() []*version {
	return append([]*version{&f.version}, f.versions...)
}

// key sorts versions by number, $LATEST first.
func (v *version) key() string {
	n, _ := strconv.Atoi(v.number) // 0 for $LATEST
	return strconv.Itoa(1e9 + n)
}
