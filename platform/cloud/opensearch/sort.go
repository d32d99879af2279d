package opensearch

import (
	"cmp"
	"encoding/json"
	"math"
	"strings"
)

// rank is a document's value under one criterion: a number of either kind, or
// a text, which may be missing.
type rank struct {
	kind byte // i, f or s
	i    int64
	f    float64
	s    string
	half bool // f has half the length
	null int  // missing texts: 1 at the end, −1 at the beginning, whatever the order
}

func (a rank) compare(b rank, descend bool) int {
	if a.null != 0 || b.null != 0 {
		return a.null - b.null
	}
	order := 0
	switch {
	case a.kind == 's' || b.kind == 's':
		order = strings.Compare(a.s, b.s)
	case a.kind == 'i' && b.kind == 'i':
		order = cmp.Compare(a.i, b.i)
	default:
		order = cmp.Compare(a.number(), b.number())
	}
	if descend {
		return -order
	}
	return order
}

func (a rank) number() float64 {
	if a.kind == 'i' {
		return float64(a.i)
	}
	return a.f
}

// textError is what sorting and aggregating texts meets.
func textError(path string) *Error {
	return illegal("Text fields are not optimised for operations that require per-document field data like aggregations and sorting, so these operations are "+
		"disabled by default. Please use a keyword field instead. Alternatively, set fielddata=true on [%s] in order to load field data by uninverting the "+
		"inverted index. Note that this can use significant memory.", path)
}

// reader is how an index's documents rank under the criterion.
func (k sortKey) reader(v *view, score func(uint32) float64) (func(slot uint32) rank, error) {
	switch k.path {
	case "_score":
		return func(slot uint32) rank { return rank{kind: 'f', f: float64(float32(score(slot))), half: true} }, nil
	case "_doc":
		return func(slot uint32) rank { return rank{kind: 'i', i: int64(slot)} }, nil
	case "_id":
		return func(slot uint32) rank { return rank{kind: 's', s: v.ix.slots[slot].id} }, nil
	}
	if isMetadata(k.path) {
		return nil, gap("sorting by [%s]", k.path)
	}
	f := v.field(k.path)
	if f == nil {
		if k.unmapped == "" {
			return nil, &Error{
				Type: "query_shard_exception", Reason: "No mapping found for [" + k.path + "] in order to sort on", Status: 400,
				Extra: map[string]any{"index": v.ix.name, "index_uuid": v.ix.uuid},
			}
		}
		var err error
		if f, err = newField(k.path, map[string]any{"type": k.unmapped}); err != nil {
			return nil, err
		}
	}
	switch f.kind {
	case kindText:
		return nil, textError(k.path)
	case kindGeo:
		return nil, gap("sorting by fields of type [geo_point]")
	}
	missing, err := k.absent(f)
	if err != nil {
		return nil, err
	}
	largest := k.mode == "max" || k.mode == "" && k.descend
	column := f.column
	return func(slot uint32) rank {
		if !column.has.has(slot) {
			return missing
		}
		best := f.rank(column.values[slot])
		for _, more := range column.more[slot] {
			if r := f.rank(more); r.compare(best, largest) < 0 {
				best = r
			}
		}
		return best
	}, nil
}

func (f *field) rank(bits int64) rank {
	switch {
	case f.kind == kindKeyword:
		return rank{kind: 's', s: f.column.terms[bits]}
	case f.kind.isFloat():
		return rank{kind: 'f', f: math.Float64frombits(uint64(bits)), half: f.kind == kindFloat}
	}
	return rank{kind: 'i', i: bits}
}

// absent is how documents without a value rank.
func (k sortKey) absent(f *field) (rank, error) {
	first := k.missing == "_first"
	if k.missing != nil && !first {
		if _, isNumber := numberOf(k.missing); f.kind == kindDate && !isNumber {
			return rank{}, illegal("For input string: %q", textOf(k.missing))
		}
		return k.parse(f, k.missing)
	}
	low := first != k.descend // the smallest value there is
	switch {
	case f.kind == kindKeyword:
		if first {
			return rank{kind: 's', null: -1}, nil
		}
		return rank{kind: 's', null: 1}, nil
	case f.kind.isFloat() && low:
		return rank{kind: 'f', f: math.Inf(-1)}, nil
	case f.kind.isFloat():
		return rank{kind: 'f', f: math.Inf(1)}, nil
	case f.kind == kindLong || f.kind == kindDate:
		if low {
			return rank{kind: 'i', i: math.MinInt64}, nil
		}
		return rank{kind: 'i', i: math.MaxInt64}, nil
	case low:
		return rank{kind: 'i', i: math.MinInt32}, nil
	}
	return rank{kind: 'i', i: math.MaxInt32}, nil
}

// parse reads a value of search_after, or of missing.
func (k sortKey) parse(f *field, value any) (rank, error) {
	text := textOf(value)
	switch {
	case f.kind == kindKeyword && value == nil:
		missing, _ := sortKey{descend: k.descend, missing: nil}.absent(f)
		if k.missing == "_first" {
			missing.null = -1
		}
		return missing, nil
	case f.kind == kindKeyword:
		return rank{kind: 's', s: text}, nil
	case f.kind.isFloat():
		n, ok := numberOf(value)
		if text == "Infinity" || text == "-Infinity" {
			n, ok = math.Inf(1), true
			if text[0] == '-' {
				n = -n
			}
		}
		if !ok {
			return rank{}, k.unreadable(text)
		}
		if f.kind == kindFloat {
			n = float64(float32(n))
		}
		return rank{kind: 'f', f: n, half: f.kind == kindFloat}, nil
	}
	if number, isNumber := value.(json.Number); isNumber {
		n, err := number.Int64()
		if err != nil {
			return rank{}, k.unreadable(text)
		}
		return rank{kind: 'i', i: n}, nil
	}
	if f.kind == kindDate {
		if ms, ok := f.format.parse(text, false); ok {
			return rank{kind: 'i', i: ms}, nil
		}
		return rank{}, k.unreadable(text)
	}
	n, cause := f.bitsOf([]byte(text), '0')
	if cause != nil {
		return rank{}, k.unreadable(text)
	}
	return rank{kind: 'i', i: n}, nil
}

func (k sortKey) unreadable(text string) *Error {
	e := illegal("Failed to parse search_after value for field [%s].", k.path)
	e.Cause = &Error{Type: "number_format_exception", Reason: "For input string: \"" + text + "\""}
	return e
}

// shown is the rank as hits show it.
func (a rank) shown() any {
	switch {
	case a.null != 0:
		return nil
	case a.kind == 's':
		return a.s
	case a.kind == 'i':
		return a.i
	case a.half:
		return single(a.f)
	}
	return double(a.f)
}
