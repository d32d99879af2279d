package kafka

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// setting is what values a topic's setting may have.
type setting struct {
	kind  string   // LONG, INT, DOUBLE, BOOLEAN, STRING or LIST
	least float64  // of numbers
	words []string // of strings and lists; nil allows any
}

// topicSettings are those that Apache Kafka 4.1 knows. kfake heeds fewer.
func topicSettings() map[string]setting {
	numbers := func(kind string, least float64) setting { return setting{kind: kind, least: least} }
	flag, any := setting{kind: "BOOLEAN"}, setting{kind: "STRING"}
	return map[string]setting{
		"cleanup.policy":         {kind: "LIST", words: []string{"compact", "delete"}},
		"compression.gzip.level": numbers("INT", -1), "compression.lz4.level": numbers("INT", 1), "compression.zstd.level": numbers("INT", -131072),
		"compression.type":    {kind: "STRING", words: []string{"uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"}},
		"delete.retention.ms": numbers("LONG", 0), "file.delete.delay.ms": numbers("LONG", 0),
		"flush.messages": numbers("LONG", 1), "flush.ms": numbers("LONG", 0),
		"follower.replication.throttled.replicas": any, "leader.replication.throttled.replicas": any,
		"index.interval.bytes": numbers("INT", 0), "local.retention.bytes": numbers("LONG", -2), "local.retention.ms": numbers("LONG", -2),
		"max.compaction.lag.ms": numbers("LONG", 1), "min.compaction.lag.ms": numbers("LONG", 0), "min.cleanable.dirty.ratio": numbers("DOUBLE", 0),
		"max.message.bytes":               numbers("INT", 0),
		"message.timestamp.after.max.ms":  numbers("LONG", 0),
		"message.timestamp.before.max.ms": numbers("LONG", 0),
		"message.timestamp.type":          {kind: "STRING", words: []string{"CreateTime", "LogAppendTime"}},
		"min.insync.replicas":             numbers("INT", 1), "preallocate": flag,
		"remote.log.copy.disable": flag, "remote.log.delete.on.disable": flag, "remote.storage.enable": flag,
		"retention.bytes": numbers("LONG", -1), "retention.ms": numbers("LONG", -1),
		"segment.bytes": numbers("INT", 1<<20), "segment.index.bytes": numbers("INT", 4), "segment.jitter.ms": numbers("LONG", 0),
		"segment.ms": numbers("LONG", 1), "unclean.leader.election.enable": flag,
	}
}

// checkResource says what Apache Kafka says of a change to a topic's setting,
// nil being its removal; "" is fine, and what is no topic's is not checked.
func checkResource(kind kmsg.ConfigResourceType, name string, value *string) string {
	switch {
	case kind != kmsg.ConfigResourceTypeTopic:
		return ""
	case value != nil:
		return checkConfig(name, *value)
	}
	if _, known := topicSettings()[name]; !known {
		return "Unknown topic config name: " + name
	}
	return ""
}

// checkConfig says what Apache Kafka says of a topic's setting; "" is fine.
func checkConfig(name, value string) string {
	s, known := topicSettings()[name]
	if !known {
		return "Unknown topic config name: " + name
	}
	if why := s.check(strings.TrimSpace(value)); why != "" {
		return fmt.Sprintf("Invalid value %s for configuration %s: %s", value, name, why)
	}
	return ""
}

func (s setting) check(value string) string {
	switch s.kind {
	case "BOOLEAN":
		if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
			return "Expected value to be either true or false"
		}
	case "LIST":
		for word := range strings.SplitSeq(value, ",") {
			if !slices.Contains(s.words, strings.TrimSpace(word)) {
				return "String must be one of: " + strings.Join(s.words, ", ")
			}
		}
	case "STRING":
		if s.words != nil && !slices.Contains(s.words, value) {
			return "String must be one of: " + strings.Join(s.words, ", ")
		}
	default:
		return s.checkNumber(value)
	}
	return ""
}

func (s setting) checkNumber(value string) string {
	var n float64
	var err error
	switch s.kind {
	case "DOUBLE":
		n, err = strconv.ParseFloat(value, 64)
	case "INT":
		var i int64
		i, err = strconv.ParseInt(value, 10, 32)
		n = float64(i)
	default:
		var i int64
		i, err = strconv.ParseInt(value, 10, 64)
		n = float64(i)
	}
	if err != nil || math.IsNaN(n) {
		return "Not a number of type " + s.kind
	}
	if n < s.least {
		return fmt.Sprintf("Value must be at least %v", s.least)
	}
	return ""
}
