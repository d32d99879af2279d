package iam

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const maxKeysPerUser = 2 // AWS's quota AccessKeysPerUser

type createAccessKeyOutput struct {
	AccessKey newKeyView `json:"AccessKey"`
}

type newKeyView struct {
	UserName        string    `json:"UserName"`
	AccessKeyID     string    `json:"AccessKeyId"`
	Status          string    `json:"Status"`
	SecretAccessKey string    `json:"SecretAccessKey"`
	CreateDate      time.Time `json:"CreateDate"`
}

// createAccessKey makes a long-term key; its secret is shown this once. The
// root's key is set where the cloud starts, so the root gets no second one.
// Limit: two keys a user.
func (s *Service) createAccessKey() wire.Operation {
	return wire.Op("CreateAccessKey",
		func(call *wire.Call, in *optionalUserInput) []wire.Access {
			return s.onUser("iam:CreateAccessKey", call, in.UserName)
		},
		func(_ context.Context, call *wire.Call, in *optionalUserInput) (*createAccessKeyOutput, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			u, err := s.userOrSelf(call, in.UserName)
			switch {
			case err != nil:
				return nil, err
			case u == nil:
				return nil, wire.NotImplemented("further access keys of the root")
			case len(u.keys) >= maxKeysPerUser:
				return nil, limitExceeded("Cannot exceed quota for AccessKeysPerUser: %d", maxKeysPerUser)
			}
			key := &accessKey{id: uniqueID("AKIA", 20), secret: newSecret(), active: true, created: s.now(), owner: u}
			u.keys = append(u.keys, key)
			s.accessKeys[key.id] = key
			s.keepKey(key)
			return &createAccessKeyOutput{newKeyView{u.name, key.id, key.status(), key.secret, key.created}}, nil
		})
}

func (k *accessKey) status() string {
	if k.active {
		return "Active"
	}
	return "Inactive"
}
