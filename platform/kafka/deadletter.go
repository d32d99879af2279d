package kafka

import (
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// DeadLetterSuffix makes a topic's name that of its dead letters.
const DeadLetterSuffix = ".dlq"

// Headers of a dead letter, beside those that the record had. Values are text.
const (
	HeaderReason          = "dlq-reason"           // the error's message
	HeaderErrorClass      = "dlq-error-class"      // short, for counting: avro-malformed, handler, …
	HeaderOriginTopic     = "dlq-origin-topic"     // where the record came from
	HeaderOriginPartition = "dlq-origin-partition" // decimal
	HeaderOriginOffset    = "dlq-origin-offset"    // decimal
	HeaderAttempt         = "dlq-attempt"          // decimal; attempts to handle it, those before a replay included
	HeaderFirstSeen       = "dlq-first-seen"       // RFC 3339 in UTC; when it first became a dead letter
)

// LetterBytesMax is the BatchBytesMax of a producer of dead letters: above other
// producers', whose largest record has room for a letter's headers so, and below
// what brokers take by default, 1,048,588.
const LetterBytesMax = 1_040_000

// reasonBytesMax is far below the difference.
const reasonBytesMax = 1000

// DeadLetterTopic is the topic of a topic's dead letters.
func DeadLetterTopic(topic string) string { return topic + DeadLetterSuffix }

// NewDeadLetter is a record that could not be handled, on its way to the dead
// letters of its topic: key and value as they were, headers that say why. A
// Transformer's handler returns it among its outputs, so that it is there
// exactly once; now is the wall clock's.
func NewDeadLetter(origin *kgo.Record, cause error, attempts int, now time.Time) *kgo.Record {
	class, _ := classOf(cause)
	firstSeen := now
	var kept []kgo.RecordHeader
	for _, h := range origin.Headers {
		switch h.Key {
		case HeaderAttempt:
			before, _ := strconv.Atoi(string(h.Value))
			attempts += before
		case HeaderFirstSeen:
			if t, err := time.Parse(time.RFC3339Nano, string(h.Value)); err == nil {
				firstSeen = t
			}
		case HeaderReason, HeaderErrorClass, HeaderOriginTopic, HeaderOriginPartition, HeaderOriginOffset:
		default:
			kept = append(kept, h)
		}
	}
	reason := cause.Error()
	if len(reason) > reasonBytesMax {
		reason = reason[:reasonBytesMax]
	}
	header := func(key, value string) { kept = append(kept, kgo.RecordHeader{Key: key, Value: []byte(value)}) }
	header(HeaderReason, reason)
	header(HeaderErrorClass, class)
	header(HeaderOriginTopic, origin.Topic)
	header(HeaderOriginPartition, strconv.Itoa(int(origin.Partition)))
	header(HeaderOriginOffset, strconv.FormatInt(origin.Offset, 10))
	header(HeaderAttempt, strconv.Itoa(attempts))
	header(HeaderFirstSeen, firstSeen.UTC().Format(time.RFC3339Nano))
	return &kgo.Record{Topic: DeadLetterTopic(origin.Topic), Key: origin.Key, Value: origin.Value, Headers: kept}
}

// DeadLetter is one as it is read back.
type DeadLetter struct {
	Record          *kgo.Record // in the topic of dead letters
	Reason          string
	ErrorClass      string
	OriginTopic     string
	OriginPartition int32
	OriginOffset    int64
	Attempt         int
	FirstSeen       time.Time
}

// ReadDeadLetter reads the headers; what is missing stays zero, so that a
// foreign record in the topic is shown too.
func ReadDeadLetter(r *kgo.Record) DeadLetter {
	d := DeadLetter{Record: r, OriginPartition: -1, OriginOffset: -1}
	for _, h := range r.Headers {
		value := string(h.Value)
		switch h.Key {
		case HeaderReason:
			d.Reason = value
		case HeaderErrorClass:
			d.ErrorClass = value
		case HeaderOriginTopic:
			d.OriginTopic = value
		case HeaderOriginPartition:
			if n, err := strconv.ParseInt(value, 10, 32); err == nil {
				d.OriginPartition = int32(n)
			}
		case HeaderOriginOffset:
			if n, err := strconv.ParseInt(value, 10, 64); err == nil {
				d.OriginOffset = n
			}
		case HeaderAttempt:
			d.Attempt, _ = strconv.Atoi(value)
		case HeaderFirstSeen:
			d.FirstSeen, _ = time.Parse(time.RFC3339Nano, value)
		}
	}
	return d
}
