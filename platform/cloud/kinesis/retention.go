package kinesis

import (
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// RetentionInput is what IncreaseStreamRetentionPeriod and
// DecreaseStreamRetentionPeriod take.
type RetentionInput struct {
	StreamRef
	RetentionPeriodHours *int
}

// Validate reports every violated constraint.
func (in *RetentionInput) Validate() error {
	var v wire.Violations
	required(&v, "retentionPeriodHours", in.RetentionPeriodHours)
	in.check(&v)
	return v.Err()
}

func (s *Service) setRetention(in *RetentionInput, check func(*stream, time.Duration) error) error {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return err
	}
	// Compared as a number of hours: as a Duration an absurd one would overflow.
	switch n := *in.RetentionPeriodHours; {
	case n < hours(retentionDefault):
		return wire.Errorf(codeInvalidArgument, "Minimum allowed retention period is %d hours. Requested retention period (%d hours) is too short.",
			hours(retentionDefault), n)
	case n > hours(retentionMax):
		return wire.Errorf(codeInvalidArgument, "Maximum allowed retention period is %d hours. Requested retention period (%d hours) is too long.",
			hours(retentionMax), n)
	}
	wanted := time.Duration(*in.RetentionPeriodHours) * time.Hour
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.status != statusActive {
		return s.errNotActive(st)
	}
	if err := check(st, wanted); err != nil {
		return err
	}
	s.update(st, s.now(), st.with(func(next *settings) { next.Retention = wanted }))
	return nil
}
