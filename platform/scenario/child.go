package scenario

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/chaos"
)

// Process is a service that runs in a process of its own.
type Process interface {
	// Ready blocks until the service takes work, has ended, or ctx ends.
	Ready(ctx context.Context) error
	// Stop asks for a clean end, Kill ends the process outright; neither waits.
	Stop() error
	Kill() error
	// Done is closed when the process is gone; Err says then how it ended, nil
	// for a clean end.
	Done() <-chan struct{}
	Err() error
}

// children are the services that a run's faults end and start again. Each runs
// as a process, for nothing less can be killed.
type children map[string]*child

var _ chaos.Services = children(nil)

// child is one of them.
type child struct {
	name    string
	spawn   func() (Process, error)
	started chan struct{} // closed when it takes work for the first time
	ended   chan error    // an end that nobody asked for

	mu      sync.Mutex
	process Process // nil while it is down on purpose
	watches sync.WaitGroup
}

var errNoChildren = errors.New("services cannot be killed or stopped here: nothing starts them as processes")

// adopt has the named services of list run as children.
func (c children) adopt(list []Service, names []string, spawn func(service string) (Process, error)) ([]Service, error) {
	if len(names) > 0 && spawn == nil {
		return nil, errNoChildren
	}
	adopted := make([]Service, len(list))
	copy(adopted, list)
	for _, name := range names {
		found := false
		for i, s := range adopted {
			if s.Name != name {
				continue
			}
			found = true
			kid := &child{
				name: name, started: make(chan struct{}), ended: make(chan error, 1),
				spawn: func() (Process, error) { return spawn(name) },
			}
			c[name] = kid
			adopted[i] = Service{Name: name, Run: kid.run, Ready: kid.ready}
		}
		if !found {
			return nil, fmt.Errorf("the scenario has no service %q to disturb", name)
		}
	}
	return adopted, nil
}

// run keeps the process until ctx ends. It returns an error when the process
// ends and nobody asked for it.
func (c *child) run(ctx context.Context) error {
	defer c.watches.Wait()
	if err := c.start(ctx); err != nil {
		return errors.Join(err, c.end(context.WithoutCancel(ctx), Process.Kill))
	}
	close(c.started)
	select {
	case err := <-c.ended:
		return err
	case <-ctx.Done():
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace-time.Second)
		defer cancel()
		return c.end(limit, Process.Stop)
	}
}

func (c *child) ready(ctx context.Context) error {
	select {
	case <-c.started:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// start starts the process unless it runs, and waits until it takes work.
func (c *child) start(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process != nil {
		return nil
	}
	p, err := c.spawn()
	if err != nil {
		return fmt.Errorf("start service %s: %w", c.name, err)
	}
	c.process = p
	c.watches.Go(func() { c.watch(p) })
	if err := p.Ready(ctx); err != nil {
		return fmt.Errorf("service %s becoming ready: %w", c.name, err)
	}
	return nil
}

// watch reports an end that nobody asked for.
func (c *child) watch(p Process) {
	<-p.Done()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process != p {
		return
	}
	c.process = nil
	err := p.Err()
	if err == nil {
		err = errors.New("without an error")
	}
	select {
	case c.ended <- fmt.Errorf("service %s ended by itself: %w", c.name, err):
	default: // one report is enough
	}
}

// end ends the process if it runs and waits until it is gone; one that does not
// stop is killed.
func (c *child) end(ctx context.Context, how func(Process) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.process
	if p == nil {
		return nil
	}
	c.process = nil
	if err := how(p); err != nil {
		return errors.Join(fmt.Errorf("end service %s: %w", c.name, err), p.Kill())
	}
	select {
	case <-p.Done():
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("service %s does not stop: %w", c.name, ctx.Err()), p.Kill())
	}
}

func (c children) find(name string) (*child, error) {
	if kid := c[name]; kid != nil {
		return kid, nil
	}
	return nil, fmt.Errorf("service %q does not run as a process of its own", name)
}

// Kill implements chaos.Services.
func (c children) Kill(ctx context.Context, name string) error {
	kid, err := c.find(name)
	if err != nil {
		return err
	}
	return kid.end(ctx, Process.Kill)
}

// Stop implements chaos.Services. The process must end without an error.
func (c children) Stop(ctx context.Context, name string) error {
	kid, err := c.find(name)
	if err != nil {
		return err
	}
	return kid.end(ctx, Process.Stop)
}

// Start implements chaos.Services.
func (c children) Start(ctx context.Context, name string) error {
	kid, err := c.find(name)
	if err != nil {
		return err
	}
	return kid.start(ctx)
}
