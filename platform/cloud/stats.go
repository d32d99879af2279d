package cloud

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// OperationStats counts the calls of one operation since the cloud began.
// Calls of unknown operations are not counted.
type OperationStats struct {
	Service, Operation string
	Calls              uint64        // ended calls, failed and dropped ones included
	ClientErrors       uint64        // refused with a 4xx
	ServerErrors       uint64        // failed with a 5xx
	Dropped            uint64        // replies dropped by a hook
	Busy               time.Duration // handling time in all, long polls and streams included
	Slowest            time.Duration
}

type opCounters struct {
	calls, clientErrors, serverErrors, dropped atomic.Uint64
	busyNanos, slowestNanos                    atomic.Int64
}

// stats is fixed after newStats, so lookups need no lock.
type stats map[*wire.Operation]*opCounters

func newStats(services []wire.Service) stats {
	s := make(stats)
	for i := range services {
		for j := range services[i].Operations {
			s[&services[i].Operations[j]] = &opCounters{}
		}
	}
	return s
}

func (s stats) record(op *wire.Operation, status int, took time.Duration) {
	c := s[op]
	if c == nil {
		return
	}
	c.calls.Add(1)
	switch {
	case status == statusDropped:
		c.dropped.Add(1)
	case status >= 500:
		c.serverErrors.Add(1)
	case status >= 400:
		c.clientErrors.Add(1)
	}
	c.busyNanos.Add(int64(took))
	for {
		slowest := c.slowestNanos.Load()
		if int64(took) <= slowest || c.slowestNanos.CompareAndSwap(slowest, int64(took)) {
			return
		}
	}
}

// Stats are the counts of every operation that was called, by service and name.
func (c *Cloud) Stats() []OperationStats {
	var out []OperationStats
	for i := range c.services {
		for j := range c.services[i].Operations {
			op := &c.services[i].Operations[j]
			n := c.stats[op]
			if n.calls.Load() == 0 {
				continue
			}
			out = append(out, OperationStats{
				Service: c.services[i].SigningName, Operation: op.Name,
				Calls: n.calls.Load(), ClientErrors: n.clientErrors.Load(),
				ServerErrors: n.serverErrors.Load(), Dropped: n.dropped.Load(),
				Busy: time.Duration(n.busyNanos.Load()), Slowest: time.Duration(n.slowestNanos.Load()),
			})
		}
	}
	slices.SortFunc(out, func(a, b OperationStats) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operation, b.Operation))
	})
	return out
}
