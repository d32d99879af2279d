package scenario

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// recordPool lets an audit read batch after batch into the same memory: it looks
// at each record once and keeps none.
type recordPool struct{ records, bytes sync.Pool }

var (
	_ kgo.PoolRecords         = (*recordPool)(nil)
	_ kgo.PoolDecompressBytes = (*recordPool)(nil)
)

// GetRecords implements kgo.PoolRecords.
func (p *recordPool) GetRecords(n int) []kgo.Record { return room[kgo.Record](&p.records, n) }

// PutRecords implements kgo.PoolRecords.
func (p *recordPool) PutRecords(s []kgo.Record) { p.records.Put(&s) }

// GetDecompressBytes implements kgo.PoolDecompressBytes.
func (p *recordPool) GetDecompressBytes(compressed []byte, _ kgo.CompressionCodecType) []byte {
	const ratio = 4
	return room[byte](&p.bytes, ratio*len(compressed))
}

// PutDecompressBytes implements kgo.PoolDecompressBytes.
func (p *recordPool) PutDecompressBytes(s []byte) { p.bytes.Put(&s) }

func room[T any](p *sync.Pool, n int) []T {
	if had, ok := p.Get().(*[]T); ok && cap(*had) >= n {
		return (*had)[:0]
	}
	return make([]T, 0, n)
}
