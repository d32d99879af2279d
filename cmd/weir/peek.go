package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/kinesis"
)

const peekLong = `Print the records of any Kinesis stream or Kafka topic, decoded, and follow what
comes. The name is looked up in both; where both have one of that name,
--kinesis or --kafka says which. Nothing is taken away from other readers.

Each record of a stream shows its shard, the end of its sequence number, when it
arrived, its partition key, and its data: JSON indented, other text as it is,
anything else in hex. Records that a producer aggregated (KPL format) are shown
one by one, with their place in the aggregate behind its sequence number:
…123456/0, …123456/1. Order holds within a shard. Readers of a stream share its
shards' five reads a second.

Each record of a topic shows PARTITION/OFFSET, when it was written, its key, its
schema where it is Avro, its headers, and its value: Avro decoded, else as above.
No group is joined and no offset committed. Records are shown once their
transaction is committed; --uncommitted shows those of open and aborted ones too,
and cannot tell them apart. Transaction markers are never shown. Order holds
within a partition.

` + topicHelp

const peekExample = `  # Everything that is kept, then what comes
  weir peek location-offers --endpoint http://127.0.0.1:4566

  # Only what comes from now on, ten records of it
  weir peek cab-telemetry --from latest --limit 10

  # What one shard received since eight o'clock, as JSON lines, then stop
  weir peek location-signups --shard shardId-000000000000 --from 2026-01-01T08:00:00Z --no-follow --json

  # One record of a topic
  weir peek cab-activity --partition 3 --from 1044 --limit 1`

type peekFlags struct {
	kinesis     bool
	kafka       bool
	shard       string
	partition   int32
	uncommitted bool

	from     string
	follow   bool
	noFollow bool
	both     bool // --follow and --no-follow were given
	limit    int
	raw      bool
	json     bool
}

func newPeekCommand(g *globals) *cobra.Command {
	f := &peekFlags{}
	cmd := &cobra.Command{
		Use:     "peek STREAM|TOPIC",
		Short:   "Follow the decoded records of any stream or topic",
		Long:    peekLong,
		Example: peekExample,
		Args:    oneArgument("STREAM|TOPIC", "the stream's name or ARN, or the topic's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.both = cmd.Flags().Changed("follow") && f.follow && f.noFollow
			return peek(cmd, g, f, args[0])
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.kinesis, "kinesis", false, "look for a stream only")
	flags.BoolVar(&f.kafka, "kafka", false, "look for a topic only")
	flags.StringVar(&f.shard, "shard", "", "of a stream, read only this shard (default: all, children after their parents)")
	flags.Int32Var(&f.partition, "partition", anyPartition, "of a topic, read only this partition; -1 reads all")
	flags.BoolVar(&f.uncommitted, "uncommitted", false, "of a topic, show records of open and aborted transactions too")
	flags.StringVar(&f.from, "from", "trim-horizon", "trim-horizon or earliest, latest, a time in RFC 3339, or,\nwith --shard, a sequence number, with --partition, an offset")
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
	case "trim-horizon", "earliest":
		return kinesis.Position{Type: kinesis.TrimHorizon}, nil
	case "latest":
		return kinesis.Position{Type: kinesis.Latest}, nil
	}
	if isDigits(f.from) {
		if f.shard == "" && f.partition == anyPartition {
			return kinesis.Position{}, errors.New("--from NUMBER is a place in one shard or partition; name it with --shard or --partition")
		}
		return kinesis.Position{Type: kinesis.AtSequenceNumber, SequenceNumber: f.from}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, f.from)
	if err != nil {
		return kinesis.Position{}, fmt.Errorf("--from %q: want trim-horizon, earliest, latest, a time such as 2026-01-01T08:00:00Z, a sequence number or an offset", f.from)
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
	if f.shard != "" || f.kinesis {
		f.kinesis = true
		if f.kafka || f.partition != anyPartition || f.uncommitted {
			problems = append(problems, errors.New("--kinesis and --shard are of streams, --kafka, --partition and --uncommitted of topics: they exclude each other"))
		}
	}
	f.kafka = f.kafka || f.partition != anyPartition || f.uncommitted
	if f.partition < anyPartition {
		problems = append(problems, fmt.Errorf("--partition %d: want 0 or more", f.partition))
	}
	if f.limit < 0 {
		problems = append(problems, fmt.Errorf("--limit %d: want 0 or more", f.limit))
	}
	if f.raw && f.json {
		problems = append(problems, errors.New("--raw and --json exclude each other"))
	}
	if f.both {
		problems = append(problems, errors.New("--follow and --no-follow exclude each other"))
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

func peek(cmd *cobra.Command, g *globals, f *peekFlags, name string) error {
	start, err := f.check(g)
	if err != nil {
		return err
	}
	base := baseConfig(g.region, g.endpoint, g.trust)
	var client *awskinesis.Client
	var topic *topicFound
	if !f.kafka {
		client = awskinesis.NewFromConfig(base)
	}
	err = lookUp(cmd.Context(), name, func(ctx context.Context) error {
		if client == nil {
			return errNotAsked
		}
		return findStream(ctx, client, name, g.endpoint)
	}, func(ctx context.Context) (err error) {
		if f.kinesis || strings.HasPrefix(name, "arn:") {
			return errNotAsked
		}
		topic, err = findTopic(ctx, base, name)
		return err
	})
	if topic != nil {
		defer topic.close()
	}
	switch {
	case cmd.Context().Err() != nil:
		return nil
	case err != nil:
		return err
	case topic != nil:
		return topic.peek(cmd, f, start)
	}
	return peekStream(cmd, g, f, start, client, name)
}

func peekStream(cmd *cobra.Command, g *globals, f *peekFlags, start kinesis.Position, client *awskinesis.Client, stream string) error {
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
