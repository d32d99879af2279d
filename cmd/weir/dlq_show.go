package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
)

const dlqShowLong = `Show dead letters of a topic: where each lies as PARTITION/OFFSET, why it failed,
where it came from, how often it was tried, and its own key, headers and value.
TOPIC is the topic that failed or that of its dead letters.

` + topicHelp

type dlqShowFlags struct {
	letterFlags
	raw  bool
	json bool
}

func newDLQShowCommand(g *globals) *cobra.Command {
	f := &dlqShowFlags{}
	cmd := &cobra.Command{
		Use:   "show TOPIC",
		Short: "Show dead letters with their reasons",
		Long:  dlqShowLong,
		Example: `  weir dlq show cab-telemetry.dlq
  weir dlq show cab-telemetry.dlq --partition 3 --offset 17
  weir dlq show cab-telemetry --class avro-no-magic --limit 0 --json`,
		Args: oneArgument("TOPIC", "the topic that failed or that of its dead letters"),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := dlqShow(cmd, g, f, args[0])
			if cmd.Context().Err() != nil {
				return interrupted("not all letters were shown")
			}
			return err
		},
	}
	f.add(cmd, 10, "stop after so many letters; 0 means never")
	cmd.Flags().BoolVar(&f.raw, "raw", false, "write nothing but the values, one per line")
	cmd.Flags().BoolVar(&f.json, "json", false, "write one JSON object per letter")
	g.addEndpoint(cmd)
	return cmd
}

func dlqShow(cmd *cobra.Command, g *globals, f *dlqShowFlags, name string) error {
	var exclusive error
	if f.raw && f.json {
		exclusive = errors.New("--raw and --json exclude each other")
	}
	if err := f.check(g, exclusive); err != nil {
		return err
	}
	t, err := g.openTopics(cmd, "dlq")
	if err != nil {
		return err
	}
	defer t.close()
	ctx := cmd.Context()
	topic, all, err := t.findLetters(ctx, name)
	if err != nil {
		return err
	}
	extents, err := f.chosen(all)
	if err != nil {
		return err
	}
	replayed, err := kafka.ListReplayed(ctx, t.client, topic, all)
	if err != nil {
		return err
	}
	printer := &letterPrinter{out: cmd.OutOrStdout(), look: lookOf(cmd.OutOrStdout()), flags: f, values: t.values, replayed: replayed}
	err = kafka.ReadDeadLetters(ctx, t.client, topic, extents, func(d kafka.DeadLetter) error { return printer.show(ctx, d) })
	switch {
	case errors.Is(err, errLimit):
		fmt.Fprintln(cmd.ErrOrStderr(), "weir: there are more letters; --limit 0 shows all")
		return nil
	case err != nil:
		return err
	case printer.shown == 0 && f.offset != anyOffset:
		return usagef("no such letter at partition %d offset %d: a transaction's marker is there, nothing any more, or a letter that other flags exclude", f.partition, f.offset)
	case printer.shown == 0:
		fmt.Fprintf(cmd.ErrOrStderr(), "weir: no such letter on %s\n", topic)
	}
	return nil
}

// letterPrinter prints dead letters.
type letterPrinter struct {
	out      io.Writer
	look     look
	flags    *dlqShowFlags
	values   *valueReader
	replayed kafka.Replayed
	shown    int
}

// show returns errLimit instead of showing one letter more than wanted.
func (p *letterPrinter) show(ctx context.Context, d kafka.DeadLetter) error {
	if !p.flags.matches(d) {
		return nil
	}
	if p.flags.limit > 0 && p.shown == p.flags.limit {
		return errLimit
	}
	p.shown++
	text, err := p.text(ctx, d)
	if err == nil {
		_, err = p.out.Write(text)
	}
	if err != nil {
		return fmt.Errorf("print letters: %w", err)
	}
	return nil
}

