// Command bootstrap is every Lambda function of weir in one program, to be
// deployed as the file "bootstrap" of a zip with runtime provided.al2023. The
// function's Handler setting names which one it is:
//
//	CGO_ENABLED=0 GOOS=linux go build -tags lambda.norpc -ldflags "-s -w" -o bootstrap ./cmd/bootstrap
//	zip function.zip bootstrap
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/weirstream/weir/scenarios/functions"
)

func main() {
	handler, err := find(context.Background(), os.Getenv("_HANDLER"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "bootstrap:", err)
		os.Exit(1)
	}
	lambda.Start(handler) // ends the process itself
}

// find builds the function that Lambda was told to run.
func find(ctx context.Context, name string) (any, error) {
	all := functions.All()
	build, known := all[name]
	if !known {
		return nil, fmt.Errorf("_HANDLER is %q; set the function's handler to one of %s",
			name, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
	handler, err := build(ctx)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return handler, nil
}
