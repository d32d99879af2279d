package chaos

import (
	"slices"
	"strings"
)

// rules say what a kind takes: where it hits, which parameters it has besides
// at, spread, kind and target, and which of them it cannot do without.
type rules struct {
	kind    Kind
	targets []TargetKind
	takes   []string
	needs   []string
}

// kinds lists every kind.
func kinds() []rules {
	return []rules{
		{Kill, []TargetKind{Function, Service}, []string{"for", "times", "every"}, nil},
		{Throttle, []TargetKind{Stream, Function}, []string{"for", "operation", "rate"}, []string{"for"}},
		{Error, []TargetKind{Stream}, []string{"for", "operation", "rate", "code"}, []string{"for"}},
		{Delay, []TargetKind{Stream}, []string{"for", "operation", "rate", "delay", "jitter"}, []string{"for", "delay"}},
		{DropReply, []TargetKind{Stream}, []string{"for", "operation", "rate"}, []string{"for"}},
		{Poison, []TargetKind{Stream}, []string{"records"}, nil},
		{Split, []TargetKind{Stream}, nil, nil},
		{Merge, []TargetKind{Stream}, nil, nil},
		{Stop, []TargetKind{Service}, []string{"for"}, nil},
		{Start, []TargetKind{Service}, nil, nil},
		{Skew, []TargetKind{Clock}, []string{"for", "by"}, []string{"for", "by"}},
	}
}

func rulesOf(kind Kind) (rules, bool) {
	all := kinds()
	i := slices.IndexFunc(all, func(r rules) bool { return r.kind == kind })
	if i < 0 {
		return rules{}, false
	}
	return all[i], true
}

func kindNames() string {
	var names []string
	for _, r := range kinds() {
		names = append(names, string(r.kind))
	}
	return strings.Join(names, ", ")
}

// all is the word for every target of a kind.
func (k TargetKind) all() string { return string(k) + "s" }

// group is the kind that a word such as "streams" stands for.
func group(word string) (TargetKind, bool) {
	for _, k := range []TargetKind{Stream, Function, Service} {
		if word == k.all() {
			return k, true
		}
	}
	return "", false
}

func joinKinds(list []TargetKind) string {
	words := make([]string, len(list))
	for i, k := range list {
		words[i] = string(k)
	}
	return strings.Join(words, " or ")
}
