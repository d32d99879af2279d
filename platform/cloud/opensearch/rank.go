package opensearch

import (
	"slices"
)

// ranking keeps the best so many documents of a search over several indexes.
type ranking struct {
	keys []sortKey
	size int
	kept []candidate
	full bool    // kept has size elements, the worst last
	max  float64 // the best score, if all are looked at
}

// candidate is a document that may be a hit.
type candidate struct {
	ix    *index
	doc   *doc
	ranks []rank
	score float64
}

// sortsByScore tells whether hits need their score.
func (r *ranking) sortsByScore() bool { return hasScore(r.keys) }

// ranker ranks the documents of one index.
type ranker struct {
	ranking *ranking
	view    *view
	readers []func(uint32) rank
	score   func(uint32) float64
	after   []rank
	scored  bool
	best    bool // the best score is wanted
	scratch []rank
}

// over prepares an index. It fails where the index cannot be sorted so.
func (r *ranking) over(v *view, score func(uint32) float64, q *searching) (*ranker, error) {
	out := &ranker{ranking: r, view: v, score: score, scored: q.scores || r.sortsByScore(), best: q.scores || len(q.sort) == 0, scratch: make([]rank, len(r.keys))}
	for _, k := range r.keys {
		reader, err := k.reader(v, score)
		if err != nil {
			return nil, err
		}
		out.readers = append(out.readers, reader)
	}
	if !q.hasAfter {
		return out, nil
	}
	switch {
	case len(q.sort) == 0:
		return nil, illegal("Sort must contain at least one field.")
	case q.from > 0:
		return nil, illegal("`from` parameter must be set to 0 when `search_after` is used.")
	case len(q.after) != len(q.sort):
		return nil, illegal("search_after has %d value(s) but sort has %d.", len(q.after), len(q.sort))
	}
	for i, k := range r.keys {
		a, err := k.after(v, q.after[i])
		if err != nil {
			return nil, err
		}
		out.after = append(out.after, a)
	}
	return out, nil
}

// after reads one value of search_after.
func (k sortKey) after(v *view, value any) (rank, error) {
	f := v.field(k.path)
	switch {
	case k.path == "_score":
		f = &field{kind: kindFloat}
	case k.path == "_doc":
		f = &field{kind: kindLong}
	case k.path == "_id":
		f = &field{kind: kindKeyword}
	case f == nil:
		f = &field{kind: kind(k.unmapped)}
		if f.kind == kindDate {
			f.format, _ = newDateFormat(defaultDateFormat)
		}
	}
	return k.parse(f, value)
}

func (r *ranking) compare(a, b []rank) int {
	for i, k := range r.keys {
		if order := a[i].compare(b[i], k.descend); order != 0 {
			return order
		}
	}
	return 0
}

// offer considers one document; documents come in the order that decides ties.
func (o *ranker) offer(slot uint32) {
	r := o.ranking
	if o.best {
		r.max = max(r.max, o.score(slot))
	}
	for i, read := range o.readers {
		o.scratch[i] = read(slot)
	}
	if o.after != nil && r.compare(o.scratch, o.after) <= 0 {
		return
	}
	if r.full && r.compare(o.scratch, r.kept[r.size-1].ranks) >= 0 {
		return
	}
	c := candidate{ix: o.view.ix, doc: o.view.ix.slots[slot], ranks: slices.Clone(o.scratch)}
	if o.scored {
		c.score = o.score(slot)
	}
	r.kept = append(r.kept, c)
	if len(r.kept) >= 2*r.size+64 {
		r.trim()
	}
}

func (r *ranking) trim() {
	slices.SortStableFunc(r.kept, func(a, b candidate) int { return r.compare(a.ranks, b.ranks) })
	if len(r.kept) >= r.size {
		r.kept, r.full = r.kept[:r.size], true
	}
}

// best is the result, the best first.
func (r *ranking) best() []candidate {
	if r.size > 0 {
		r.trim()
	}
	return r.kept
}

func (r *ranking) shown(c candidate) []any {
	out := make([]any, len(r.keys))
	for i := range out {
		out[i] = c.ranks[i].shown()
	}
	return out
}
