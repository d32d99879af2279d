package refine

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// sheet is what one batch comes to. Its activities take their memory in pieces:
// they live and die together.
type sheet struct {
	stage *Stage
	all   []*kgo.Record

	records []kgo.Record
	headers []kgo.RecordHeader
	bytes   []byte
}

// The pieces of a sheet.
const (
	sheetRecords = 64
	sheetBytes   = 16 << 10 // for as many records, roughly
	longest      = 1 << 10  // of an activity with key and mark, far above
)

func newSheet(s *Stage, records int) *sheet {
	return &sheet{stage: s, all: make([]*kgo.Record, 0, records)}
}

func (s *sheet) add(r *kgo.Record) { s.all = append(s.all, r) }

// activity adds a refined reading.
func (s *sheet) activity(ctx context.Context, a *event.Activity, mark event.Mark) error {
	if len(s.records) == 0 {
		s.records, s.headers = make([]kgo.Record, sheetRecords), make([]kgo.RecordHeader, sheetRecords)
	}
	if cap(s.bytes)-len(s.bytes) < longest {
		s.bytes = make([]byte, 0, sheetBytes)
	}
	begin := len(s.bytes)
	told := mark.Append(s.bytes)
	key := append(told, a.Zone...)
	all, err := s.stage.activity.Append(ctx, key, a)
	if err != nil {
		return err
	}
	r := &s.records[0]
	s.headers[0] = kgo.RecordHeader{Key: event.MarkHeader, Value: told[begin:len(told):len(told)]}
	r.Topic, r.Headers = s.stage.cfg.Output, s.headers[:1:1]
	r.Key, r.Value = all[len(told):len(key):len(key)], all[len(key):len(all):len(all)]
	s.records, s.headers, s.bytes = s.records[1:], s.headers[1:], all
	s.add(r)
	return nil
}

func header(m event.Mark) []kgo.RecordHeader {
	return []kgo.RecordHeader{{Key: event.MarkHeader, Value: m.Append(nil)}}
}
