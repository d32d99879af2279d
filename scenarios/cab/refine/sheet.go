package refine

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/scenarios/cab/event"
	"github.com/weirstream/weir/scenarios/cab/slab"
)

// sheet is what one batch comes to.
type sheet struct {
	stage *Stage
	all   []*kgo.Record
	slab  slab.Slab // of its activities
}

func newSheet(s *Stage, records int) *sheet {
	return &sheet{stage: s, all: make([]*kgo.Record, 0, records)}
}

func (s *sheet) add(r *kgo.Record) { s.all = append(s.all, r) }

// activity adds a refined reading.
func (s *sheet) activity(ctx context.Context, a *event.Activity, mark event.Mark) error {
	told := mark.Append(s.slab.Room())
	key := append(told, a.Zone...)
	all, err := s.stage.activity.Append(ctx, key, a)
	if err != nil {
		return err
	}
	r := s.slab.Record(all, len(told), len(key))
	r.Topic, r.Headers = s.stage.cfg.Output, s.slab.Header(event.MarkHeader, told)
	s.add(r)
	return nil
}

func header(m event.Mark) []kgo.RecordHeader {
	return []kgo.RecordHeader{{Key: event.MarkHeader, Value: m.Append(nil)}}
}
