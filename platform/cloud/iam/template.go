package iam

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// template is a text of a policy that may hold variables, such as
// ${aws:username}. Variables are filled in for each request.
type template struct {
	pieces []piece
}

// piece is either fixed text or a variable.
type piece struct {
	text     string
	literal  bool   // text is as it stands: its stars are no wildcards
	key      string // of a variable, lower case; "" for text
	fallback *string
}

// variablePattern is one variable: a character to take literally, or a key
// with or without a default value.
var variablePattern = regexp.MustCompile(`^\$\{(?:([*?$])|([a-zA-Z0-9-]+:[^\s,'{}$]+)(?:, ?'([^'{}]*)')?)\}`)

// parseTemplate reads a text; outside version 2012-10-17 nothing is a variable.
func parseTemplate(text string, variables bool) (template, error) {
	if strings.Contains(text, anyRun) || strings.IndexByte(text, anyOne) >= 0 {
		return template{}, errors.New("must not contain control characters")
	}
	var t template
	for text != "" {
		at := strings.Index(text, "${")
		if !variables || at < 0 {
			at = len(text)
		}
		if at > 0 {
			t.pieces = append(t.pieces, piece{text: text[:at]})
			text = text[at:]
			continue
		}
		m := variablePattern.FindStringSubmatchIndex(text)
		if m == nil {
			return template{}, fmt.Errorf("%q: not a policy variable, as in ${aws:username}, ${aws:username, 'default'}, ${*}, ${?} or ${$}", clip(text))
		}
		t.pieces = append(t.pieces, variable(text, m))
		text = text[m[1]:]
	}
	return t, nil
}

func variable(text string, m []int) piece {
	if m[2] >= 0 {
		return piece{text: text[m[2]:m[3]], literal: true}
	}
	v := piece{key: strings.ToLower(text[m[4]:m[5]])}
	if m[6] >= 0 {
		fallback := text[m[6]:m[7]]
		v.fallback = &fallback
	}
	return v
}

// fixed tells that the text is the same for every request.
func (t template) fixed() bool {
	for _, p := range t.pieces {
		if p.key != "" {
			return false
		}
	}
	return true
}

// fill writes the text for one request. It fails where a variable has neither
// a value nor a default: such a text matches nothing. Only fixed text keeps
// wildcards; a star that comes from a variable or its default is a star.
func (t template) fill(f *facts, wildcards bool) (string, bool) {
	var b strings.Builder
	for _, p := range t.pieces {
		text := p.text
		switch {
		case p.key != "":
			value, found := f.lookup(p.key)
			if !found && p.fallback == nil {
				return "", false
			}
			if !found {
				value = *p.fallback
			}
			if strings.Contains(value, anyRun) || strings.IndexByte(value, anyOne) >= 0 {
				return "", false
			}
			text = value
		case wildcards && !p.literal:
			text = wild(text)
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// likeText is a template matched as a wildcard pattern. It is compiled once
// where it has no variables.
type likeText struct {
	compiled *pattern
	template template
}

func newLikeText(t template) likeText {
	if !t.fixed() {
		return likeText{template: t}
	}
	text, _ := t.fill(nil, true)
	compiled := splitPattern(text)
	return likeText{compiled: &compiled}
}

func (l likeText) matches(text string, f *facts) bool {
	if l.compiled != nil {
		return l.compiled.matches(text)
	}
	filled, ok := l.template.fill(f, true)
	return ok && splitPattern(filled).matches(text)
}
