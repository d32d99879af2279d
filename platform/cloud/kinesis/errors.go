package kinesis

import (
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// The service's error codes.
const (
	codeNotFound        = "ResourceNotFoundException"
	codeInUse           = "ResourceInUseException"
	codeLimit           = "LimitExceededException"
	codeInvalidArgument = "InvalidArgumentException"
	codeThroughput      = "ProvisionedThroughputExceededException"
	codeExpiredIterator = "ExpiredIteratorException"
	codeExpiredToken    = "ExpiredNextTokenException"
	codeValidation      = "ValidationException"
)

func errStreamNotFound(name, account string) *wire.Error {
	return wire.Errorf(codeNotFound, "Stream %s under account %s not found.", name, account)
}

func (s *Service) errNoShard(shard, stream string) *wire.Error {
	return wire.Errorf(codeNotFound, "Shard %s in stream %s under account %s does not exist", shard, stream, s.cfg.Account)
}

func (s *Service) errNotActive(st *stream) *wire.Error {
	return wire.Errorf(codeInUse, "Stream %s under account %s not ACTIVE, instead in state %s", st.name, s.cfg.Account, st.status)
}

func (s *Service) errShardRate(shard, stream string) *wire.Error {
	return wire.Errorf(codeThroughput, "Rate exceeded for shard %s in stream %s under account %s.", shard, stream, s.cfg.Account)
}

func (s *Service) errCallRate(operation string) *wire.Error {
	return wire.Errorf(codeLimit, "Rate exceeded for operation %s under account %s.", operation, s.cfg.Account)
}

func errIterator() *wire.Error { return wire.Errorf(codeInvalidArgument, "Invalid ShardIterator.") }

func errIteratorExpired(issued, now time.Time) *wire.Error {
	const layout = "Mon Jan 02 15:04:05 MST 2006"
	return wire.Errorf(codeExpiredIterator,
		"Iterator expired. The iterator was created at time %s while right now it is %s which is further in the future than the tolerated delay of %d milliseconds.",
		issued.UTC().Format(layout), now.UTC().Format(layout), tokenTTL.Milliseconds())
}

func errNextToken() *wire.Error { return wire.Errorf(codeInvalidArgument, "Invalid NextToken.") }

func errNextTokenExpired() *wire.Error {
	return wire.Errorf(codeExpiredToken, "NextToken has expired; it is valid for %d seconds.", int(tokenTTL.Seconds()))
}

// errDryRun reports a DryRun call that would have succeeded.
func errDryRun() *wire.Error {
	return wire.Errorf("DryRunOperationException", "Request would have succeeded, but the DryRun parameter was specified.")
}

func isTrue(flag *bool) bool { return flag != nil && *flag }

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
