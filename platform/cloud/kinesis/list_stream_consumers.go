package kinesis

import (
	"context"
	"slices"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// ListStreamConsumers lists a stream's consumers by name.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s; 100 consumers per page by default; tokens live 300 s.

// ListStreamConsumersInput is what ListStreamConsumers takes.
type ListStreamConsumersInput struct {
	StreamARN               *string
	NextToken               *string
	MaxResults              *int
	StreamCreationTimestamp *wire.Timestamp
	StreamID                *string `json:"StreamId"`
}

func (in *ListStreamConsumersInput) ref() StreamRef { return StreamRef{StreamARN: in.StreamARN} }

// ListStreamConsumersOutput is one page.
type ListStreamConsumersOutput struct {
	Consumers []Consumer
	NextToken *string `json:",omitempty"`
}

const listConsumersDefault = 100

// Validate reports every violated constraint.
func (in *ListStreamConsumersInput) Validate() error {
	var v wire.Violations
	required(&v, "streamARN", in.StreamARN)
	StreamRef{StreamARN: in.StreamARN, StreamID: in.StreamID}.checkGiven(&v)
	checkLimit(&v, "maxResults", in.MaxResults, 1, 10_000)
	if in.NextToken != nil {
		checkLength(&v, "nextToken", *in.NextToken, 1, nextTokenMax)
	}
	return v.Err()
}

func (s *Service) listStreamConsumers(_ context.Context, _ *wire.Call, in *ListStreamConsumersInput) (*ListStreamConsumersOutput, error) {
	now := s.now()
	st, err := s.stream(in.ref())
	if err != nil {
		return nil, err
	}
	if in.StreamCreationTimestamp != nil && in.StreamCreationTimestamp.Unix() != st.created.Unix() {
		return nil, errStreamNotFound(st.name, s.cfg.Account)
	}
	after := ""
	if in.NextToken != nil {
		t, err := s.sealer.open(consumersToken, *in.NextToken)
		if err != nil || t.birth != st.birth {
			return nil, errNextToken()
		}
		if now.Sub(t.issued) > tokenTTL {
			return nil, errNextTokenExpired()
		}
		after = t.after
	}
	limit := listConsumersDefault
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	list := slices.DeleteFunc(slices.Clone(st.consumers), func(c *consumer) bool { return c.name <= after })
	slices.SortFunc(list, func(a, b *consumer) int { return strings.Compare(a.name, b.name) })
	out := &ListStreamConsumersOutput{Consumers: []Consumer{}}
	for _, c := range list[:min(limit, len(list))] {
		out.Consumers = append(out.Consumers, c.describe())
	}
	if len(list) > limit {
		next := s.sealer.seal(token{kind: consumersToken, issued: now, birth: st.birth, after: list[limit-1].name})
		out.NextToken = &next
	}
	return out, nil
}
