package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type updateAccessKeyInput struct {
	UserName    string `json:"UserName"`
	AccessKeyID string `json:"AccessKeyId"`
	Status      string `json:"Status"`
}

// Validate checks names and the status.
func (in *updateAccessKeyInput) Validate() error {
	var c checks
	c.name("userName", in.UserName, 64)
	c.keyID(in.AccessKeyID)
	switch in.Status {
	case "Active", "Inactive":
	case "":
		c.Null("status")
	default:
		c.Add("status", clip(in.Status), "Member must satisfy enum value set: [Active, Inactive]")
	}
	return c.err()
}

func (c *checks) keyID(id string) {
	switch {
	case id == "":
		c.Null("accessKeyId")
	case len(id) < 16 || len(id) > 128:
		c.Add("accessKeyId", clip(id), "Member must have length between 16 and 128")
	}
}

// updateAccessKey switches a key off or on, from the next call.
func (s *Service) updateAccessKey() wire.Operation {
	return wire.Op("UpdateAccessKey",
		func(call *wire.Call, in *updateAccessKeyInput) []wire.Access {
			return s.onUser("iam:UpdateAccessKey", call, in.UserName)
		},
		func(_ context.Context, call *wire.Call, in *updateAccessKeyInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			key, err := s.lookUpKey(call, in.UserName, in.AccessKeyID)
			if err != nil {
				return empty{}, err
			}
			key.active = in.Status == "Active"
			s.keepKey(key)
			return empty{}, nil
		})
}

// lookUpKey finds a user's key. The root's is not to be found: it can be
// neither switched off nor deleted. Callers hold s.mu.
func (s *Service) lookUpKey(call *wire.Call, userName, keyID string) (*accessKey, error) {
	u, err := s.userOrSelf(call, userName)
	if err != nil {
		return nil, err
	}
	key := s.accessKeys[keyID]
	if key == nil || key.owner == nil || key.owner != u {
		return nil, noSuchEntity("Access Key with id", keyID)
	}
	return key, nil
}
