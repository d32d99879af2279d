package kafka

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// rawRecords lets a client parse batch after batch into the same memory, from
// which it makes the records that it hands out.
type rawRecords struct{ pool sync.Pool }

var _ kgo.PoolKRecords = (*rawRecords)(nil)

// GetKRecords implements kgo.PoolKRecords.
func (p *rawRecords) GetKRecords(n int) []kmsg.Record {
	if had, ok := p.pool.Get().(*[]kmsg.Record); ok && cap(*had) >= n {
		return (*had)[:0]
	}
	return make([]kmsg.Record, 0, n)
}

// PutKRecords implements kgo.PoolKRecords.
func (p *rawRecords) PutKRecords(s []kmsg.Record) { p.pool.Put(&s) }
