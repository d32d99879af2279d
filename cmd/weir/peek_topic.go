package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kinesis"
)

var errLimit = errors.New("as many records as were wanted")

// peek prints a topic's records from start on.
func (t *topicFound) peek(cmd *cobra.Command, f *peekFlags, start kinesis.Position) error {
	ctx := cmd.Context()
	extents, err := pickPartition(t.extents, f.partition)
	if err != nil {
		return err
	}
	spans, err := t.spans(ctx, extents, f, start)
	if err != nil {
		return err
	}
	printer := &topicPrinter{out: cmd.OutOrStdout(), look: lookOf(cmd.OutOrStdout()), flags: f, values: t.values}
	if f.follow {
		err = t.follow(ctx, spans, printer)
	} else {
		err = t.readOnce(ctx, spans, extents, cmd.ErrOrStderr(), printer)
	}
	if ctx.Err() != nil || errors.Is(err, errLimit) {
		return nil
	}
	return err
}

// spans are what each partition holds from start on, now.
func (t *topicFound) spans(ctx context.Context, extents []kafka.Extent, f *peekFlags, start kinesis.Position) ([]kafka.Span, error) {
	var since kadm.ListedOffsets
	if start.Type == kinesis.AtTimestamp {
		var err error
		since, err = kadm.NewClient(t.client).ListOffsetsAfterMilli(ctx, start.Timestamp.UnixMilli(), t.name)
		if err := errors.Join(err, since.Error()); err != nil {
			return nil, fmt.Errorf("ask topic %s where %s begins: %w", t.name, f.from, err)
		}
	}
	var spans []kafka.Span
	for _, e := range extents {
		span := kafka.Span{Topic: t.name, Partition: e.Partition, From: e.First, To: e.Stable, Uncommitted: f.uncommitted}
		if f.uncommitted {
			span.To = e.End
		}
		switch start.Type {
		case kinesis.Latest:
			span.From = e.End
		case kinesis.AtTimestamp:
			span.From = since[t.name][e.Partition].Offset
		case kinesis.AtSequenceNumber:
			if _, err := fmt.Sscan(start.SequenceNumber, &span.From); err != nil || span.From < e.First || span.From > e.End || span.From == e.End && !f.follow {
				return nil, usagef("--from %s: %s", f.from, holds(e, e.End))
			}
		}
		spans = append(spans, span)
	}
	return spans, nil
}

// readOnce prints partition by partition, each to its end.
func (t *topicFound) readOnce(ctx context.Context, spans []kafka.Span, extents []kafka.Extent, stderr io.Writer, printer *topicPrinter) error {
	for i, span := range spans {
		err := kafka.ReadSpan(ctx, t.client, span, func(r *kgo.Record) error { return printer.print(ctx, r) })
		if err != nil {
			return err
		}
		if e := extents[i]; e.Stable < e.End && !span.Uncommitted {
			fmt.Fprintf(stderr, "weir: partition %d: offsets %d to %d wait for the end of a transaction; --uncommitted shows them\n", e.Partition, e.Stable, e.End-1)
		}
	}
	return nil
}

// follow prints what comes, of all partitions.
func (t *topicFound) follow(ctx context.Context, spans []kafka.Span, printer *topicPrinter) error {
	places := map[int32]kgo.Offset{}
	for _, span := range spans {
		places[span.Partition] = kgo.NewOffset().At(span.From)
	}
	isolation := kgo.ReadCommitted()
	if printer.flags.uncommitted {
		isolation = kgo.ReadUncommitted()
	}
	client, err := kgo.NewClient(append(t.cluster.Options(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{t.name: places}), kgo.FetchIsolationLevel(isolation),
	)...)
	if err != nil {
		return fmt.Errorf("kafka client: %w", err)
	}
	defer client.Close()
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		for _, r := range fetches.Records() {
			if err := printer.print(ctx, r); err != nil {
				return err
			}
		}
		for _, failed := range fetches.Errors() {
			if ctx.Err() == nil && !kgo.IsRetryableBrokerErr(failed.Err) && !kerr.IsRetriable(failed.Err) {
				return fmt.Errorf("read topic %s partition %d: %w", failed.Topic, failed.Partition, failed.Err)
			}
		}
	}
	return nil
}

// topicPrinter prints records of a topic.
type topicPrinter struct {
	out     io.Writer
	look    look
	flags   *peekFlags
	values  *valueReader
	printed int
}

// print returns errLimit after the last wanted record.
func (p *topicPrinter) print(ctx context.Context, r *kgo.Record) error {
	text, err := p.text(ctx, r)
	if err == nil {
		_, err = p.out.Write(text)
	}
	if err != nil {
		return fmt.Errorf("print records: %w", err)
	}
	if p.printed++; p.printed == p.flags.limit {
		return errLimit
	}
	return nil
}

func (p *topicPrinter) text(ctx context.Context, r *kgo.Record) ([]byte, error) {
	if p.flags.raw {
		return append(r.Value[:len(r.Value):len(r.Value)], '\n'), nil
	}
	v := p.values.read(ctx, r.Value)
	if p.flags.json {
		line, err := json.Marshal(newJSONRecord(r, v, r.Headers))
		return append(line, '\n'), err
	}
	words := []string{
		fmt.Sprintf("%d/%d", r.Partition, r.Offset), stamp(r.Timestamp), keyText(r.Key),
	}
	if v.schema != 0 {
		words = append(words, fmt.Sprintf("schema %d", v.schema))
	}
	for _, h := range r.Headers {
		words = append(words, brief([]byte(h.Key), headerBytesMax)+"="+brief(h.Value, headerBytesMax))
	}
	return fmt.Appendf(nil, "%s\n%s\n", p.look.paint(faint, strings.Join(words, "  ")), v.text()), nil
}

func keyText(key []byte) string {
	if key == nil {
		return "(no key)"
	}
	return brief(key, headerBytesMax)
}
