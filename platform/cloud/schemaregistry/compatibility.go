package schemaregistry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hamba/avro/v2"
)

// level says which earlier schemas a new one has to get on with, and how.
type level string

const (
	none       level = "NONE"
	backward   level = "BACKWARD" // the new one reads what the latest wrote
	forward    level = "FORWARD"  // the latest reads what the new one writes
	full       level = "FULL"     // both
	transitive       = "_TRANSITIVE"
)

func (l level) valid() bool {
	return l == none || slices.Contains([]level{backward, forward, full}, level(strings.TrimSuffix(string(l), transitive)))
}

// parsed is a schema with what it means.
type parsed struct {
	schema
	meaning avro.Schema
}

// key is what makes schemas equal: the text without its white space, and the
// references.
func (s *schema) key() string {
	key := s.Text
	for _, r := range s.References {
		key += fmt.Sprintf("\n%q %q %d", r.Name, r.Subject, r.Version)
	}
	return key
}

// parse reads an Avro schema whose references are registered. The lock is held.
func (b *books) parse(text string, references []reference) (*parsed, error) {
	types := &avro.SchemaCache{} // of its own: the package's is shared by everybody
	for _, r := range references {
		if err := b.addTypes(types, r, 0); err != nil {
			return nil, err
		}
	}
	meaning, err := avro.ParseWithCache(text, "", types)
	if err != nil {
		return nil, newError(codeInvalidSchema, "Either the input schema or one its references is invalid: %v", err)
	}
	compact := &bytes.Buffer{}
	if err := json.Compact(compact, []byte(text)); err != nil {
		compact.Reset() // the bare name of a primitive type
		compact.WriteString(`"` + strings.TrimSpace(text) + `"`)
	}
	return &parsed{schema{compact.String(), references}, meaning}, nil
}

// referenceDepthMax bounds references of references.
const referenceDepthMax = 16

func (b *books) addTypes(types *avro.SchemaCache, r reference, depth int) error {
	if depth == referenceDepthMax {
		return newError(codeInvalidSchema, "References are nested more than %d deep.", referenceDepthMax)
	}
	v, err := b.version(r.Subject, r.Version, true)
	if err != nil {
		return newError(codeInvalidSchema, "Invalid schema reference to %q version %d: %v", r.Subject, r.Version, err)
	}
	s := b.schemas[v.ID]
	for _, inner := range s.References {
		if err := b.addTypes(types, inner, depth+1); err != nil {
			return err
		}
	}
	if _, err := avro.ParseWithCache(s.Text, "", types); err != nil {
		return newError(codeInvalidSchema, "Invalid schema reference to %q version %d: %v", r.Subject, r.Version, err)
	}
	return nil
}

func (b *books) levelOf(s *subject) level {
	if s == nil || s.Level == "" {
		return b.level
	}
	return s.Level
}

// conflicts says why next may not follow the earlier versions. The lock is held.
func (b *books) conflicts(l level, next *parsed, earlier []*version) (problems []string) {
	if l == none || len(earlier) == 0 {
		return nil
	}
	kind, all := level(strings.TrimSuffix(string(l), transitive)), strings.HasSuffix(string(l), transitive)
	if !all {
		earlier = earlier[len(earlier)-1:]
	}
	for _, v := range slices.Backward(earlier) {
		kept := b.schemas[v.ID]
		old, err := b.parse(kept.Text, kept.References)
		if err != nil {
			return append(problems, err.Error())
		}
		// A checker for each: it remembers results by what defaults do not count to.
		if kind != forward {
			if err := avro.NewSchemaCompatibility().Compatible(next.meaning, old.meaning); err != nil {
				problems = append(problems, fmt.Sprintf("the new schema cannot read what version %d wrote: %v", v.Number, err))
			}
		}
		if kind != backward {
			if err := avro.NewSchemaCompatibility().Compatible(old.meaning, next.meaning); err != nil {
				problems = append(problems, fmt.Sprintf("version %d cannot read what the new schema writes: %v", v.Number, err))
			}
		}
	}
	return problems
}
