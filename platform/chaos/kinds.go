package chaos

import (
	"fmt"
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
		{Throttle, []TargetKind{Stream, Function, Index}, []string{"for", "operation", "rate"}, []string{"for"}},
		{Error, []TargetKind{Stream, Topic}, []string{"for", "operation", "rate", "code"}, []string{"for"}},
		{Delay, []TargetKind{Stream, Broker}, []string{"for", "operation", "rate", "delay", "jitter"}, []string{"for", "delay"}},
		{DropReply, []TargetKind{Stream, Topic}, []string{"for", "operation", "rate"}, []string{"for"}},
		{Poison, []TargetKind{Stream, Topic}, []string{"records"}, nil},
		{Split, []TargetKind{Stream}, nil, nil},
		{Merge, []TargetKind{Stream}, nil, nil},
		{Stop, []TargetKind{Service}, []string{"for"}, nil},
		{Start, []TargetKind{Service}, nil, nil},
		{Skew, []TargetKind{Clock}, []string{"for", "by"}, []string{"for", "by"}},
		{Rebalance, []TargetKind{Group}, nil, nil},
		{Move, []TargetKind{Topic, Group}, []string{"for"}, nil},
		{Lose, []TargetKind{Broker, Registry, Index}, []string{"for"}, []string{"for"}},
	}
}

// hits tells whether the kind can happen to a target.
func (r rules) hits(t Target) bool {
	if r.kind == Poison && t.Kind == Topic && t.OnFailure == "" {
		return false
	}
	return slices.Contains(r.targets, t.Kind)
}

// whole says why a fault of some targets has fewer parameters than its kind
// takes; "" if it has none too many.
func (f Fault) whole(on TargetKind) string {
	part := f.Rate != 0 && f.Rate != 1
	code := f.Code != "" && f.Code != codeInternal
	switch {
	case on == Function && (f.Operation != "" || f.Kind == Throttle && part):
		return fmt.Sprintf("%s of a function is of all its invocations: it has neither operation nor rate", f.Kind)
	case f.Kind == Kill && on == Service && f.Times > 1:
		return "kill of a service is once, and for says how long it is down: it has neither times nor every"
	case f.Kind == Kill && on == Function && !f.For.IsZero():
		return "kill of a function is an instant: it has no for; times and every repeat it"
	case f.Kind == Error && on == Topic && (f.Operation != "" || part || code):
		return "error of a topic refuses every write with NOT_ENOUGH_REPLICAS: it has neither operation, rate nor code"
	case f.Kind == DropReply && on == Topic && (f.Operation != "" || part):
		return "drop-reply of a topic is of every write: it has neither operation nor rate"
	case f.Kind == Delay && on == Broker && (f.Operation != "" || part || f.Jitter != 0):
		return "delay of brokers is the same of every fetch: it has neither operation, rate nor jitter"
	case f.Kind == Throttle && on == Index && f.Operation != "":
		return "throttle of an index is of its writes: it has no operation; rate is the share of bulk items that meet 429, 1 of whole requests"
	}
	return ""
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

// groupable are the kinds of which there may be several.
func groupable() []TargetKind {
	return []TargetKind{Stream, Function, Service, Topic, Group, Broker, Registry, Index}
}

// all is the word for every target of a kind.
func (k TargetKind) all() string {
	switch k {
	case Registry:
		return "registries"
	case Index:
		return "indexes"
	}
	return string(k) + "s"
}

// allWords lists the words for every target of a kind.
func allWords() string {
	var words []string
	for _, k := range groupable() {
		words = append(words, k.all())
	}
	return strings.Join(words, ", ")
}

// group is the kind that a word such as "streams" stands for.
func group(word string) (TargetKind, bool) {
	for _, k := range groupable() {
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
