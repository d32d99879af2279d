package lambda

import "github.com/weirstream/weir/platform/cloud/wire"

type mapping struct{}

func (s *Service) createEventSourceMapping() wire.Operation { return wire.Operation{} }
func (s *Service) getEventSourceMapping() wire.Operation    { return wire.Operation{} }
func (s *Service) listEventSourceMappings() wire.Operation  { return wire.Operation{} }
func (s *Service) updateEventSourceMapping() wire.Operation { return wire.Operation{} }
func (s *Service) deleteEventSourceMapping() wire.Operation { return wire.Operation{} }
