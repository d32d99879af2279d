// Command weir runs, serves, breaks and grades streaming scenarios.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes are a public contract: CI gates and scripts branch on them.
const (
	exitPass        = 0
	exitFailed      = 1   // the run worked and its verdict is a failure
	exitUsage       = 2   // usage or environment: nothing was graded
	exitInterrupted = 130 // interrupted before anything could be graded, or a second time
)

func main() {
	// The embedded cloud starts functions as `weir lambda NAME`. They go first,
	// so that a cold start pays for neither the command line nor the cloud.
	if len(os.Args) > 1 && os.Args[1] == "lambda" {
		os.Exit(runLambda(os.Args[2:], os.Stderr))
	}
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute runs one command line and returns its exit code.
func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := withSignals(context.Background(), stderr)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	return report(cmd, err, stderr)
}

// exitError is an error that knows the exit code it deserves. Any other error
// is one of usage or environment.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// failedVerdict is returned by commands whose run was graded and did not pass.
// The verdict has already been printed; the message is its one-line summary.
func failedVerdict(format string, args ...any) error {
	return &exitError{code: exitFailed, err: fmt.Errorf(format, args...)}
}

// report prints err, if any, for a person and returns the exit code.
func report(cmd *cobra.Command, err error, stderr io.Writer) int {
	if err == nil {
		return exitPass
	}
	fmt.Fprintln(stderr, "weir:", err)
	var usage *usageError
	if errors.As(err, &usage) && cmd != nil {
		fmt.Fprintf(stderr, "\nSee `%s --help`.\n", cmd.CommandPath())
	}
	return exitCode(err)
}

// exitCode is what an error deserves: its own code, else usage or environment.
func exitCode(err error) int {
	var exit *exitError
	switch {
	case err == nil:
		return exitPass
	case errors.As(err, &exit):
		return exit.code
	default:
		return exitUsage
	}
}

// usageError is a mistake on the command line; its message says what to do instead.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// withSignals returns a context that the first SIGINT or SIGTERM cancels, so
// that a run drains and is graded; a second one ends the process at once. A
// terminal that is closed counts, too, unless nohup said that it does not.
func withSignals(parent context.Context, stderr io.Writer) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
			return
		}
		for again := range signals {
			if again == syscall.SIGHUP {
				continue // terminal and shell may both say it
			}
			fmt.Fprintln(stderr, "weir: interrupted again, leaving at once")
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
		<-done
	}
}
