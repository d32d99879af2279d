package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/weirstream/weir/platform/kinesis"
)

// hexBytesMax is how much of a binary record is shown.
const hexBytesMax = 512

// recordPrinter prints records of all shards, one at a time, and calls stop
// after the last wanted one.
type recordPrinter struct {
	flags *peekFlags
	look  look
	stop  func()

	mu      sync.Mutex
	out     io.Writer
	printed int
	err     error
}

func newRecordPrinter(out io.Writer, flags *peekFlags, stop func()) *recordPrinter {
	return &recordPrinter{flags: flags, look: lookOf(out), stop: stop, out: out}
}

// handle is the consumer's handler. It never asks for redelivery: a reader
// that has gone away ends the command.
func (p *recordPrinter) handle(_ context.Context, b kinesis.Batch) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, record := range b.Records {
		if p.err != nil || p.done() {
			return nil
		}
		p.printed++
		if p.err = p.print(b.ShardID, record); p.err != nil || p.done() {
			p.stop()
		}
	}
	return nil
}

func (p *recordPrinter) done() bool { return p.flags.limit > 0 && p.printed >= p.flags.limit }

// failure is the error that ended the printing, if any.
func (p *recordPrinter) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return fmt.Errorf("print records: %w", p.err)
	}
	return nil
}

func (p *recordPrinter) print(shard string, r kinesis.ReceivedRecord) error {
	var text []byte
	switch {
	case p.flags.raw:
		text = append(bytes.Clone(r.Data), '\n')
	case p.flags.json:
		line, err := recordJSON(shard, r)
		if err != nil {
			return err
		}
		text = append(line, '\n')
	default:
		header := fmt.Sprintf("%s  %s  %s  %s", shard, shortSequence(r), stamp(r.Arrival), onOneLine(r.PartitionKey))
		text = fmt.Appendf(nil, "%s\n%s\n", p.look.paint(faint, header), readable(r.Data))
	}
	_, err := p.out.Write(text)
	return err
}

// shortSequence is the end of a sequence number, where neighbours differ, and
// the place within an aggregate, whose user records share that number.
func shortSequence(r kinesis.ReceivedRecord) string {
	const shown = 12
	text := r.SequenceNumber
	if len(text) > shown {
		text = "…" + text[len(text)-shown:]
	}
	if r.Aggregated {
		text += fmt.Sprintf("/%d", r.SubSequence)
	}
	return text
}

// readable is data for a person: JSON indented, text as it is, else hex. No
// control character gets through to the terminal.
func readable(data []byte) string {
	const margin = "  "
	var indented bytes.Buffer
	if json.Indent(&indented, data, margin, "  ") == nil && isText(indented.Bytes()) {
		return margin + indented.String()
	}
	if isText(data) {
		return margin + strings.ReplaceAll(string(data), "\n", "\n"+margin)
	}
	shown := data[:min(len(data), hexBytesMax)]
	dump := margin + strings.ReplaceAll(strings.TrimSuffix(hex.Dump(shown), "\n"), "\n", "\n"+margin)
	if rest := len(data) - len(shown); rest > 0 {
		dump += fmt.Sprintf("\n%s… %d more bytes; --raw writes them all", margin, rest)
	}
	return dump
}

func isText(data []byte) bool {
	return utf8.Valid(data) && bytes.IndexFunc(data, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t'
	}) < 0
}

func onOneLine(key string) string {
	if strings.IndexFunc(key, unicode.IsControl) >= 0 {
		return fmt.Sprintf("%q", key)
	}
	return key
}

// recordJSON is one line of --json: data as JSON or text where it is, else in base64.
func recordJSON(shard string, r kinesis.ReceivedRecord) ([]byte, error) {
	line := struct {
		Shard          string          `json:"shard"`
		SequenceNumber string          `json:"sequenceNumber"`
		SubSequence    *int            `json:"subSequence,omitempty"`
		Arrival        time.Time       `json:"arrival"`
		PartitionKey   string          `json:"partitionKey"`
		Data           json.RawMessage `json:"data,omitempty"`
		Text           *string         `json:"text,omitempty"`
		Base64         []byte          `json:"base64,omitempty"`
	}{
		Shard: shard, SequenceNumber: r.SequenceNumber,
		Arrival: r.Arrival.UTC(), PartitionKey: r.PartitionKey,
	}
	if r.Aggregated {
		line.SubSequence = &r.SubSequence
	}
	switch text := string(r.Data); {
	case json.Valid(r.Data):
		line.Data = r.Data
	case utf8.Valid(r.Data):
		line.Text = &text
	default:
		line.Base64 = r.Data
	}
	return json.Marshal(line)
}

// stamp is an instant for a person, in UTC.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }
