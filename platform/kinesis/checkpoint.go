package kinesis

import (
	"context"
	"sync"
)

// ShardEnd is the SequenceNumber of a shard that is fully handled.
const ShardEnd = "SHARD_END"

// Checkpoint says up to where a shard has been handled. The zero value means
// that nothing has. It may lie inside an aggregate; which the reader cannot know,
// so it reads the stored record again and passes over what was handled of it.
type Checkpoint struct {
	SequenceNumber string // of the last handled record, or ShardEnd
	SubSequence    int    // of the last handled user record within it
}

// Checkpointer keeps a consumer's progress. A Consumer loads each shard once
// before it first reads it and stores after every handled batch, from one
// goroutine per shard; ctx covers one call. An error that another try may cure is
// retried, and the shard waits meanwhile; any other ends the Consumer's Run.
type Checkpointer interface {
	// Load returns the zero Checkpoint for a shard never stored.
	Load(ctx context.Context, shardID string) (Checkpoint, error)
	Store(ctx context.Context, shardID string, c Checkpoint) error
}

// MemoryCheckpoints keeps checkpoints as long as the process lives.
type MemoryCheckpoints struct {
	mu      sync.Mutex
	byShard map[string]Checkpoint
}

// NewMemoryCheckpoints is empty.
func NewMemoryCheckpoints() *MemoryCheckpoints {
	return &MemoryCheckpoints{byShard: map[string]Checkpoint{}}
}

// Load returns the zero Checkpoint for a shard never stored.
func (m *MemoryCheckpoints) Load(_ context.Context, shardID string) (Checkpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.byShard[shardID], nil
}

// Store never fails.
func (m *MemoryCheckpoints) Store(_ context.Context, shardID string, c Checkpoint) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.byShard[shardID] = c
	return nil
}
