package kinesis

import (
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// StreamRef names a stream by name, by ARN or by both, which must agree.
type StreamRef struct {
	StreamName *string
	StreamARN  *string
	StreamID   *string `json:"StreamId"` // accepted and checked; AWS reserves it for future use
}

func (r StreamRef) ref() StreamRef { return r }

const streamARNPattern = `arn:aws.*:kinesis:.*:\d{12}:stream/\S+`

// check adds the violations; with neither name nor ARN the name is missing.
func (r StreamRef) check(v *wire.Violations) {
	if r.StreamName == nil && r.StreamARN == nil {
		v.Null("streamName")
	}
	r.checkGiven(v)
}

func (r StreamRef) checkGiven(v *wire.Violations) {
	checkName(v, "streamName", r.StreamName)
	if r.StreamARN != nil {
		_, ok := parseStreamARN(*r.StreamARN)
		checkPattern(v, "streamARN", *r.StreamARN, streamARNPattern, ok)
		checkLength(v, "streamARN", *r.StreamARN, 1, 2048)
	}
	if r.StreamID != nil {
		checkPattern(v, "streamId", *r.StreamID, "[a-z0-9]{20}-[a-z0-9]{3}", isStreamID(*r.StreamID))
	}
}

func isStreamID(text string) bool {
	return len(text) == 24 && text[20] == '-' && strings.ToLower(text) == text &&
		isName(text) && !strings.ContainsAny(text[:20]+text[21:], "_.-")
}

// arnParts are the parts of a stream or consumer ARN that can vary.
type arnParts struct{ region, account, resource string }

func parseStreamARN(arn string) (arnParts, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || !strings.HasPrefix(parts[1], "aws") ||
		parts[2] != "kinesis" || len(parts[4]) != 12 || !onlyDigits(parts[4]) {
		return arnParts{}, false
	}
	resource, ok := strings.CutPrefix(parts[5], "stream/")
	if !ok || resource == "" || strings.ContainsAny(resource, " \t\r\n\f\v") {
		return arnParts{}, false
	}
	return arnParts{region: parts[3], account: parts[4], resource: resource}, true
}

// refARN is the ARN to authorise; it needs no stream to exist.
func (s *Service) refARN(r StreamRef) string {
	if r.StreamARN != nil {
		return *r.StreamARN
	}
	return s.streamARN(deref(r.StreamName))
}

// stream finds a stream and completes its transition if that is due.
func (s *Service) stream(r StreamRef) (*stream, error) {
	if r.StreamARN == nil {
		return s.streamNamed(deref(r.StreamName))
	}
	arn, ok := parseStreamARN(*r.StreamARN)
	if !ok {
		return nil, wire.Errorf(codeInvalidArgument, "StreamARN %s is not a stream's ARN.", *r.StreamARN)
	}
	if r.StreamName != nil && *r.StreamName != arn.resource {
		return nil, wire.Errorf(codeInvalidArgument, "StreamName %s does not match StreamARN %s.", *r.StreamName, *r.StreamARN)
	}
	// The whole ARN must be the stream's own: it is what was authorised, and a
	// Deny on the real one must not be escaped by another partition's spelling.
	if *r.StreamARN != s.streamARN(arn.resource) {
		return nil, errStreamNotFound(arn.resource, arn.account)
	}
	return s.streamNamed(arn.resource)
}

func (s *Service) streamNamed(name string) (*stream, error) {
	s.mu.RLock()
	st := s.streams[name]
	s.mu.RUnlock()
	if st == nil || s.settle(st, s.now()) {
		return nil, errStreamNotFound(name, s.cfg.Account)
	}
	return st, nil
}
