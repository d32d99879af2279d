package opensearch

import (
	"slices"
	"strings"
)

// scan adds the slots with a value that fits.
func (c *column) scan(into bitmap, fits func(v int64) bool) {
	for i, word := range c.has {
		for bit := range 64 {
			if word&(1<<bit) == 0 {
				continue
			}
			if slot := i<<6 + bit; fits(c.values[slot]) {
				into[i] |= 1 << bit
			}
		}
	}
	for slot, rest := range c.more {
		if slices.ContainsFunc(rest, fits) {
			into.set(slot)
		}
	}
}

// evalPattern matches prefixes, wildcards and values without regard to case.
func (c *leaf) evalPattern(v *view, f *field) (matched, error) {
	out := v.nothing()
	out.score = constant(c.boost)
	pattern := textOf(c.values[0])
	fits := wildcard(pattern, c.kind, c.fold)
	switch f.kind {
	case kindText:
		for word, list := range f.column.words.postings {
			if fits(word) {
				for _, p := range list {
					out.bits.set(p.slot)
				}
			}
		}
	case kindKeyword:
		wanted := make([]bool, len(f.column.terms))
		for n, term := range f.column.terms {
			wanted[n] = fits(term)
		}
		f.column.scan(out.bits, func(n int64) bool { return wanted[n] })
	default:
		return out, v.failed(illegal("Can only use %s queries on keyword and text fields - not on [%s] which is of type [%s]", c.kind, f.path, f.kind))
	}
	return out, nil
}

// wildcard compiles a pattern: * is anything, ? one character.
func wildcard(pattern, kind string, fold bool) func(string) bool {
	if fold {
		pattern = strings.ToLower(pattern)
	}
	parts := []rune(pattern)
	return func(text string) bool {
		if fold {
			text = strings.ToLower(text)
		}
		switch kind {
		case "prefix":
			return strings.HasPrefix(text, pattern)
		case "wildcard":
			return glob(parts, []rune(text))
		}
		return text == pattern
	}
}

// glob matches in time that grows with the product of both lengths at most.
func glob(pattern, text []rune) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == '\\' && p+1 < len(pattern) && pattern[p+1] == text[t]:
			p, t = p+2, t+1
		case p < len(pattern) && pattern[p] != '\\' && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
