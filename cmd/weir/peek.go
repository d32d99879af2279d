package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/kinesis"
)

const peekLong = `Print the records of any stream, decoded, shard by shard, and follow what comes.

Each record shows its shard, the end of its sequence number, when it arrived,
its partition key, and its data: JSON indented, other text as it is, anything
else in hex. Records that a producer aggregated (KPL format) are shown one by
one, with their place in the aggregate behind its sequence number: …123456/0,
…123456/1. Order holds within a shard. Reading takes nothing away from other
readers but their share of the shard's five reads a second.`

const peekExample = `  # Everything that is kept, then what comes
  weir peek location-offers --endpoint http://127.0.0.1:4566

  # Only what comes from now on, ten records of it
  weir peek location-signups --from latest --limit 10

  # What one shard received since eight o'clock, as JSON lines, then stop
  weir peek location-signups --shard shardId-000000000000 --from 2026-01-01T08:00:00Z --no-follow --json`

type peekFlags struct {
	shard    string
	from     string
	follow   bool
	noFollow bool
	limit    int
	raw      bool
	json     bool
}

func newPeekCommand(g *globals) *cobra.Command {
	f := &peekFlags{}
	cmd := &cobra.Command{
		Use:     "peek STREAM",
		Short:   "Follow the decoded records of any stream",
		Long:    peekLong,
		Example: peekExample,
		Args:    oneArgument("STREAM", "the stream's name or ARN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return peek(cmd, g, f, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.shard, "shard", "", "read only this shard (default: all, children after their parents)")
	flags.StringVar(&f.from, "from", "trim-horizon", "trim-horizon, latest, a time in RFC 3339, or, with --shard, a sequence number")
	flags.BoolVar(&f.follow, "follow", true, "keep waiting for new records")
	flags.BoolVar(&f.noFollow, "no-follow", false, "stop at the end of what is there")
	flags.IntVar(&f.limit, "limit", 0, "stop after so many records; 0 means never")
	flags.BoolVar(&f.raw, "raw", false, "write nothing but the data, one record per line")
	flags.BoolVar(&f.json, "json", false, "write one JSON object per record")
	g.addEndpoint(cmd)
	return cmd
}

// position reads --from.
func (f *peekFlags) position() (kinesis.Position, error) {
	switch strings.ToLower(strings.ReplaceAll(f.from, "_", "-")) {
	case "trim-horizon":
		return kinesis.Position{Type: kinesis.TrimHorizon}, nil
	case "latest":
		return kinesis.Position{Type: kinesis.Latest}, nil
	}
	if isDigits(f.from) {
		if f.shard == "" {
			return kinesis.Position{}, errors.New("--from SEQUENCE is a place in one shard; name it with --shard")
		}
		return kinesis.Position{Type: kinesis.AtSequenceNumber, SequenceNumber: f.from}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, f.from)
	if err != nil {
		return kinesis.Position{}, fmt.Errorf("--from %q: want trim-horizon, latest, a time such as 2026-01-01T08:00:00Z, or a sequence number", f.from)
	}
	if at.After(time.Now()) {
		return kinesis.Position{}, fmt.Errorf("--from %s is still to come; latest waits for what comes", f.from)
	}
	return kinesis.Position{Type: kinesis.AtTimestamp, Timestamp: at}, nil
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// check says every problem of the flags at once.
func (f *peekFlags) check(g *globals) (kinesis.Position, error) {
	start, err := f.position()
	problems := []error{err, g.checkEndpoint(), g.checkRegion()}
	if f.limit < 0 {
		problems = append(problems, fmt.Errorf("--limit %d: want 0 or more", f.limit))
	}
	if f.raw && f.json {
		problems = append(problems, errors.New("--raw and --json exclude each other"))
	}
	if f.noFollow {
		f.follow = false
	}
	if err == nil && !f.follow && start.Type == kinesis.Latest {
		problems = append(problems, errors.New("--from latest waits for what comes, so it excludes --no-follow"))
	}
	if err := errors.Join(problems...); err != nil {
		return kinesis.Position{}, &usageError{err: err}
	}
	return start, nil
}

func peek(cmd *cobra.Command, g *globals, f *peekFlags, stream string) error {
	start, err := f.check(g)
	if err != nil {
		return err
	}
	client := awskinesis.NewFromConfig(baseConfig(g.region, g.endpoint, g.trust))
	if err := findStream(cmd.Context(), client, stream, g.endpoint); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	config := kinesis.ConsumerConfig{Stream: stream, Start: start, Logger: g.logger(cmd)}
	var api kinesis.API = client
	if f.shard != "" {
		config.Shards = []string{f.shard}
	}
	if !f.follow {
		api = newTipWatch(client, f.shard, stop)
		config.PollInterval = 200 * time.Millisecond
	}
	printer := newRecordPrinter(cmd.OutOrStdout(), f, stop)
	consumer, err := kinesis.NewConsumer(api, config, printer.handle)
	if err != nil {
		return err
	}
	if err := consumer.Run(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("peek %s: %w", stream, err)
	}
	return printer.failure()
}

// findStream turns the two things that usually go wrong into advice.
func findStream(ctx context.Context, client *awskinesis.Client, stream, endpoint string) error {
	in := &awskinesis.DescribeStreamSummaryInput{StreamName: &stream}
	if strings.HasPrefix(stream, "arn:") {
		in = &awskinesis.DescribeStreamSummaryInput{StreamARN: &stream}
	}
	_, err := client.DescribeStreamSummary(ctx, in, func(o *awskinesis.Options) { o.RetryMaxAttempts = 1 })
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		there := "there is none yet"
		if list, err := client.ListStreams(ctx, &awskinesis.ListStreamsInput{Limit: aws.Int32(20)}); err == nil && len(list.StreamNames) > 0 {
			there = "there are " + strings.Join(list.StreamNames, ", ")
		}
		return fmt.Errorf("no stream %q at %s; %s", stream, endpoint, there)
	case err != nil && ctx.Err() == nil:
		return fmt.Errorf("ask %s about stream %s: %w", endpoint, stream, unanswered(err))
	}
	return err
}
