package kinesis

import (
	"context"
	"slices"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// ListShards lists shards by id, filtered. A NextToken carries stream, filter
// and place, and excludes naming the stream again; a filter by horizon or
// latest is judged anew for every page.
// Ignored: StreamId, which AWS reserves.
// Limits: 1,000 calls/s per stream (an older AWS page says 100), 1,000 shards
// per page, tokens live 300 s.

// ListShardsInput is what ListShards takes.
type ListShardsInput struct {
	StreamRef
	NextToken               *string
	ExclusiveStartShardID   *string `json:"ExclusiveStartShardId"`
	MaxResults              *int
	StreamCreationTimestamp *wire.Timestamp
	ShardFilter             *ShardFilter
}

// ShardFilter chooses shards by their life.
type ShardFilter struct {
	Type      *string
	ShardID   *string `json:"ShardId"`
	Timestamp *wire.Timestamp
}

// ListShardsOutput is one page.
type ListShardsOutput struct {
	Shards    []Shard
	NextToken *string `json:",omitempty"`
}

const (
	listShardsPerSecond = 1000
	listShardsMax       = 1000
)

// filterTypes lists the filters; their place in it goes into page tokens.
func filterTypes() []string {
	return []string{"AFTER_SHARD_ID", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON", "AT_LATEST", "AT_TIMESTAMP", "FROM_TIMESTAMP"}
}

// Validate reports every violated constraint.
func (in *ListShardsInput) Validate() error {
	var v wire.Violations
	checkName(&v, "exclusiveStartShardId", in.ExclusiveStartShardID)
	checkLimit(&v, "maxResults", in.MaxResults, 1, 10_000)
	if in.NextToken != nil {
		checkLength(&v, "nextToken", *in.NextToken, 1, nextTokenMax)
	}
	in.checkGiven(&v)
	if f := in.ShardFilter; f != nil {
		if required(&v, "shardFilter.type", f.Type) {
			checkEnum(&v, "shardFilter.type", f.Type, filterTypes()...)
		}
		checkName(&v, "shardFilter.shardId", f.ShardID)
	}
	return v.Err()
}

// accessListShards asks for the action on the stream named or on the token's.
func (s *Service) accessListShards(_ *wire.Call, in *ListShardsInput) []wire.Access {
	access := wire.Access{Action: "kinesis:ListShards", Resource: s.refARN(in.StreamRef)}
	if in.NextToken != nil {
		t, err := s.sealer.open(shardsToken, *in.NextToken)
		if err != nil {
			return nil // leads nowhere
		}
		access.Resource = s.streamARN(t.stream)
	}
	return []wire.Access{access}
}

func (s *Service) listShards(_ context.Context, _ *wire.Call, in *ListShardsInput) (*ListShardsOutput, error) {
	now := s.now()
	st, cursor, err := s.shardCursor(in, now)
	if err != nil {
		return nil, err
	}
	limit := listShardsMax
	if in.MaxResults != nil {
		limit = min(limit, *in.MaxResults)
	}
	st.trim(now)
	st.mu.Lock() // for listCalls
	allowed := st.listCalls.take(now, 1)
	st.mu.Unlock()
	if !allowed {
		return nil, wire.Errorf(codeLimit, "Rate exceeded for stream %s under account %s.", st.name, s.cfg.Account)
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	horizon := st.horizon(now)
	if st.opened.After(horizon) { // a young stream's horizon is its beginning
		horizon = st.opened
	}
	out := &ListShardsOutput{Shards: []Shard{}}
	for _, sh := range st.shards {
		if !cursor.wants(sh, horizon) {
			continue
		}
		if len(out.Shards) == limit {
			next := s.sealer.seal(cursor.token(st, now))
			out.NextToken = &next
			break
		}
		out.Shards = append(out.Shards, sh.describe())
		cursor.after = int64(sh.index)
	}
	return out, nil
}

// shardCursor is a filter and the index of the last shard listed, −1 for none.
type shardCursor struct {
	filter string
	time   time.Time
	after  int64
}

// shardCursor finds the stream and where in its list to go on.
func (s *Service) shardCursor(in *ListShardsInput, now time.Time) (*stream, shardCursor, error) {
	named := in.StreamName != nil || in.StreamARN != nil
	if in.NextToken == nil {
		if !named {
			return nil, shardCursor{}, wire.Errorf(codeInvalidArgument, "Either NextToken or StreamName should be provided.")
		}
		return s.newShardCursor(in)
	}
	switch {
	case named:
		return nil, shardCursor{}, wire.Errorf(codeInvalidArgument, "NextToken and StreamName cannot be provided together.")
	case in.StreamCreationTimestamp != nil:
		return nil, shardCursor{}, wire.Errorf(codeInvalidArgument, "NextToken and StreamCreationTimestamp cannot be provided together.")
	case in.ExclusiveStartShardID != nil:
		return nil, shardCursor{}, wire.Errorf(codeInvalidArgument, "NextToken and ExclusiveStartShardId cannot be provided together.")
	}
	t, err := s.sealer.open(shardsToken, *in.NextToken)
	if err != nil || t.position >= uint64(len(filterTypes())) {
		return nil, shardCursor{}, errNextToken()
	}
	if now.Sub(t.issued) > tokenTTL {
		return nil, shardCursor{}, errNextTokenExpired()
	}
	st, err := s.streamNamed(t.stream)
	if err != nil {
		return nil, shardCursor{}, err
	}
	if st.birth != t.birth {
		return nil, shardCursor{}, errStreamNotFound(t.stream, s.cfg.Account)
	}
	return st, shardCursor{filter: filterTypes()[t.position], time: t.time, after: int64(t.shard)}, nil
}

func (s *Service) newShardCursor(in *ListShardsInput) (*stream, shardCursor, error) {
	cursor := shardCursor{filter: "FROM_TRIM_HORIZON", after: -1}
	start := in.ExclusiveStartShardID
	if f := in.ShardFilter; f != nil {
		cursor.filter = *f.Type
		byID, byTime := cursor.filter == "AFTER_SHARD_ID", cursor.filter == "AT_TIMESTAMP" || cursor.filter == "FROM_TIMESTAMP"
		if byID != (f.ShardID != nil) {
			return nil, cursor, wire.Errorf(codeInvalidArgument, "ShardFilter %s: ShardId belongs to AFTER_SHARD_ID and only to it.", cursor.filter)
		}
		if byTime != (f.Timestamp != nil) {
			return nil, cursor, wire.Errorf(codeInvalidArgument, "ShardFilter %s: Timestamp belongs to AT_TIMESTAMP and FROM_TIMESTAMP and only to them.", cursor.filter)
		}
		if byTime {
			cursor.time = f.Timestamp.Time
		}
		if byID {
			if start != nil {
				return nil, cursor, wire.Errorf(codeInvalidArgument, "ExclusiveStartShardId and ShardFilter AFTER_SHARD_ID cannot be provided together.")
			}
			start = f.ShardID
		}
	}
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, cursor, err
	}
	if in.StreamCreationTimestamp != nil && in.StreamCreationTimestamp.Unix() != st.created.Unix() {
		return nil, cursor, errStreamNotFound(st.name, s.cfg.Account)
	}
	if start != nil {
		index, ok := parseShardID(*start)
		if !ok {
			return nil, cursor, wire.Errorf(codeNotFound, "Could not find shard %s in stream %s under account %s.", *start, st.name, s.cfg.Account)
		}
		cursor.after = int64(index)
	}
	return st, cursor, nil
}

// wants reports whether a listed shard passes the filter.
func (c shardCursor) wants(sh *shard, horizon time.Time) bool {
	if int64(sh.index) <= c.after {
		return false
	}
	sh.mu.Lock()
	closed := sh.closedAt
	sh.mu.Unlock()
	liveAt := func(t time.Time) bool {
		return !sh.opened.After(t) && (closed.IsZero() || !closed.Before(t))
	}
	switch c.filter {
	case "AT_LATEST":
		return closed.IsZero()
	case "AT_TRIM_HORIZON":
		return liveAt(horizon)
	case "AT_TIMESTAMP":
		if c.time.Before(horizon) {
			return liveAt(horizon)
		}
		return liveAt(c.time)
	case "FROM_TIMESTAMP":
		return closed.IsZero() || !closed.Before(c.time)
	default: // FROM_TRIM_HORIZON and AFTER_SHARD_ID: all that are listed
		return true
	}
}

func (c shardCursor) token(st *stream, now time.Time) token {
	return token{
		kind: shardsToken, issued: now, stream: st.name, birth: st.birth,
		shard: uint32(max(0, c.after)), position: uint64(slices.Index(filterTypes(), c.filter)), time: c.time,
	}
}
