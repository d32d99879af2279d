// Package slab gives the records of one batch their memory in pieces, a few for a
// hundred records. They live and die together: one that is kept keeps the pieces.
package slab

import "github.com/twmb/franz-go/pkg/kgo"

const (
	pieceRecords = 64
	pieceBytes   = 16 << 10 // for as many records, roughly
	roomMin      = 1 << 10  // a checked reading or an activity with key and mark is far below
)

// Slab is ready to use as its zero value, for one goroutine.
type Slab struct {
	records []kgo.Record
	headers []kgo.RecordHeader
	room    []byte // empty; its capacity is what is free
}

// Room is empty, for the bytes of one record to be appended to: what belongs into
// its headers, the key, and the value. Where they do not fit, append finds them
// memory of their own.
func (s *Slab) Room() []byte {
	if cap(s.room) < roomMin {
		s.room = make([]byte, 0, pieceBytes)
	}
	return s.room
}

// Record is a new one, of what was appended to Room: the key from the one offset to
// the other, and behind it the value.
func (s *Slab) Record(appended []byte, keyBegin, keyEnd int) *kgo.Record {
	if len(s.records) == 0 {
		s.records = make([]kgo.Record, pieceRecords)
	}
	r, end := &s.records[0], len(appended)
	r.Key, r.Value = appended[keyBegin:keyEnd:keyEnd], appended[keyEnd:end:end]
	s.records, s.room = s.records[1:], appended[end:]
	return r
}

// Header is a record's only one.
func (s *Slab) Header(key string, value []byte) []kgo.RecordHeader {
	if len(s.headers) == 0 {
		s.headers = make([]kgo.RecordHeader, pieceRecords)
	}
	header := s.headers[:1:1]
	header[0] = kgo.RecordHeader{Key: key, Value: value[:len(value):len(value)]}
	s.headers = s.headers[1:]
	return header
}
