package opensearch

import (
	"context"
	"encoding/json"
)

// What replies say of the number of hits, other than a bound.
const (
	countAll  = -1
	countNone = -2
)

// countedMax is how many hits are counted unless track_total_hits says otherwise.
const countedMax = 10_000

// searching is a search, parsed.
type searching struct {
	query    clause
	from     int
	size     int
	sort     []sortKey // empty: by score
	names    [][]string
	after    []any
	hasAfter bool
	source   filtered
	counted  int // hits to count, or one of countAll and countNone
	minScore float64
	hasLeast bool
	scores   bool // track_scores
	versions bool
	seqs     bool
	aggs     []*aggregation
}

func (s *Service) search(_ context.Context, q *request) (any, error) {
	given, err := q.object(true)
	if err != nil {
		return nil, err
	}
	parsed, err := q.parseSearch(given)
	if err != nil {
		return nil, err
	}
	found, err := s.resolve(q.vars["index"], q.lookup())
	if err != nil {
		return nil, err
	}
	return s.run(parsed, found)
}

// hold locks indexes for one search, in order of their names, with what is due
// shown first.
func hold(found []*index) (held []*index, release func()) {
	for _, ix := range found {
		ix.mu.RLock()
		due := !ix.due.IsZero() && !ix.clock.Now().Before(ix.due)
		ix.mu.RUnlock()
		if due {
			ix.mu.Lock()
			ix.refreshIfDue()
			ix.mu.Unlock()
		}
	}
	for _, ix := range found {
		ix.mu.RLock()
	}
	return found, func() {
		for _, ix := range found {
			ix.mu.RUnlock()
		}
	}
}

// run performs a search over indexes.
func (s *Service) run(q *searching, found []*index) (any, error) {
	started := s.cfg.Clock.Now()
	held, release := hold(found)
	defer release()
	top := &ranking{keys: q.sort, size: q.from + q.size}
	if q.size == 0 {
		top.size = 0
	}
	if len(q.sort) == 0 {
		top.keys = []sortKey{{path: "_score", descend: true}}
	}
	total, shards := 0, 0
	results := make([]partial, len(q.aggs))
	for _, ix := range held {
		shards += ix.shards()
		n, err := q.over(&view{ix: ix, now: started}, top, results)
		if err != nil {
			return nil, onShards(ix.name, asError(err))
		}
		total += n
	}
	out := map[string]any{
		"timed_out": false, "_shards": map[string]int{"total": shards, "successful": shards, "skipped": 0, "failed": 0},
	}
	hits, err := q.hits(top, total, shards)
	if err != nil {
		return nil, err
	}
	out["hits"] = hits
	if len(q.aggs) > 0 && len(held) > 0 {
		if out["aggregations"], err = renderAll(q.aggs, results); err != nil {
			return nil, onReduce(asError(err))
		}
	}
	out["took"] = s.cfg.Clock.Now().Sub(started).Milliseconds()
	return out, nil
}

// over searches one index: hits go to top, aggregations to results.
func (s *searching) over(v *view, top *ranking, results []partial) (total int, err error) {
	if window := v.ix.settings.number(settingWindow, 10_000); s.from+s.size > window {
		return 0, illegal("Result window is too large, from + size must be less than or equal to: [%d] but was [%d]. See the scroll api for a more efficient way to "+
			"request large data sets. This limit can be set by changing the [index.max_result_window] index level setting.", window, s.from+s.size)
	}
	m, err := s.query.eval(v)
	if err != nil {
		return 0, err
	}
	m.bits.and(v.ix.live)
	if s.hasLeast {
		for _, slot := range m.bits.slots() {
			if m.score(slot) < s.minScore {
				m.bits.unset(slot)
			}
		}
	}
	order, err := top.over(v, m.score, s)
	if err != nil {
		return 0, err
	}
	total = m.bits.count()
	if top.size == 0 && len(s.aggs) == 0 {
		return total, nil
	}
	slots := m.bits.slots()
	if top.size > 0 {
		for _, slot := range slots {
			order.offer(slot)
		}
	}
	return total, collectAll(s.aggs, v, slots, results)
}

// hit is one document in a reply.
type hit struct {
	Index   string          `json:"_index"`
	ID      string          `json:"_id"`
	Version *int64          `json:"_version,omitempty"`
	Seq     *int64          `json:"_seq_no,omitempty"`
	Term    int             `json:"_primary_term,omitempty"`
	Score   *double         `json:"_score"`
	Source  json.RawMessage `json:"_source,omitempty"`
	Sort    []any           `json:"sort,omitempty"`
}

func (s *searching) hits(top *ranking, total, shards int) (any, error) {
	out := map[string]any{"max_score": nil}
	switch {
	case s.counted >= 0 && total > s.counted:
		out["total"] = map[string]any{"value": s.counted, "relation": "gte"}
	case s.counted != countNone:
		out["total"] = map[string]any{"value": total, "relation": "eq"}
	}
	ranked := top.best()
	byScore := len(s.sort) == 0
	switch {
	case (byScore && len(ranked) > 0 || s.scores && s.size > 0) && top.max > 0:
		out["max_score"] = single(top.max)
	case byScore && (len(ranked) > 0 || shards == 0):
		out["max_score"] = double(0)
	}
	scored := byScore || s.scores || top.sortsByScore()
	list := make([]hit, 0, s.size)
	for i := s.from; i < len(ranked); i++ {
		c := ranked[i]
		h := hit{Index: c.ix.name, ID: c.doc.id}
		if scored {
			score := single(c.score)
			h.Score = &score
		}
		if s.versions {
			h.Version = &c.doc.version
		}
		if s.seqs {
			h.Seq, h.Term = &c.doc.seq, primaryTerm
		}
		if !byScore {
			h.Sort = top.shown(c)
		}
		if !s.source.off {
			source, err := c.ix.source(c.doc)
			if err == nil {
				h.Source, err = s.source.apply(source)
			}
			if err != nil {
				return nil, err
			}
		}
		list = append(list, h)
	}
	out["hits"] = list
	return out, nil
}

func (s *Service) count(_ context.Context, q *request) (any, error) {
	given, err := q.object(true)
	if err != nil {
		return nil, err
	}
	for _, name := range sortedNames(given) {
		if name != "query" {
			return nil, parsing("request does not support [%s]", name)
		}
	}
	parsed, err := q.parseSearch(given)
	if err != nil {
		return nil, err
	}
	parsed.size = 0
	found, err := s.resolve(q.vars["index"], q.lookup())
	if err != nil {
		return nil, err
	}
	held, release := hold(found)
	defer release()
	total, shards := 0, 0
	for _, ix := range held {
		n, err := parsed.over(&view{ix: ix, now: s.cfg.Clock.Now()}, &ranking{}, nil)
		if err != nil {
			return nil, onShards(ix.name, asError(err))
		}
		total += n
		shards += ix.shards()
	}
	return map[string]any{"count": total, "_shards": map[string]int{"total": shards, "successful": shards, "skipped": 0, "failed": 0}}, nil
}
