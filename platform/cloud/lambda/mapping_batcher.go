package lambda

import "time"

// batcher makes a lane's batches: one is full when it holds BatchSize records,
// or when the next record would take the event over 6 MB or belongs to another
// tumbling window.
type batcher struct {
	settings   mappingSettings
	fixedBytes int // of one record in an event, besides data, key and numbers

	pending []Record
	bytes   int       // of pending in an event
	opened  time.Time // simulated: when the batching window of pending began
}

func (b *batcher) add(r Record, now time.Time) {
	if len(b.pending) == 0 {
		b.opened = now
	}
	b.pending = append(b.pending, r)
	b.bytes += b.size(&r)
}

func (b *batcher) size(r *Record) int { return b.fixedBytes + recordBytes(r) }

// cut is how many pending records the next batch holds, and whether it cannot
// hold more. besides is what the event holds besides records; inside tells what
// belongs to the batch's window. A single record over the payload limit is a
// batch of its own.
func (b *batcher) cut(besides int, inside func(*Record) bool) (n int, full bool) {
	size := len(`{"Records":[]}`) + besides
	for i := range b.pending {
		size += b.size(&b.pending[i])
		if i > 0 && (size > maxPayloadBytes || !inside(&b.pending[i])) {
			return i, true
		}
		if i+1 == b.settings.batchRecords {
			return i + 1, true
		}
	}
	return len(b.pending), false
}

// take removes the first n records; the batching window of the rest begins.
func (b *batcher) take(n int, now time.Time) []Record {
	batch := b.pending[:n:n]
	b.pending, b.opened = b.pending[n:], now
	for i := range batch {
		b.bytes -= b.size(&batch[i])
	}
	return batch
}

// closes is when the batching window of pending ends.
func (b *batcher) closes() time.Time {
	return b.opened.Add(time.Duration(b.settings.windowSeconds) * time.Second)
}
