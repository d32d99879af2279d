package ledger

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Check tells whether Restore can take s over: a snapshot comes from a file,
// and what no ledger could have written must not be graded, or panic.
func (s Snapshot) Check() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for name, p := range s.Points {
		if err := p.check(); err != nil {
			bad("point %s: %w", name, err)
		}
	}
	if len(s.Texts) > maxTexts+1 {
		bad("%d outcomes: there can be %d", len(s.Texts), maxTexts+1)
	}
	for device, outcomes := range s.Outcomes {
		for seq, index := range outcomes {
			if int(index) > len(s.Texts) {
				bad("event %d of device %d has outcome %d of %d", seq, device, index, len(s.Texts))
				break
			}
		}
	}
	if s.Conflicts < 0 {
		bad("%d conflicts", s.Conflicts)
	}
	for name, h := range s.Latencies {
		if err := checkHistogram(h); err != nil {
			bad("latency %s: %w", name, err)
		}
	}
	return errors.Join(problems...)
}

func (p PointSnapshot) check() error {
	marked := 0
	for _, words := range p.Devices {
		for _, word := range words {
			marked += bits.OnesCount64(word)
		}
	}
	if marked != p.Count {
		return fmt.Errorf("%d events are marked and %d counted", marked, p.Count)
	}
	if p.Duplicates < 0 || p.OutOfOrder < 0 || p.Unknown < 0 {
		return errors.New("a count is negative")
	}
	return nil
}

func checkHistogram(s *hdrhistogram.Snapshot) error {
	own := newHistogram()
	if s == nil || s.LowestTrackableValue != own.LowestTrackableValue() ||
		s.HighestTrackableValue != own.HighestTrackableValue() || s.SignificantFigures != own.SignificantFigures() {
		return errors.New("its resolution is another")
	}
	total := int64(0)
	for _, n := range s.Counts {
		if n < 0 || total+n < total {
			return errors.New("its counts are impossible")
		}
		total += n
	}
	return nil
}
