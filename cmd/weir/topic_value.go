package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/platform/scenario"
)

const (
	textBytesMax   = 4096             // of a value that is shown
	headerBytesMax = 80               // of a header, or a key
	registryMax    = 2 * time.Second  // for one question
	registryRest   = 10 * time.Second // before a registry that did not answer is asked again
)

// value is what a record's value says.
type value struct {
	raw    []byte
	schema int    // 0 unless it is Avro
	json   []byte // decoded Avro; nil where it could not be
	why    string // it could not
}

// valueReader decodes values that look like Avro. It looks for the registry at
// the first of them.
type valueReader struct {
	find func() (scenario.Address, error)

	registry *avro.Registry
	problem  error // of a registry that does not answer
	retry    time.Time
}

func (v *valueReader) read(ctx context.Context, raw []byte) value {
	read := value{raw: raw}
	id, ok := avro.SchemaID(raw)
	if !ok {
		return read
	}
	if v.problem == nil || time.Now().After(v.retry) {
		v.problem = v.open()
	}
	if v.problem != nil {
		read.schema, read.why = id, v.problem.Error()
		return read
	}
	text, err := v.registry.JSON(ctx, raw)
	unknown, isDecode := errors.AsType[*avro.DecodeError](err)
	down, isDown := errors.AsType[*avro.RegistryError](err)
	switch {
	case err == nil:
		read.schema, read.json = id, text
	case isDecode && unknown.Class == avro.ClassUnknownSchema:
		read.why = fmt.Sprintf("the schema registry has no schema %d", id)
	case isDecode:
		read.schema, read.why = id, err.Error()
	case isDown:
		v.problem, v.retry = fmt.Errorf("the schema registry does not answer: %w", down.Err), time.Now().Add(registryRest)
		read.schema, read.why = id, v.problem.Error()
	default:
		read.schema, read.why = id, err.Error()
	}
	return read
}

func (v *valueReader) open() error {
	if v.registry != nil {
		return nil
	}
	v.retry = time.Now().Add(registryRest)
	at, err := v.find()
	if err != nil {
		return fmt.Errorf("find the schema registry: %w", err)
	}
	v.registry, err = avro.NewRegistry(avro.RegistryConfig{URL: at.URL, User: at.User, Password: at.Password, CallMax: registryMax})
	return err
}

// text is the value for a person; of hex and long text the beginning.
func (v value) text() string {
	switch {
	case v.raw == nil:
		return "  (no value)"
	case v.json != nil:
		return readable(v.json)
	case len(v.raw) > textBytesMax && isText(v.raw):
		cut := textBytesMax
		for !utf8.RuneStart(v.raw[cut]) {
			cut--
		}
		return readable(v.raw[:cut]) + fmt.Sprintf("\n  … %d more bytes; --raw writes them all", len(v.raw)-cut)
	case v.why != "":
		return readable(v.raw) + "\n  (" + onOneLine(v.why) + ")"
	}
	return readable(v.raw)
}

// brief is a key or a header's value on one line, of long ones the beginning:
// text as it is, in quotes where it would mislead, anything else in hex.
func brief(data []byte, bytesMax int) string {
	rest := ""
	if len(data) > bytesMax {
		rest, data = "…", data[:bytesMax]
		for n := 1; n < utf8.UTFMax && n < len(data) && !utf8.Valid(data) && utf8.Valid(data[:len(data)-n]); n++ {
			data = data[:len(data)-n]
		}
	}
	switch text := string(data); {
	case !utf8.Valid(data) || strings.ContainsFunc(text, func(r rune) bool { return r == 0 }):
		return "0x" + hex.EncodeToString(data) + rest
	case !isText(data) || text == "" || strings.ContainsAny(text, " \"=\n\t"):
		return strconv.Quote(text) + rest
	default:
		return text + rest
	}
}

// jsonHeader is a header in --json.
type jsonHeader struct {
	Key    string  `json:"key"`
	Value  *string `json:"value,omitempty"`
	Base64 []byte  `json:"base64,omitempty"`
}

// jsonRecord is a record of a topic in --json: its key and value as JSON or
// text where they are, else in base64.
type jsonRecord struct {
	Topic     string          `json:"topic"`
	Partition int32           `json:"partition"`
	Offset    int64           `json:"offset"`
	Timestamp time.Time       `json:"timestamp"`
	Key       *string         `json:"key,omitempty"`
	KeyBase64 []byte          `json:"keyBase64,omitempty"`
	Headers   []jsonHeader    `json:"headers,omitempty"`
	Schema    int             `json:"schema,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
	Text      *string         `json:"text,omitempty"`
	Base64    []byte          `json:"base64,omitempty"`
	NoValue   bool            `json:"noValue,omitempty"`
	Undecoded string          `json:"undecoded,omitempty"`
}

func newJSONRecord(r *kgo.Record, v value, headers []kgo.RecordHeader) jsonRecord {
	line := jsonRecord{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp.UTC(),
		Schema: v.schema, NoValue: v.raw == nil, Undecoded: v.why,
	}
	if r.Key != nil {
		line.Key, line.KeyBase64 = textOrBytes(r.Key)
	}
	for _, h := range headers {
		text, raw := textOrBytes(h.Value)
		line.Headers = append(line.Headers, jsonHeader{h.Key, text, raw})
	}
	switch {
	case v.raw == nil:
	case v.json != nil:
		line.Data = v.json
	case json.Valid(v.raw):
		line.Data = v.raw
	default:
		line.Text, line.Base64 = textOrBytes(v.raw)
	}
	return line
}

func textOrBytes(data []byte) (text *string, raw []byte) {
	if utf8.Valid(data) {
		s := string(data)
		return &s, nil
	}
	return nil, data
}
