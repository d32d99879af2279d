package iam

import "github.com/weirstream/weir/platform/cloud/wire"

func (s *Service) iamOperations() []wire.Operation { return nil }
