package kafka

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// controller is the broker that kfake has for it; it elects no other.
const controller = brokers - 1

// ErrController is returned for the loss of the broker that creates topics:
// kfake does not hand its duty to another.
var ErrController = fmt.Errorf("broker %d is the controller, and stays", controller)

// LoseBroker takes a broker away: its clients are cut off, others lead its
// partitions and coordinate its groups. After lasts, or by Undo, it is back on
// its port; 0 lasts until Undo. With less than two brokers left, writes with
// acks=all are refused, as min.insync.replicas 2 demands.
func (f Faults) LoseBroker(id int32, lasts time.Duration) (*Active, error) {
	return f.begin(Span{For: lasts}, func(c *cluster) (*Active, error) {
		if err := c.lose(id); err != nil {
			return nil, err
		}
		back := make(chan struct{})
		var once sync.Once
		undo := func() { once.Do(func() { close(back); c.restore(id) }) }
		if lasts > 0 {
			f.service.faults.Go(func() {
				timer := c.wall.NewTimer(lasts)
				defer timer.Stop()
				select {
				case <-timer.C:
					undo()
				case <-back:
				case <-f.service.life.Done():
				}
			})
		}
		return &Active{undo: undo, hits: func() int { return 1 }}, nil
	})
}

func (c *cluster) lose(id int32) error {
	switch {
	case id == controller:
		return ErrController
	case id < 0 || id > controller:
		return fmt.Errorf("broker %d: %w", id, ErrNothing)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone[id] {
		return fmt.Errorf("broker %d is gone already: %w", id, ErrNothing)
	}
	if err := c.RemoveNode(id); err != nil {
		return fmt.Errorf("take broker %d away: %w", id, err)
	}
	c.gone[id] = true
	if len(c.gone) > 1 && c.starved == nil {
		c.starved = c.Fault(kfake.Fault{
			Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, When: wantsAllReplicas, Count: -1,
		})
	}
	return nil
}

// restore brings a broker back on the port that its gate kept.
func (c *cluster) restore(id int32) {
	err := c.alive(func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if _, _, err := c.AddNode(id, c.gates[id].port()); err != nil {
			return err
		}
		delete(c.gone, id)
		if c.starved != nil {
			c.starved.Remove()
			c.starved = nil
		}
		return nil
	})
	if err != nil && !errors.Is(err, ErrClosed) {
		c.log.Error("kafka: a broker does not come back", "broker", id, "error", err)
	}
}
