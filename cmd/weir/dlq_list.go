package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/kafka"
)

const (
	reasonsMax   = 200 // distinct ones of a class that are counted apart
	reasonsShown = 3   // of a class
)

const dlqListLong = `List the topics of dead letters, or those named, with how many letters each has,
how many of them were replayed, the topics that they came from, and for each
error class its reasons. It reads all letters that are kept. Times are those of
first failures.

` + topicHelp

func newDLQListCommand(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [TOPIC…]",
		Short: "List topics of dead letters, with counts by reason",
		Long:  dlqListLong,
		Example: `  weir dlq list
  weir dlq list cab-telemetry
  weir dlq list --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := (&letterFlags{partition: anyPartition, offset: anyOffset}).check(g); err != nil {
				return err
			}
			t, err := g.openTopics(cmd, "dlq")
			if err != nil {
				return err
			}
			defer t.close()
			if err := t.list(cmd, args, asJSON); cmd.Context().Err() == nil {
				return err
			}
			return interrupted("not all letters were counted")
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write one JSON object per topic")
	g.addEndpoint(cmd)
	return cmd
}

func (t *topicTarget) list(cmd *cobra.Command, topics []string, asJSON bool) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	if len(topics) == 0 {
		names, err := t.names(ctx)
		if err != nil {
			return err
		}
		if topics = letterTopics(names); len(topics) == 0 {
			fmt.Fprintln(cmd.ErrOrStderr(), "weir: no topic's name ends in "+kafka.DeadLetterSuffix)
			return nil
		}
	}
	for i, name := range topics {
		tally, err := t.tally(ctx, name)
		if err != nil {
			return err
		}
		if asJSON {
			if err := json.NewEncoder(out).Encode(tally); err != nil {
				return err
			}
			continue
		}
		if i > 0 {
			fmt.Fprintln(out)
		}
		tally.print(out)
	}
	return nil
}

// letterCount counts letters of one kind.
type letterCount struct {
	Letters  int        `json:"letters"`
	Replayed int        `json:"replayed"`
	Oldest   *time.Time `json:"oldest,omitempty"`
	Newest   *time.Time `json:"newest,omitempty"`
}

func (c *letterCount) count(at time.Time, replayed bool) {
	c.Letters++
	if replayed {
		c.Replayed++
	}
	at = at.UTC()
	if c.Oldest == nil || at.Before(*c.Oldest) {
		c.Oldest = &at
	}
	if c.Newest == nil || at.After(*c.Newest) {
		c.Newest = &at
	}
}

// letterTally is what one topic of dead letters holds.
type letterTally struct {
	Topic string `json:"topic"`
	letterCount
	Origins map[string]int `json:"origins,omitempty"` // letters by topic that they came from
	Classes []*classTally  `json:"classes,omitempty"` // most letters first
}

type classTally struct {
	Class string `json:"class"`
	letterCount
	Reasons []reasonTally `json:"reasons,omitempty"` // most letters first
	Others  int           `json:"others,omitempty"`  // letters of reasons that are not listed

	reasons map[string]int
}

type reasonTally struct {
	Reason  string `json:"reason"`
	Letters int    `json:"letters"`
}

func (t *topicTarget) tally(ctx context.Context, name string) (*letterTally, error) {
	topic, extents, err := t.findLetters(ctx, name)
	if err != nil {
		return nil, err
	}
	replayed, err := kafka.ListReplayed(ctx, t.client, topic, extents)
	if err != nil {
		return nil, err
	}
	all := &letterTally{Topic: topic, Origins: map[string]int{}}
	classes := map[string]*classTally{}
	err = kafka.ReadDeadLetters(ctx, t.client, topic, extents, func(d kafka.DeadLetter) error {
		at := d.FirstSeen
		if at.IsZero() {
			at = d.Record.Timestamp
		}
		again := replayed.Has(kafka.Place{Partition: d.Record.Partition, Offset: d.Record.Offset})
		all.count(at, again)
		all.Origins[cmp.Or(d.OriginTopic, "unknown")]++
		class := classes[d.ErrorClass]
		if class == nil {
			class = &classTally{Class: cmp.Or(d.ErrorClass, "unknown"), reasons: map[string]int{}}
			classes[d.ErrorClass] = class
		}
		class.count(at, again)
		if _, known := class.reasons[d.Reason]; known || len(class.reasons) < reasonsMax {
			class.reasons[d.Reason]++
		}
		return nil
	})
	all.Classes = slices.SortedFunc(maps.Values(classes), func(a, b *classTally) int {
		return cmp.Or(b.Letters-a.Letters, cmp.Compare(a.Class, b.Class))
	})
	for _, class := range all.Classes {
		class.rank()
	}
	return all, err
}

// rank keeps the most frequent reasons.
func (c *classTally) rank() {
	for reason, n := range c.reasons {
		c.Reasons = append(c.Reasons, reasonTally{reason, n})
	}
	slices.SortFunc(c.Reasons, func(a, b reasonTally) int { return cmp.Or(b.Letters-a.Letters, cmp.Compare(a.Reason, b.Reason)) })
	c.Reasons = c.Reasons[:min(len(c.Reasons), reasonsShown)]
	c.Others = c.Letters
	for _, r := range c.Reasons {
		c.Others -= r.Letters
	}
}

func (t *letterTally) print(out io.Writer) {
	l := lookOf(out)
	if t.Letters == 0 {
		l.line(out, 2, "%s  no letters", t.Topic)
		return
	}
	l.line(out, 2, "%s  %s, %d of them replayed", t.Topic, letters(t.Letters), t.Replayed)
	for _, origin := range slices.Sorted(maps.Keys(t.Origins)) {
		l.line(out, 4, "  from %s: %d", brief([]byte(origin), headerBytesMax), t.Origins[origin])
	}
	rows := [][]string{{"error class", "letters", "replayed", "oldest", "newest"}}
	for _, c := range t.Classes {
		rows = append(rows, []string{brief([]byte(c.Class), headerBytesMax), strconv.Itoa(c.Letters), strconv.Itoa(c.Replayed), stamp(*c.Oldest), stamp(*c.Newest)})
	}
	table(out, rows)
	for _, c := range t.Classes {
		for _, r := range c.Reasons {
			l.line(out, 6, "    %d × %s", r.Letters, cmp.Or(onOneLine(r.Reason), "(no reason given)"))
		}
		if c.Others > 0 {
			l.line(out, 6, "    %d × other reasons of %s", c.Others, brief([]byte(c.Class), headerBytesMax))
		}
	}
}
