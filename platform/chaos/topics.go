package chaos

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// poisonTopic puts records that are neither Avro nor JSON nor UTF-8. Their keys
// spread them over the partitions.
func (e *Engine) poisonTopic(ctx context.Context, f Planned) error {
	rng := f.random()
	for i := range f.Records {
		put, err := e.cfg.Kafka.ProduceSync(ctx, &kgo.Record{
			Topic: f.On.Name, Key: fmt.Appendf(nil, "poison-%016x", rng.Uint64()),
			Value: fmt.Appendf(nil, "\xff\x00weir poison %d of %s", i+1, e.cfg.Mark),
		}).First()
		if err != nil {
			return fmt.Errorf("put poison on topic %s: %w", f.On.Name, err)
		}
		e.mu.Lock()
		e.poisoned = append(e.poisoned, Poisoned{
			Topic: put.Topic, Partition: put.Partition, Offset: put.Offset, OnFailure: f.On.OnFailure,
		})
		e.mu.Unlock()
	}
	return nil
}
