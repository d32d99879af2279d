package iam

import "strings"

// pattern is a compiled wildcard: * is any run of characters, ? any one. It
// takes at most len(pattern) × len(text) steps, and about len(text) without a
// question mark: nothing is ever tried twice, so no policy can stall a call.
type pattern struct {
	segments []string // what stands between the stars; one segment means no star
}

// Wildcards in their compiled form. Neither byte can stand in a policy or in a
// value, so that a star that a variable brings along stays a star.
const (
	anyRun = "\x00"
	anyOne = '\x01'
)

func compilePattern(text string) pattern { return splitPattern(wild(text)) }

// wild turns a policy's stars and question marks into compiled wildcards.
func wild(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "*", anyRun), "?", string(anyOne))
}

func splitPattern(compiled string) pattern { return pattern{strings.Split(compiled, anyRun)} }

// matches takes each segment at the earliest place it fits; with stars between
// segments an earlier place never rules out a later match.
func (p pattern) matches(text string) bool {
	first := p.segments[0]
	if len(p.segments) == 1 {
		return len(text) == len(first) && fits(first, text)
	}
	if len(text) < len(first) || !fits(first, text) {
		return false
	}
	text = text[len(first):]
	middle, last := p.segments[1:len(p.segments)-1], p.segments[len(p.segments)-1]
	for _, segment := range middle {
		at := indexSegment(text, segment)
		if at < 0 {
			return false
		}
		text = text[at+len(segment):]
	}
	return len(text) >= len(last) && fits(last, text[len(text)-len(last):])
}

func indexSegment(text, segment string) int {
	if strings.IndexByte(segment, anyOne) < 0 {
		return strings.Index(text, segment)
	}
	for at := 0; at+len(segment) <= len(text); at++ {
		if fits(segment, text[at:]) {
			return at
		}
	}
	return -1
}

// fits tells whether text starts with segment; text is at least as long.
func fits(segment, text string) bool {
	for i := range len(segment) {
		if segment[i] != anyOne && segment[i] != text[i] {
			return false
		}
	}
	return true
}
