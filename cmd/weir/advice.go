package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/spf13/cobra"
)

// oneArgument wants exactly one argument and says what it is when it is not there.
func oneArgument(name, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usagef("%s is missing: %s", name, what)
		case len(args) > 1:
			return usagef("%s takes one %s, got %d arguments", cmd.CommandPath(), name, len(args))
		}
		return nil
	}
}

// noArguments wants no arguments.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// unanswered adds the remedy to an error of a call to which nothing answered.
func unanswered(err error) error {
	var dial *net.OpError
	if errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &dial) && dial.Op == "dial" {
		return fmt.Errorf("nothing answers there; start `weir cloud` or give the right --endpoint (%w)", err)
	}
	return err
}
