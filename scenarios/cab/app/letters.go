package app

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// How much of a dead letter is kept.
const (
	letterBytesMax = 4 << 10
	letterTextMax  = 300
)

// letter is a dead letter as the page lists it. Every text of it is foreign.
type letter struct {
	ID              string    `json:"id"` // topic/partition/offset
	Reason          string    `json:"reason"`
	Class           string    `json:"class"`
	OriginTopic     string    `json:"origin_topic"`
	OriginPartition int32     `json:"origin_partition"`
	OriginOffset    int64     `json:"origin_offset"`
	Attempt         int       `json:"attempt"`
	FirstSeen       time.Time `json:"first_seen"`
	Key             string    `json:"key"`
	Bytes           int       `json:"bytes"`

	value []byte // its first letterBytesMax
}

func newLetter(d kafka.DeadLetter) letter {
	r := d.Record
	return letter{
		ID: fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset), Reason: brief(d.Reason), Class: brief(d.ErrorClass),
		OriginTopic: brief(d.OriginTopic), OriginPartition: d.OriginPartition, OriginOffset: d.OriginOffset,
		Attempt: d.Attempt, FirstSeen: d.FirstSeen, Key: brief(string(r.Key)), Bytes: len(r.Value),
		value: append([]byte(nil), r.Value[:min(len(r.Value), letterBytesMax)]...),
	}
}

// brief is the beginning of a text that may be none.
func brief(text string) string {
	if len(text) > letterTextMax {
		text = text[:letterTextMax] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// opened is a dead letter with what is in it.
type opened struct {
	letter
	Hex       string          `json:"hex"`
	Text      string          `json:"text,omitempty"`    // if it is text
	Decoded   json.RawMessage `json:"decoded,omitempty"` // if a schema of its origin reads it
	Undecoded string          `json:"undecoded,omitempty"`
	Cut       bool            `json:"cut"` // there is more than is kept
}

// open looks into a letter.
func (d decoder) open(ctx context.Context, l letter) opened {
	o := opened{letter: l, Hex: hex.EncodeToString(l.value), Cut: l.Bytes > len(l.value)}
	if utf8.Valid(l.value) {
		o.Text = string(l.value)
	}
	if o.Cut {
		o.Undecoded = "only its beginning is kept"
		return o
	}
	decoded, err := d.decode(ctx, l)
	if err != nil {
		o.Undecoded = brief(err.Error())
		return o
	}
	o.Decoded = decoded
	return o
}

// decoder reads what the topics hold.
type decoder struct {
	telemetry *avro.Decoder[event.Telemetry]
	activity  *avro.Decoder[event.Activity]
	metrics   *avro.Decoder[event.Metrics]
}

func newDecoder(registry *avro.Registry) (d decoder, err error) {
	if d.telemetry, err = avro.NewDecoder[event.Telemetry](registry, event.TelemetrySchema(event.Schema)); err != nil {
		return d, err
	}
	if d.activity, err = avro.NewDecoder[event.Activity](registry, event.ActivitySchema()); err != nil {
		return d, err
	}
	d.metrics, err = avro.NewDecoder[event.Metrics](registry, event.MetricsSchema())
	return d, err
}

// decode reads a letter by the schema of where it came from.
func (d decoder) decode(ctx context.Context, l letter) (json.RawMessage, error) {
	switch l.OriginTopic {
	case event.TelemetryTopic:
		return asJSON(ctx, d.telemetry, l.value)
	case event.ActivityTopic:
		return asJSON(ctx, d.activity, l.value)
	case event.MetricsTopic:
		return asJSON(ctx, d.metrics, l.value)
	}
	return nil, errors.New("no schema is known for where it came from")
}

func asJSON[T any](ctx context.Context, d *avro.Decoder[T], value []byte) (json.RawMessage, error) {
	var v T
	if err := d.Decode(ctx, value, &v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}
