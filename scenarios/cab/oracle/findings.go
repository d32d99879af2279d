package oracle

import (
	"fmt"
	"strings"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
)

const nameLimit = ledger.LostLimit // examples an outcome gives per problem

// findings counts one kind of problem and keeps the first of them.
type findings struct {
	count int
	first []string
}

func (f *findings) add(format string, args ...any) {
	f.count++
	if len(f.first) < nameLimit {
		f.first = append(f.first, fmt.Sprintf(format, args...))
	}
}

// String lists the first findings: "zone-1-2 10:00: events got 3, want 2; and 3 more".
func (f *findings) String() string {
	text := strings.Join(f.first, "; ")
	if more := f.count - len(f.first); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
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
		o.Got += fmt.Sprintf(", %d %s: %s", p.count, p.name, p.findings)
	}
	return o
}
