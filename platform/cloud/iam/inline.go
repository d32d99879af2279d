package iam

import (
	"net/url"
	"strings"
	"unicode"
)

// AWS's limits on the non-blank characters of all inline policies together,
// and of a trust policy.
const (
	maxUserPolicyChars  = 2048
	maxRolePolicyChars  = 10240
	maxTrustPolicyChars = 2048
)

// putInline adds or replaces a policy, unless it is malformed or too much.
func (id *identity) putInline(kind, name, text string, mostChars int) error {
	statements, err := parsePolicy(text, nil)
	if err != nil {
		return err
	}
	chars := countPolicy(text)
	for other, policy := range id.inline {
		if other != name {
			chars += countPolicy(policy.text)
		}
	}
	if chars > mostChars {
		return limitExceeded("Maximum policy size of %d bytes exceeded for %s %s", mostChars, kind, id.name)
	}
	id.inline[name] = &inlinePolicy{name, text, statements}
	return nil
}

func (id *identity) lookUpInline(kind, name string) (*inlinePolicy, error) {
	if policy := id.inline[name]; policy != nil {
		return policy, nil
	}
	return nil, noSuchEntity(kind+" policy with name", name)
}

func (id *identity) policyNames() []string {
	names := make([]string, 0, len(id.inline))
	for name := range id.inline {
		names = append(names, name)
	}
	return names
}

// countPolicy counts as AWS does: white space is free.
func countPolicy(text string) int {
	count := 0
	for _, r := range text {
		if !unicode.IsSpace(r) {
			count++
		}
	}
	return count
}

// encodePolicy writes a document as Get replies do: percent-encoded, RFC 3986.
func encodePolicy(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
