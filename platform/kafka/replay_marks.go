package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
)

// ReplayGroup is the consumer group whose offsets tell which dead letters were
// replayed: all before a partition's offset, and those that the offset's
// metadata names, as in "replayed 17,20-25". They are committed in the
// transaction that puts the letters back. A group without members forgets its
// offsets after the brokers' offsets.retention.minutes, seven days by default.
const ReplayGroup = "weir-dlq-replay"

const (
	metadataPrefix   = "replayed "
	metadataBytesMax = 4096 // the brokers' offset.metadata.max.bytes by default
)

// coordinatorMax is how long the group's coordinator may take to answer.
const coordinatorMax = 20 * time.Second

// errScattered refuses what metadata has no room for.
var errScattered = errors.New("too many single letters between others to remember which were replayed; replay earlier ones of the partition first")

// run is a range of offsets, both ends in it.
type run struct{ from, to int64 }

// marks tell which letters of one partition were replayed.
type marks struct {
	before int64 // all before this one
	runs   []run // and these, in order
}

func (m marks) has(offset int64) bool {
	if offset < m.before {
		return true
	}
	i, found := slices.BinarySearchFunc(m.runs, offset, func(r run, offset int64) int { return int(min(1, max(-1, r.from-offset))) })
	return found || i > 0 && offset <= m.runs[i-1].to
}

// end is behind the last letter that is marked.
func (m marks) end() int64 {
	if len(m.runs) == 0 {
		return m.before
	}
	return m.runs[len(m.runs)-1].to + 1
}

// marksOf are those after replayed is true of more letters. letters are all of
// the partition before end, so what lies between two of them is none.
func marksOf(letters []int64, end int64, replayed func(offset int64) bool) marks {
	m := marks{before: end}
	open := -1 // of runs, while the last letter was replayed
	for _, offset := range letters {
		switch is := replayed(offset); {
		case m.before == end && !is:
			m.before = offset
		case m.before == end:
		case !is:
			open = -1
		case open < 0:
			m.runs = append(m.runs, run{offset, offset})
			open = len(m.runs) - 1
		default:
			m.runs[open].to = offset
		}
	}
	return m
}

// metadata is how the runs are kept beside the offset.
func (m marks) metadata() (string, error) {
	if len(m.runs) == 0 {
		return "", nil
	}
	words := make([]string, len(m.runs))
	for i, r := range m.runs {
		words[i] = strconv.FormatInt(r.from, 10)
		if r.to > r.from {
			words[i] += "-" + strconv.FormatInt(r.to, 10)
		}
	}
	text := metadataPrefix + strings.Join(words, ",")
	if len(text) > metadataBytesMax {
		return "", errScattered
	}
	return text, nil
}

func parseMarks(offset int64, metadata string) (marks, error) {
	m := marks{before: offset}
	if metadata == "" {
		return m, nil // also where Kafka's own tools have reset the offset
	}
	list, ok := strings.CutPrefix(metadata, metadataPrefix)
	last := offset - 1
	for word := range strings.SplitSeq(list, ",") {
		first, second, isRange := strings.Cut(word, "-")
		from, err1 := strconv.ParseInt(first, 10, 64)
		to, err2 := from, error(nil)
		if isRange {
			to, err2 = strconv.ParseInt(second, 10, 64)
		}
		if !ok || err1 != nil || err2 != nil || from <= last || to < from {
			return m, fmt.Errorf("metadata %q is not weir's", metadata)
		}
		m.runs = append(m.runs, run{from, to})
		last = to
	}
	return m, nil
}

// Replayed tells which dead letters of one topic were replayed.
type Replayed map[int32]marks

// Has is true if the letter at a place was.
func (r Replayed) Has(at Place) bool { return r[at.Partition].has(at.Offset) }

// ListReplayed asks for the marks of a topic of dead letters. Marks beyond a
// partition's end are those of an earlier topic of the same name, and left out.
func ListReplayed(ctx context.Context, client *kgo.Client, topic string, extents []Extent) (Replayed, error) {
	topic = deadLettersOf(topic)
	patience, cancel := context.WithTimeout(ctx, coordinatorMax)
	defer cancel()
	for {
		found, err := kadm.NewClient(client).FetchOffsets(kadm.RequireStable(ctx), ReplayGroup)
		replayed := Replayed{}
		ends := map[int32]int64{}
		for _, e := range extents {
			ends[e.Partition] = e.End
		}
		var problems []error
		if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
			problems = append(problems, err)
		}
		for p, o := range found[topic] {
			if o.Err != nil {
				problems = append(problems, o.Err)
			} else if o.At >= 0 {
				m, err := parseMarks(o.At, o.Metadata)
				problems = append(problems, err)
				if m.end() <= ends[p] {
					replayed[p] = m
				}
			}
		}
		err = errors.Join(problems...)
		if err == nil {
			return replayed, nil
		}
		// A replay is committing, or the cluster is about to have its first group.
		if e, ok := errors.AsType[*kerr.Error](err); !ok || !e.Retriable || (clock.Wall{}).Sleep(patience, 50*time.Millisecond) != nil {
			return nil, fmt.Errorf("ask group %s which letters of topic %s were replayed: %w", ReplayGroup, topic, err)
		}
	}
}
