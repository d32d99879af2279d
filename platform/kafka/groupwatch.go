package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
)

// GroupWatchConfig sets a GroupWatch; zero fields take defaults.
type GroupWatchConfig struct {
	Groups   []string
	Topics   []string      // whose ends are followed beside those that the groups read
	Interval time.Duration // between two looks; 0 means 1s
	Clock    clock.Clock   // nil means the wall clock
	Logger   *slog.Logger  // hears of every look that failed; nil means nobody does
}

// GroupStatus is what one look told about a group.
type GroupStatus struct {
	Group   string
	State   string // as the coordinator says: Stable, Empty, PreparingRebalance, …; "" if it knows no such group
	Members int
	Lags    []Lag            // by topic and partition
	Done    map[string]int64 // by topic: sum of the committed offsets
}

// GroupLook is what a GroupWatch saw last.
type GroupLook struct {
	At     time.Time        // of the last look that succeeded; zero before
	Err    error            // of the last look
	Groups []GroupStatus    // but those whose coordinator did not answer
	Ends   map[string]int64 // by topic: sum of the partitions' ends
}

// GroupWatch follows from outside how far consumer groups are behind, as MSK
// does: by what they have committed, whichever processes their members are in,
// and also when they have none. It commits nothing and is no member.
//
// A record's age is known from the looks that saw the log end before and behind
// it, which is right to one Interval. Where the backlog is older than the first
// look, and where nothing moves, the watch fetches once: the marker that ends a
// transaction is nothing that a group has to do. It never ends a caller: a look
// that fails is repeated, and the last one that succeeded stays, with its time.
type GroupWatch struct {
	cluster Cluster
	cfg     GroupWatchConfig

	mu   sync.Mutex
	look GroupLook

	// What only Run touches.
	parts map[topicPartition]*endings
	heads map[headKey]head
	slow  bool // a fetch of this look took too long
}

// headKey is a group's place in a partition.
type headKey struct {
	group string
	tp    topicPartition
}

// head is what a fetch at a group's place found.
type head struct {
	commit, end int64
	looked      bool      // the rest is known
	none        bool      // nothing up to end but markers
	written     time.Time // of the first record
}

// NewGroupWatch checks its arguments and starts nothing.
func NewGroupWatch(cluster Cluster, cfg GroupWatchConfig) (*GroupWatch, error) {
	problems := []error{cluster.Validate()}
	if len(cfg.Groups) == 0 {
		problems = append(problems, errors.New("Groups is empty; give at least one"))
	}
	if cfg.Interval < 0 {
		problems = append(problems, errors.New("Interval must not be negative"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("group watch config: %w", err)
	}
	cfg.Interval = cmp.Or(cfg.Interval, time.Second)
	cfg.Clock = cmp.Or[clock.Clock](cfg.Clock, clock.Wall{})
	cfg.Logger = loggerOr(cfg.Logger)
	return &GroupWatch{cluster: cluster, cfg: cfg, parts: map[topicPartition]*endings{}, heads: map[headKey]head{}}, nil
}

// Look is what was seen last. The caller must not change what it refers to.
func (w *GroupWatch) Look() GroupLook {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.look
}

const lookMax = 5 * time.Second

// Run looks until ctx ends.
func (w *GroupWatch) Run(ctx context.Context) error {
	client, err := w.cluster.client()
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		limited, cancel := context.WithTimeout(ctx, lookMax)
		look, err := w.see(limited, client)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			w.cfg.Logger.Debug("cannot see how far groups are, trying again", "error", err)
		}
		w.keep(look, err)
		if w.cfg.Clock.Sleep(ctx, w.cfg.Interval) != nil {
			return nil
		}
	}
}

func (w *GroupWatch) keep(look GroupLook, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.look.Err = err
		return
	}
	w.look = look
}

