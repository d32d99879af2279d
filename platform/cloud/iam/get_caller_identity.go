package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type getCallerIdentityInput struct{}

type getCallerIdentityOutput struct {
	UserID  string `json:"UserId"`
	Account string `json:"Account"`
	ARN     string `json:"Arn"`
}

// getCallerIdentity answers who signed the call. It needs no permission, and
// no policy can deny it, as on AWS.
func (s *Service) getCallerIdentity() wire.Operation {
	return wire.Op("GetCallerIdentity", nil,
		func(_ context.Context, call *wire.Call, _ *getCallerIdentityInput) (*getCallerIdentityOutput, error) {
			return &getCallerIdentityOutput{call.Principal.UserID, call.Principal.AccountID, call.Principal.ARN}, nil
		})
}