// jsonLetter is a dead letter in --json.
type jsonLetter struct {
	jsonRecord
	Reason          string     `json:"reason"`
	ErrorClass      string     `json:"errorClass"`
	OriginTopic     string     `json:"originTopic,omitempty"`
	OriginPartition *int32     `json:"originPartition,omitempty"`
	OriginOffset    *int64     `json:"originOffset,omitempty"`
	Attempt         int        `json:"attempt"`
	FirstSeen       *time.Time `json:"firstSeen,omitempty"`
	Replayed        bool       `json:"replayed"`
}

func (p *letterPrinter) text(ctx context.Context, d kafka.DeadLetter) ([]byte, error) {
	r := d.Record
	if p.flags.raw {
		return append(r.Value[:len(r.Value):len(r.Value)], '\n'), nil
	}
	v := p.values.read(ctx, r.Value)
	replayed := p.replayed.Has(kafka.Place{Partition: r.Partition, Offset: r.Offset})
	if p.flags.json {
		line, err := json.Marshal(newJSONLetter(d, v, replayed))
		return append(line, '\n'), err
	}
	return []byte(p.people(d, v, replayed)), nil
}

func newJSONLetter(d kafka.DeadLetter, v value, replayed bool) jsonLetter {
	line := jsonLetter{
		jsonRecord: newJSONRecord(d.Record, v, ownHeaders(d.Record)),
		Reason:     d.Reason, ErrorClass: d.ErrorClass, OriginTopic: d.OriginTopic, Attempt: d.Attempt, Replayed: replayed,
	}
	if d.OriginPartition >= 0 {
		line.OriginPartition = &d.OriginPartition
	}
	if d.OriginOffset >= 0 {
		line.OriginOffset = &d.OriginOffset
	}
	if !d.FirstSeen.IsZero() {
		at := d.FirstSeen.UTC()
		line.FirstSeen = &at
	}
	return line
}

// people is a letter as it is read on a screen.
func (p *letterPrinter) people(d kafka.DeadLetter, v value, replayed bool) string {
	var b strings.Builder
	state := ""
	if replayed {
		state = "  replayed"
	}
	head := fmt.Sprintf("%d/%d  %s  %s%s", d.Record.Partition, d.Record.Offset, stamp(d.Record.Timestamp), brief([]byte(d.ErrorClass), headerBytesMax), state)
	fmt.Fprintln(&b, p.look.paint(faint, head))
	row := func(name, text string) {
		p.look.line(&b, 16, "  %-12s  %s", name, text)
	}
	row("reason", cmp.Or(onOneLine(d.Reason), "(no reason given)"))
	row("from", origin(d))
	seen := "unknown"
	if !d.FirstSeen.IsZero() {
		seen = stamp(d.FirstSeen)
	}
	row("attempts", fmt.Sprintf("%d, the first failed %s", d.Attempt, seen))
	row("key", keyText(d.Record.Key))
	for _, h := range ownHeaders(d.Record) {
		row("header", brief([]byte(h.Key), headerBytesMax)+"="+brief(h.Value, headerBytesMax))
	}
	what := fmt.Sprintf("%d bytes", len(d.Record.Value))
	if v.schema != 0 {
		what += fmt.Sprintf(", Avro of schema %d", v.schema)
	}
	row("value", what)
	return b.String() + v.text() + "\n"
}

func origin(d kafka.DeadLetter) string {
	switch {
	case d.OriginTopic == "":
		return "unknown"
	case d.OriginPartition < 0 || d.OriginOffset < 0:
		return brief([]byte(d.OriginTopic), headerBytesMax)
	}
	return fmt.Sprintf("%s partition %d offset %d", brief([]byte(d.OriginTopic), headerBytesMax), d.OriginPartition, d.OriginOffset)
}

// ownHeaders are those that the record had before it was a dead letter, and of
// which letter it is a replay.
func ownHeaders(r *kgo.Record) []kgo.RecordHeader {
	var own []kgo.RecordHeader
	for _, h := range r.Headers {
		if !strings.HasPrefix(h.Key, "dlq-") || h.Key == kafka.HeaderReplayOf {
			own = append(own, h)
		}
	}
	return own
}
