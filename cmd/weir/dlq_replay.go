package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/kafka"
)

const dlqReplayLong = `Put dead letters back on the topic that they came from, on the partition that they
came from while it exists. Without --yes it only says what it would do.

Key, value and the record's own headers are as they were. What is added counts
attempts (dlq-attempt), tells when the record first failed (dlq-first-seen) and
which letter it was (dlq-replay-of). One that fails again becomes a dead letter
again, with one attempt more.

Letters are never taken out of their topic: replayed ones are marked, and not
chosen again unless --again is given. The marks are the committed offsets of
consumer group weir-dlq-replay, and commit in one transaction with the records:
a replay that is cut off puts nothing back twice, and the same command goes on.
The brokers forget the offsets seven days (offsets.retention.minutes) after a
partition's last replay. Kafka's own tools show and reset them:
kafka-consumer-groups.sh --group weir-dlq-replay.

` + topicHelp

type dlqReplayFlags struct {
	letterFlags
	all   bool
	again bool
	yes   bool
	json  bool
}

func newDLQReplayCommand(g *globals) *cobra.Command {
	f := &dlqReplayFlags{}
	cmd := &cobra.Command{
		Use:   "replay TOPIC",
		Short: "Put dead letters back on the topic that they came from",
		Long:  dlqReplayLong,
		Example: `  # What would be put back, then do it
  weir dlq replay cab-telemetry.dlq --all
  weir dlq replay cab-telemetry.dlq --all --yes

  # One letter, or ten of a kind
  weir dlq replay cab-telemetry.dlq --partition 3 --offset 17 --yes
  weir dlq replay cab-telemetry.dlq --class avro-unknown-schema --limit 10 --yes`,
		Args: oneArgument("TOPIC", "the topic that failed or that of its dead letters"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return dlqReplay(cmd, g, f, args[0])
		},
	}
	f.add(cmd, 0, "only so many letters, the first ones; 0 means all")
	cmd.Flags().BoolVar(&f.all, "all", false, "all letters that were not replayed")
	cmd.Flags().BoolVar(&f.again, "again", false, "also letters that were replayed before")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do it")
	cmd.Flags().BoolVar(&f.json, "json", false, "write one JSON object")
	g.addEndpoint(cmd)
	return cmd
}

// choice checks that the letters were chosen knowingly.
func (f *dlqReplayFlags) choice() error {
	chosen := f.partition != anyPartition || f.class != "" || f.reason != ""
	switch {
	case !f.all && !chosen:
		return errors.New("say which letters: --all, or --partition, --offset, --class, --reason")
	case f.all && chosen:
		return errors.New("--all excludes --partition, --offset, --class and --reason")
	}
	return nil
}

func dlqReplay(cmd *cobra.Command, g *globals, f *dlqReplayFlags, name string) error {
	if err := f.check(g, f.choice()); err != nil {
		return err
	}
	t, err := g.openTopics(cmd, "dlq")
	if err != nil {
		return err
	}
	defer t.close()
	ctx := cmd.Context()
	topic, extents, err := t.findLetters(ctx, name)
	if err == nil {
		_, err = f.chosen(extents)
	}
	var plan *kafka.ReplayPlan
	if err == nil {
		plan, err = kafka.PlanReplay(ctx, t.cluster, topic, kafka.ReplaySelection{Which: f.matches, Again: f.again, Max: f.limit})
	}
	switch {
	case ctx.Err() != nil:
		return interrupted("nothing was put back")
	case err != nil:
		return err
	case f.offset != anyOffset && plan.Letters == 0:
		return f.notThat(plan)
	}
	if !f.json {
		announce(cmd.OutOrStdout(), plan)
	}
	done := 0
	if f.yes && plan.Letters > 0 {
		done, err = plan.Run(ctx)
	}
	return f.conclude(ctx, cmd.OutOrStdout(), plan, done, err)
}

// notThat says why the one letter that was asked for is not put back.
func (f *dlqReplayFlags) notThat(plan *kafka.ReplayPlan) error {
	if plan.Replayed > 0 {
		return usagef("the letter at partition %d offset %d was replayed before; --again repeats it", f.partition, f.offset)
	}
	for problem := range plan.Left {
		return fmt.Errorf("the letter at partition %d offset %d cannot go back: %s", f.partition, f.offset, problem)
	}
	return usagef("no such letter at partition %d offset %d: a transaction's marker is there, nothing any more, or a letter that other flags exclude", f.partition, f.offset)
}

// announce says what a plan will do.
func announce(out io.Writer, plan *kafka.ReplayPlan) {
	l := lookOf(out)
	for _, topic := range slices.Sorted(maps.Keys(plan.To)) {
		l.line(out, 2, "%s → %s: %s", plan.Topic, topic, letters(plan.To[topic]))
	}
	if plan.Replayed > 0 {
		l.line(out, 2, "left out: %s replayed before; --again repeats them", letters(plan.Replayed))
	}
	for _, problem := range slices.Sorted(maps.Keys(plan.Left)) {
		l.line(out, 2, "left out: %s that cannot go back: %s", letters(plan.Left[problem]), problem)
	}
}

func letters(n int) string {
	if n == 1 {
		return "1 letter"
	}
	return fmt.Sprintf("%d letters", n)
}

// replayReport is the result in --json.
type replayReport struct {
	Topic    string         `json:"topic"`
	Chosen   int            `json:"chosen"`           // letters to be put back
	Replayed int            `json:"replayed"`         // of these; 0 in a dry run
	Before   int            `json:"before,omitempty"` // left out, because they were replayed before
	To       map[string]int `json:"to,omitempty"`     // chosen ones by topic
	Left     map[string]int `json:"left,omitempty"`   // left out, by why they cannot go back
	DryRun   bool           `json:"dryRun"`           // nothing was done: --yes was not given
	Error    string         `json:"error,omitempty"`  // what stopped it
}

func (f *dlqReplayFlags) conclude(ctx context.Context, out io.Writer, plan *kafka.ReplayPlan, done int, err error) error {
	if f.json {
		report := replayReport{
			Topic: plan.Topic, Chosen: plan.Letters, Replayed: done, Before: plan.Replayed, To: plan.To, Left: plan.Left, DryRun: !f.yes,
		}
		if err != nil {
			report.Error = err.Error()
		}
		if err := json.NewEncoder(out).Encode(report); err != nil {
			return err
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return interrupted("%d of %s put back; the same command goes on", done, letters(plan.Letters))
	case err != nil:
		return fmt.Errorf("%d of %s put back: %w", done, letters(plan.Letters), err)
	case f.json:
	case plan.Letters == 0:
		fmt.Fprintln(out, "nothing to put back")
	case !f.yes:
		fmt.Fprintln(out, "dry run: nothing was done; --yes does it")
	default:
		fmt.Fprintf(out, "%s put back\n", letters(done))
	}
	return nil
}
