package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// HeaderReplayOf is on a record that was replayed: the dead letter that it was,
// as TOPIC/PARTITION/OFFSET.
const HeaderReplayOf = "dlq-replay-of"

// ReplaySelection says which dead letters to put back.
type ReplaySelection struct {
	Which func(DeadLetter) bool // nil means all
	Again bool                  // also those that were replayed before
	Max   int                   // of them, the first ones; 0 means all
}

// ReplayPlan is what a replay is going to do.
type ReplayPlan struct {
	Topic    string         // of the dead letters
	Letters  int            // to be put back
	To       map[string]int // of these, by the topic that they came from
	Replayed int            // selected, and left out because they were put back before
	Left     map[string]int // selected, and left out for the reason given

	cluster  Cluster
	again    bool
	replayed Replayed // before
	origins  origins
	parts    []replayPart
}

// replayPart is the plan for one partition.
type replayPart struct {
	extent  Extent
	letters []int64 // all offsets there, in order
	chosen  []int64 // of these
}

// PlanReplay reads the letters of a topic, up to what is committed now, and
// changes nothing.
func PlanReplay(ctx context.Context, cluster Cluster, topic string, s ReplaySelection) (*ReplayPlan, error) {
	client, err := cluster.client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	p := &ReplayPlan{
		Topic: deadLettersOf(topic), To: map[string]int{}, Left: map[string]int{},
		cluster: cluster, again: s.Again, origins: origins{client, map[string]origin{}},
	}
	extents, err := Extents(ctx, client, p.Topic)
	if err != nil {
		return nil, err
	}
	p.replayed, err = ListReplayed(ctx, client, p.Topic, extents)
	if err != nil {
		return nil, err
	}
	for _, e := range extents {
		part := replayPart{extent: e}
		err := ReadDeadLetters(ctx, client, p.Topic, []Extent{e}, func(d DeadLetter) error {
			part.letters = append(part.letters, d.Record.Offset)
			if s.Which != nil && !s.Which(d) {
				return nil
			}
			return p.choose(ctx, &part, d, s.Max)
		})
		if err != nil {
			return nil, err
		}
		p.parts = append(p.parts, part)
	}
	return p, p.fits()
}

// choose adds a letter that was selected to the plan, or says why not.
func (p *ReplayPlan) choose(ctx context.Context, part *replayPart, d DeadLetter, most int) error {
	if most > 0 && p.Letters >= most {
		return nil
	}
	if !p.again && p.replayed.Has(Place{d.Record.Partition, d.Record.Offset}) {
		p.Replayed++
		return nil
	}
	switch problem, err := p.origins.problem(ctx, d); {
	case err != nil:
		return err
	case problem != "":
		p.Left[problem]++
	default:
		p.Letters++
		p.To[d.OriginTopic]++
		part.chosen = append(part.chosen, d.Record.Offset)
	}
	return nil
}

// fits refuses a plan that could not be remembered once it is done.
func (p *ReplayPlan) fits() error {
	for _, part := range p.parts {
		m := part.marks(p.replayed, part.chosen)
		if _, err := m.metadata(); err != nil {
			return fmt.Errorf("topic %s partition %d: %w", p.Topic, part.extent.Partition, err)
		}
	}
	return nil
}

// marks are those once more letters were replayed.
func (r *replayPart) marks(before Replayed, more []int64) marks {
	return marksOf(r.letters, r.extent.Stable, func(offset int64) bool {
		if before.Has(Place{r.extent.Partition, offset}) {
			return true
		}
		_, found := slices.BinarySearch(more, offset)
		return found
	})
}

// origins tell whether letters have somewhere to go back to.
type origins struct {
	client *kgo.Client
	known  map[string]origin
}

type origin struct {
	partitions int
	problem    string // why nothing can go there; "" for none
}

// problem says why a letter cannot go back; "" means that it can.
func (o origins) problem(ctx context.Context, d DeadLetter) (string, error) {
	topic := d.OriginTopic
	if known, ok := o.known[topic]; ok {
		return known.problem, nil
	}
	switch {
	case topic == "":
		return "no header " + HeaderOriginTopic + " says where it came from", nil
	case strings.HasSuffix(topic, DeadLetterSuffix):
		return fmt.Sprintf("it came from a topic of dead letters, %q", topic), nil
	}
	details, err := kadm.NewClient(o.client).ListTopics(ctx, topic)
	if err != nil {
		return "", fmt.Errorf("ask for topic %q: %w", topic, err)
	}
	found := origin{partitions: len(details[topic].Partitions)}
	switch err := details[topic].Err; {
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.InvalidTopicException):
		found.problem = fmt.Sprintf("topic %q, where it came from, does not exist", topic)
	case err != nil:
		return "", fmt.Errorf("ask for topic %q: %w", topic, err)
	}
	o.known[topic] = found
	return found.problem, nil
}
