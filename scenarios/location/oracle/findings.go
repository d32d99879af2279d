package oracle

import (
	"fmt"
	"strings"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
)

const (
	nameLimit    = ledger.LostLimit // ids an outcome names per problem
	explainLimit = 5                // of which so many are explained
)

// findings counts one kind of problem and keeps the first of them.
type findings struct {
	count int
	first []finding
}

type finding struct {
	id  ledger.ID
	why string
}

func (f *findings) add(id ledger.ID, why string) {
	f.count++
	if len(f.first) < nameLimit {
		f.first = append(f.first, finding{id, why})
	}
}

func named(ids []ledger.ID) []finding {
	out := make([]finding, len(ids))
	for i, id := range ids {
		out[i] = finding{id: id}
	}
	return out
}

// String lists the first findings: "d000004-000002: got …; d000005-000000 and 3 more".
func (f *findings) String() string {
	var b strings.Builder
	for i, found := range f.first {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(found.id.String())
		if found.why != "" && i < explainLimit {
			b.WriteString(": " + found.why)
		}
	}
	if more := f.count - len(f.first); more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}

// problem is one kind of finding with its name.
type problem struct {
	name string
	*findings
}

// promise is an outcome that passes if none of the problems was found.
func promise(name, got, want string, problems ...problem) scenario.Outcome {
	o := scenario.Outcome{Name: name, Got: got, Want: want, Pass: true}
	for _, p := range problems {
		if p.count == 0 {
			continue
		}
		o.Pass = false
		o.Got += fmt.Sprintf(", %d %s", p.count, p.name)
		if list := p.String(); list != "" {
			o.Got += ": " + list
		}
	}
	return o
}
