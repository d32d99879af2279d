package cloud

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// hookChain is a list of hooks that calls read without a lock.
type hookChain struct {
	mu   sync.Mutex
	list atomic.Pointer[[]*wire.Hook]
}

func newHookChain(hooks []wire.Hook) *hookChain {
	c := &hookChain{}
	list := make([]*wire.Hook, len(hooks))
	for i := range hooks {
		list[i] = &hooks[i]
	}
	c.list.Store(&list)
	return c
}

// add puts h innermost; the returned function takes it out again, for calls
// that start after it returns. Calling it twice is harmless.
func (c *hookChain) add(h wire.Hook) (remove func()) {
	entry := &h
	c.mu.Lock()
	defer c.mu.Unlock()
	list := append(slices.Clone(*c.list.Load()), entry)
	c.list.Store(&list)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		list := slices.DeleteFunc(slices.Clone(*c.list.Load()), func(e *wire.Hook) bool { return e == entry })
		c.list.Store(&list)
	}
}

// run calls the hooks around the operation's handler, outermost first.
func (c *hookChain) run(ctx context.Context, call *wire.Call, op *wire.Operation, in any) (any, error) {
	list := *c.list.Load()
	if len(list) == 0 {
		return op.Handle(ctx, call, in)
	}
	var next func(i int) wire.Next
	next = func(i int) wire.Next {
		return func(ctx context.Context, in any) (any, error) {
			if i == len(list) {
				return op.Handle(ctx, call, in)
			}
			return (*list[i])(ctx, call, in, next(i+1))
		}
	}
	return next(0)(ctx, in)
}
