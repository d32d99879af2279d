package kinesis

import (
	"context"
	"slices"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// ListStreams lists the account's streams by name. NextToken and
// ExclusiveStartStreamName continue a list; the token wins.
// Ignored: nothing.
// Limits: 5 calls/s; 100 streams per page, whatever Limit says.

// ListStreamsInput is what ListStreams takes.
type ListStreamsInput struct {
	Limit                    *int
	ExclusiveStartStreamName *string
	NextToken                *string
}

// ListStreamsOutput is one page.
type ListStreamsOutput struct {
	StreamNames     []string
	HasMoreStreams  bool
	NextToken       *string `json:",omitempty"`
	StreamSummaries []StreamSummary
}

// StreamSummary is a stream in a list.
type StreamSummary struct {
	StreamName              string
	StreamARN               string
	StreamStatus            string
	StreamModeDetails       StreamModeDetails
	StreamCreationTimestamp wire.Timestamp
}

const (
	listStreamsMax = 100
	nextTokenMax   = 1 << 20
)

// Validate reports every violated constraint.
func (in *ListStreamsInput) Validate() error {
	var v wire.Violations
	checkLimit(&v, "limit", in.Limit, 1, 10_000)
	checkName(&v, "exclusiveStartStreamName", in.ExclusiveStartStreamName)
	if in.NextToken != nil {
		checkLength(&v, "nextToken", *in.NextToken, 1, nextTokenMax)
	}
	return v.Err()
}

func accessListStreams(*wire.Call, *ListStreamsInput) []wire.Access {
	return []wire.Access{{Action: "kinesis:ListStreams", Resource: "*"}}
}

func (s *Service) listStreams(_ context.Context, _ *wire.Call, in *ListStreamsInput) (*ListStreamsOutput, error) {
	now := s.now()
	after := deref(in.ExclusiveStartStreamName)
	if in.NextToken != nil {
		t, err := s.sealer.open(streamsToken, *in.NextToken)
		if err != nil {
			return nil, errNextToken()
		}
		if now.Sub(t.issued) > tokenTTL {
			return nil, errNextTokenExpired()
		}
		after = t.after
	}
	limit := listStreamsMax
	if in.Limit != nil {
		limit = min(limit, *in.Limit)
	}
	streams := slices.DeleteFunc(s.allStreams(now), func(st *stream) bool { return st.name <= after })
	slices.SortFunc(streams, func(a, b *stream) int { return strings.Compare(a.name, b.name) })

	out := &ListStreamsOutput{
		StreamNames:     []string{},
		StreamSummaries: []StreamSummary{},
		HasMoreStreams:  len(streams) > limit,
	}
	for _, st := range streams[:min(limit, len(streams))] {
		st.mu.RLock()
		status, mode := st.status, st.Mode
		st.mu.RUnlock()
		out.StreamNames = append(out.StreamNames, st.name)
		out.StreamSummaries = append(out.StreamSummaries, StreamSummary{
			StreamName:              st.name,
			StreamARN:               st.arn,
			StreamStatus:            status,
			StreamModeDetails:       StreamModeDetails{StreamMode: mode},
			StreamCreationTimestamp: wire.Timestamp{Time: st.created},
		})
	}
	if out.HasMoreStreams {
		next := s.sealer.seal(token{kind: streamsToken, issued: now, after: out.StreamNames[limit-1]})
		out.NextToken = &next
	}
	return out, nil
}
