package cloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// backgroundStopMax is how long services get to end after the last call.
const backgroundStopMax = 10 * time.Second

// Run serves HTTP/1.1 and HTTP/2, over TLS or with prior knowledge, and runs the
// services' background work until ctx ends. Then it stops accepting, ends long
// polls and streams, finishes the calls in hand within DrainMax, stops the
// background work, so that nothing a call relies on is gone before it, and
// closes the data directory last. It may be called once.
func (c *Cloud) Run(ctx context.Context) (err error) {
	defer c.authority.remove()
	defer func() { err = errors.Join(err, c.data.Close()) }()
	calls, cancelCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelCalls()
	work, cancelWork := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelWork()

	server := c.server(calls)
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error {
		listener := c.listener
		if c.authority != nil {
			listener = tlsListener{listener, c.authority.config()}
		}
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("cloud serves %s: %w", c.Endpoint(), err)
		}
		return nil
	})
	ended := make(chan struct{}, len(c.background))
	for _, b := range c.background {
		group.Go(func() error {
			defer func() { ended <- struct{}{} }()
			if err := b.run(work); err != nil && !errors.Is(err, context.Canceled) {
				return fmt.Errorf("cloud service %s: %w", b.name, err)
			}
			return nil
		})
	}
	stopped := make(chan error, 1)
	go func() {
		<-groupCtx.Done()
		c.drain(server, cancelCalls)
		cancelWork()
		stopped <- c.awaitBackground(ended)
	}()
	if err := <-stopped; err != nil {
		return err // a service hangs: group.Wait would too
	}
	return group.Wait()
}

func (c *Cloud) server(calls context.Context) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // over TLS too, see tlsListener
	return &http.Server{
		Handler:           c,
		Protocols:         protocols,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 1000},
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(c.log.Handler(), slog.LevelDebug), // what peers do wrong
		BaseContext:       func(net.Listener) context.Context { return calls },
		ConnContext:       withTLS,
	}
}

// drain finishes the calls in hand; what is left after DrainMax is cut off.
func (c *Cloud) drain(server *http.Server, cancelCalls context.CancelFunc) {
	close(c.draining)
	patience, cancel := context.WithTimeout(context.Background(), c.cfg.DrainMax)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		cancelCalls()
		server.Close()
	}
}

func (c *Cloud) awaitBackground(ended <-chan struct{}) error {
	patience := c.wall.NewTimer(backgroundStopMax)
	defer patience.Stop()
	for range c.background {
		select {
		case <-ended:
		case <-patience.C:
			return fmt.Errorf("cloud: a service did not stop within %s", backgroundStopMax)
		}
	}
	return nil
}
