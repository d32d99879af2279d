package kinesis

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const (
	tagsMax        = 50  // of one resource
	tagsPerCallMax = 200 // in the API's model
	tagKeyMax      = 128
	tagValueMax    = 256
	tagKeysMax     = 50 // removed in one call
)

// checkTags checks a map of tags; whether it may be absent is the caller's.
func checkTags(v *wire.Violations, tags map[string]string) {
	if len(tags) > tagsPerCallMax {
		v.Add("tags", mapText(tags), fmt.Sprintf("Member must have length less than or equal to %d", tagsPerCallMax))
	}
	longKey, longValue := false, false
	for key, value := range tags {
		n := utf8.RuneCountInString(key)
		longKey = longKey || n < 1 || n > tagKeyMax
		longValue = longValue || utf8.RuneCountInString(value) > tagValueMax
	}
	if longKey {
		v.Add("tags", mapText(tags), "Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]")
	}
	if longValue {
		v.Add("tags", mapText(tags), "Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0]")
	}
}

// requireTags checks a map of tags that must not be empty.
func requireTags(v *wire.Violations, tags map[string]string) {
	if tags == nil {
		v.Null("tags")
	} else if len(tags) == 0 {
		v.Add("tags", "{}", "Member must have length greater than or equal to 1")
	}
	checkTags(v, tags)
}

// requireTagKeys checks a list of keys to remove.
func requireTagKeys(v *wire.Violations, keys []string) {
	switch n := len(keys); {
	case keys == nil:
		v.Null("tagKeys")
	case n == 0:
		v.Add("tagKeys", "[]", "Member must have length greater than or equal to 1")
	case n > tagKeysMax:
		v.Add("tagKeys", listText(keys), fmt.Sprintf("Member must have length less than or equal to %d", tagKeysMax))
	}
	if slices.ContainsFunc(keys, func(key string) bool { n := utf8.RuneCountInString(key); return n < 1 || n > tagKeyMax }) {
		v.Add("tagKeys", listText(keys), "Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]")
	}
}

// mapText and listText are how AWS's messages show a map and a list.
func mapText(m map[string]string) string {
	pairs := make([]string, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, key+"="+m[key])
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

func listText(list []string) string { return "[" + strings.Join(list, ", ") + "]" }

// checkTagText refuses characters that keys and values must not have.
func checkTagText(tags map[string]string) error {
	for key, value := range tags {
		if !isTagText(key) || !isTagText(value) {
			return errTagText()
		}
	}
	return nil
}

func checkTagKeys(keys []string) error {
	if slices.ContainsFunc(keys, func(key string) bool { return !isTagText(key) }) {
		return errTagText()
	}
	return nil
}

func isTagText(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.Nd, unicode.Zs) && !strings.ContainsRune("_.:/=+-@%", r)
	}) < 0
}

func errTagText() error {
	return wire.Errorf(codeInvalidArgument, "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - %% @.")
}

// hasPercent tells the one character that AWS's first check lets through and
// its second refuses.
func hasPercent(tags map[string]string) bool {
	for key, value := range tags {
		if strings.Contains(key+value, "%") {
			return true
		}
	}
	return false
}

// addTags is have with more, or why that cannot be; what names the resource in messages.
func (s *Service) addTags(what string, have, more map[string]string) (map[string]string, error) {
	if err := checkTagText(more); err != nil {
		return nil, err
	}
	if hasPercent(more) {
		return nil, wire.Errorf(codeInvalidArgument, "Failed to add tags to %s under account %s because some tags contained illegal characters. "+
			"The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.", what, s.cfg.Account)
	}
	tags := make(map[string]string, len(have)+len(more))
	maps.Copy(tags, have)
	maps.Copy(tags, more)
	if len(tags) > tagsMax {
		return nil, wire.Errorf(codeInvalidArgument, "Failed to add tags to %s under account %s because a given stream cannot have more than %d tags associated with it.",
			what, s.cfg.Account, tagsMax)
	}
	return tags, nil
}

// removeTags takes keys out of tags in place.
func (s *Service) removeTags(what string, tags map[string]string, keys []string) error {
	if err := checkTagKeys(keys); err != nil {
		return err
	}
	if slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(key, "%") }) {
		return wire.Errorf(codeInvalidArgument, "Failed to remove tags from %s under account %s because some tags contained illegal characters. "+
			"The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.", what, s.cfg.Account)
	}
	for _, key := range keys {
		delete(tags, key)
	}
	return nil
}

// ResourceRef names a stream or a consumer.
type ResourceRef struct {
	ResourceARN *string
	StreamID    *string `json:"StreamId"` // accepted; AWS reserves it for future use
}

func (r ResourceRef) resource() ResourceRef { return r }

const resourceARNPattern = `arn:aws.*:kinesis:.*:\d{12}:.*(stream|channel|queue)/\S+`

func (r ResourceRef) check(v *wire.Violations) {
	if required(v, "resourceARN", r.ResourceARN) {
		_, ok := parseStreamARN(*r.ResourceARN)
		checkPattern(v, "resourceARN", *r.ResourceARN, resourceARNPattern, ok)
		checkLength(v, "resourceARN", *r.ResourceARN, 1, 2048)
	}
	StreamRef{StreamID: r.StreamID}.checkGiven(v)
}

// tagged is a resource's tags, with the lock that guards them and its name in messages.
type tagged struct {
	st   *stream
	tags *map[string]string
	what string
}

// tagged finds the resource that an ARN names.
func (s *Service) tagged(r ResourceRef) (tagged, error) {
	if strings.Contains(*r.ResourceARN, "/consumer/") {
		st, c, err := s.consumer(ConsumerRef{ConsumerARN: r.ResourceARN})
		if err != nil {
			return tagged{}, err
		}
		return tagged{st: st, tags: &c.tags, what: "consumer " + c.arn}, nil
	}
	st, err := s.stream(StreamRef{StreamARN: r.ResourceARN})
	if err != nil {
		return tagged{}, err
	}
	return tagged{st: st, tags: &st.tags, what: "stream " + st.name}, nil
}
