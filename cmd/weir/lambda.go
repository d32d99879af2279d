package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/weirstream/weir/scenarios/functions"
)

// runLambda serves one of the functions built into this binary until the
// cloud that started it ends it.
func runLambda(args []string, stderr io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(stderr, "weir lambda: want one handler name; the cloud starts this, people do not")
		return exitUsage
	}
	if err := knowsHandler(args[0]); err != nil {
		fmt.Fprintln(stderr, "weir lambda:", err)
		return exitUsage
	}
	handler, err := functions.All()[args[0]](context.Background())
	if err != nil {
		fmt.Fprintf(stderr, "weir lambda: start %s: %v\n", args[0], err)
		return exitFailed
	}
	lambda.Start(handler) // ends the process itself
	return exitPass
}

// knowsHandler names what there is when name is not there.
func knowsHandler(name string) error {
	all := functions.All()
	if _, known := all[name]; !known {
		return fmt.Errorf("no handler %q is built in; there are %s", name, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
	return nil
}
