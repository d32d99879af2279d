package iam

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"strings"
	"time"
)

// identity is what users and roles share. Guarded by Service.mu.
type identity struct {
	name    string
	path    string
	id      string // AIDA… or AROA…: never reused, so a recreated name is a new identity
	arn     string
	created time.Time
	inline  map[string]*inlinePolicy
	// attached are the managed policies, at most maxAttached, in the order they came.
	attached []*managedPolicy
}

// inlinePolicy is one policy embedded in an identity: the text as it was put,
// and what it compiled to.
type inlinePolicy struct {
	name       string
	text       string
	statements []statement
}

type user struct {
	identity
	keys []*accessKey // at most two, oldest first
}

type role struct {
	identity
	description        string
	maxSessionDuration time.Duration
	trustText          string
	trust              []statement
}

// accessKey is a long-term key. owner is nil for the root's key.
type accessKey struct {
	id      string
	secret  string
	active  bool
	created time.Time
	owner   *user
}

// uniqueID makes an AWS-style id: the prefix and random base-32 characters, length in all.
func uniqueID(prefix string, length int) string {
	raw := make([]byte, length)
	rand.Read(raw) // never fails, as documented
	return prefix + base32.StdEncoding.EncodeToString(raw)[:length-len(prefix)]
}

// newSecret makes a secret access key: forty characters, 240 random bits.
func newSecret() string {
	raw := make([]byte, 30)
	rand.Read(raw)
	return base64.StdEncoding.EncodeToString(raw)
}

func nameKey(name string) string { return strings.ToLower(name) }
