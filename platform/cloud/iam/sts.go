package iam

import "github.com/weirstream/weir/platform/cloud/wire"

func (s *Service) stsOperations() []wire.Operation {
	return []wire.Operation{
		s.getCallerIdentity(),
		s.assumeRole(),
	}
}
