package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/kafka"
)

const dlqLong = `Look at dead letters and put them back. A record that can never be handled, or
failed too often, goes to the topic of its topic's name with .dlq behind it: key,
value and headers as they were, and headers that say why, where it came from,
how often it was tried and when it first failed.

` + topicHelp

func newDLQCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dlq",
		Short: "List, show and replay dead letters of Kafka topics",
		Long:  dlqLong,
		Example: `  # Which topics have dead letters, and why
  weir dlq list

  # Look at the first ones
  weir dlq show cab-telemetry.dlq

  # After the cause is mended: what would be put back, then do it
  weir dlq replay cab-telemetry.dlq --all
  weir dlq replay cab-telemetry.dlq --all --yes`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDLQListCommand(g), newDLQShowCommand(g), newDLQReplayCommand(g))
	return cmd
}

// letterFlags choose dead letters of one topic.
type letterFlags struct {
	partition int32
	offset    int64
	reason    string
	class     string
	limit     int
}

const anyOffset = -1

func (f *letterFlags) add(cmd *cobra.Command, limit int, limitHelp string) {
	flags := cmd.Flags()
	flags.Int32Var(&f.partition, "partition", anyPartition, "only letters on this partition of the topic of dead letters; -1 means all")
	flags.Int64Var(&f.offset, "offset", anyOffset, "only the letter at this offset of --partition; -1 means all")
	flags.StringVar(&f.class, "class", "", "only letters of this error class")
	flags.StringVar(&f.reason, "reason", "", "only letters whose reason contains this")
	flags.IntVar(&f.limit, "limit", limit, limitHelp)
}

// check says every problem of the flags at once.
func (f *letterFlags) check(g *globals, more ...error) error {
	problems := append(more, g.checkEndpoint(), g.checkRegion())
	if f.partition < anyPartition {
		problems = append(problems, fmt.Errorf("--partition %d: want 0 or more", f.partition))
	}
	switch {
	case f.offset < anyOffset:
		problems = append(problems, fmt.Errorf("--offset %d: want 0 or more", f.offset))
	case f.offset != anyOffset && f.partition == anyPartition:
		problems = append(problems, fmt.Errorf("--offset %d is a place in one partition; name it with --partition", f.offset))
	}
	if f.limit < 0 {
		problems = append(problems, fmt.Errorf("--limit %d: want 0 or more", f.limit))
	}
	if err := errors.Join(problems...); err != nil {
		return &usageError{err: err}
	}
	return nil
}

// chosen narrows extents to where the letters may lie.
func (f *letterFlags) chosen(extents []kafka.Extent) ([]kafka.Extent, error) {
	extents, err := pickPartition(extents, f.partition)
	if err != nil || f.offset == anyOffset {
		return extents, err
	}
	e := extents[0]
	if f.offset < e.First || f.offset >= e.Stable {
		return nil, usagef("--offset %d: %s", f.offset, holds(e, e.Stable))
	}
	e.First, e.Stable = f.offset, f.offset+1
	return []kafka.Extent{e}, nil
}

// matches is true for letters that the flags choose.
func (f *letterFlags) matches(d kafka.DeadLetter) bool {
	return (f.partition == anyPartition || d.Record.Partition == f.partition) &&
		(f.offset == anyOffset || d.Record.Offset == f.offset) &&
		(f.class == "" || d.ErrorClass == f.class) && strings.Contains(d.Reason, f.reason)
}

// findLetters opens the topic of dead letters that name, or the topic of that
// name, has.
func (t *topicTarget) findLetters(ctx context.Context, name string) (topic string, extents []kafka.Extent, err error) {
	topic = name
	if !strings.HasSuffix(name, kafka.DeadLetterSuffix) {
		topic = kafka.DeadLetterTopic(name)
	}
	extents, err = t.find(ctx, topic)
	if missing, ok := errors.AsType[*missingError](err); ok {
		missing.what, missing.others = "topic of dead letters", letterTopics(missing.others)
	}
	return topic, extents, err
}

// letterTopics are those of dead letters.
func letterTopics(names []string) []string {
	var letters []string
	for _, name := range names {
		if strings.HasSuffix(name, kafka.DeadLetterSuffix) {
			letters = append(letters, name)
		}
	}
	return letters
}

// interrupted is what remains to be said after Ctrl-C.
func interrupted(format string, args ...any) error {
	return &exitError{code: exitInterrupted, err: fmt.Errorf("interrupted: "+format, args...)}
}
