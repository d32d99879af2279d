package iam

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listAccessKeysInput struct {
	pageInput
	UserName string `json:"UserName"`
}

// Validate checks the page and a name, if one is given.
func (in *listAccessKeysInput) Validate() error {
	var c checks
	in.check(&c)
	c.name("userName", in.UserName, 64)
	return c.err()
}

type listAccessKeysOutput struct {
	AccessKeyMetadata []keyView `json:"AccessKeyMetadata"`
	pageOutput
}

type keyView struct {
	UserName    string    `json:"UserName,omitempty"`
	AccessKeyID string    `json:"AccessKeyId"`
	Status      string    `json:"Status"`
	CreateDate  time.Time `json:"CreateDate"`
}

// listAccessKeys lists a user's keys without their secrets, by default the caller's.
func (s *Service) listAccessKeys() wire.Operation {
	return wire.Op("ListAccessKeys",
		func(call *wire.Call, in *listAccessKeysInput) []wire.Access {
			return s.onUser("iam:ListAccessKeys", call, in.UserName)
		},
		func(_ context.Context, call *wire.Call, in *listAccessKeysInput) (*listAccessKeysOutput, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			u, err := s.userOrSelf(call, in.UserName)
			if err != nil {
				return nil, err
			}
			views := []keyView{}
			for _, key := range s.accessKeys {
				if key.owner == u {
					views = append(views, keyView{key.ownerName(), key.id, key.status(), key.created})
				}
			}
			views, page, err := paginate(&in.pageInput, views, func(v keyView) string { return v.AccessKeyID })
			return &listAccessKeysOutput{views, page}, err
		})
}

func (k *accessKey) ownerName() string {
	if k.owner == nil {
		return ""
	}
	return k.owner.name
}