// see takes one look.
func (w *GroupWatch) see(ctx context.Context, client *kgo.Client) (GroupLook, error) {
	admin := kadm.NewClient(client)
	began := w.cfg.Clock.Now() // what is committed is asked for first
	lags, err := admin.Lag(ctx, slices.Clone(w.cfg.Groups)...)
	if err != nil {
		return GroupLook{}, fmt.Errorf("lags of groups: %w", err)
	}
	w.slow = false
	look := GroupLook{At: w.cfg.Clock.Now(), Ends: map[string]int64{}}
	if len(w.cfg.Topics) > 0 {
		ends, err := admin.ListEndOffsets(ctx, w.cfg.Topics...)
		if err != nil {
			return GroupLook{}, fmt.Errorf("ends of topics: %w", err)
		}
		ends.Each(func(e kadm.ListedOffset) {
			if e.Err == nil {
				look.Ends[e.Topic] += e.Offset
			}
		})
	}
	var failed error
	for _, name := range w.cfg.Groups {
		group := lags[name]
		if err := group.Error(); err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
			failed = errors.Join(failed, fmt.Errorf("lag of group %s: %w", name, err))
			continue
		}
		group.Group = name
		look.Groups = append(look.Groups, w.status(ctx, client, began, look.At, &group))
	}
	if len(look.Groups) == 0 {
		return GroupLook{}, failed
	}
	look.Err = failed
	return look, nil
}

// status turns what the coordinator and the leaders say into lags.
func (w *GroupWatch) status(ctx context.Context, client *kgo.Client, began, ended time.Time, g *kadm.DescribedGroupLag) GroupStatus {
	s := GroupStatus{Group: g.Group, State: g.State, Members: len(g.Members), Done: map[string]int64{}}
	for _, l := range g.Lag.Sorted() {
		if l.Err != nil || l.Lag < 0 {
			continue // a partition whose leader does not answer, or that went
		}
		tp := topicPartition{l.Topic, l.Partition}
		ends := w.parts[tp]
		if ends == nil {
			ends = &endings{}
			w.parts[tp] = ends
		}
		ends.add(ended, l.End.Offset)
		commit := l.End.Offset - l.Lag
		s.Done[l.Topic] += max(0, l.Commit.At)
		lag := Lag{Group: g.Group, Topic: l.Topic, Partition: l.Partition, Records: l.Lag}
		if l.Lag > 0 {
			lag.Records, lag.Time = w.behind(ctx, client, began, headKey{g.Group, tp}, commit, l.End.Offset)
		}
		s.Lags = append(s.Lags, lag)
	}
	slices.SortFunc(s.Lags, func(a, b Lag) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return s
}

// markersMax is how many offsets may be nothing but markers of transactions
// before a watch takes them for records without looking.
const markersMax = 32

// behind is how far a group at commit is from end.
func (w *GroupWatch) behind(ctx context.Context, client *kgo.Client, now time.Time, key headKey, commit, end int64) (int64, time.Duration) {
	since, known := w.parts[key.tp].reached(commit)
	h, seen := w.heads[key]
	still := seen && h.commit == commit && h.end == end
	switch {
	case known && (!still || end-commit > markersMax): // it moves, or it is records for sure
		w.heads[key] = head{commit: commit, end: end}
		return end - commit, max(0, now.Sub(since))
	case seen && h.looked && h.commit == commit && (still || !h.none): // as found before
	case w.slow:
		return end - commit, max(0, now.Sub(since))
	default:
		var err error
		if h, err = w.fetch(ctx, client, key.tp, commit, end); err != nil {
			w.slow = true // the others would wait as well
			w.cfg.Logger.Debug("cannot read where a group is", "group", key.group, "topic", key.tp.topic, "error", err)
			return end - commit, max(0, now.Sub(since))
		}
		w.heads[key] = h
	}
	if h.none {
		return 0, 0
	}
	return end - commit, max(0, now.Sub(h.written))
}

var errFound = errors.New("found")

// headMax is for one such fetch: behind an open transaction there is nothing to
// be had until it ends.
const headMax = 300 * time.Millisecond

// fetch reads the first committed record in [commit, end).
func (w *GroupWatch) fetch(ctx context.Context, client *kgo.Client, tp topicPartition, commit, end int64) (head, error) {
	ctx, cancel := context.WithTimeout(ctx, headMax)
	defer cancel()
	h := head{commit: commit, end: end, looked: true, none: true}
	err := newLogReader(client, tp.topic, tp.partition).read(ctx, commit, end, func(r *kgo.Record) error {
		h.none, h.written = false, r.Timestamp
		return errFound
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return h, err
}
