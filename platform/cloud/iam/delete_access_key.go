package iam

import (
	"context"
	"slices"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type deleteAccessKeyInput struct {
	UserName    string `json:"UserName"`
	AccessKeyID string `json:"AccessKeyId"`
}

// Validate checks the names.
func (in *deleteAccessKeyInput) Validate() error {
	var c checks
	c.name("userName", in.UserName, 64)
	c.keyID(in.AccessKeyID)
	return c.err()
}

// deleteAccessKey removes a user's key. The root's cannot be deleted.
func (s *Service) deleteAccessKey() wire.Operation {
	return wire.Op("DeleteAccessKey",
		func(call *wire.Call, in *deleteAccessKeyInput) []wire.Access {
			return s.onUser("iam:DeleteAccessKey", call, in.UserName)
		},
		func(_ context.Context, call *wire.Call, in *deleteAccessKeyInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			key, err := s.lookUpKey(call, in.UserName, in.AccessKeyID)
			if err != nil {
				return empty{}, err
			}
			delete(s.accessKeys, key.id)
			key.owner.keys = slices.DeleteFunc(key.owner.keys, func(k *accessKey) bool { return k == key })
			s.keepKeyGone(key)
			return empty{}, nil
		})
}
