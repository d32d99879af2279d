package main

import (
	"fmt"
	"os"

	"github.com/weirstream/weir/platform/cloud/lambda"
)

// launcher lets the cloud start this very binary as one of the functions
// built into it.
func launcher() lambda.Launcher { return selfLauncher{} }

type selfLauncher struct{}

// Command is `weir lambda NAME`.
func (selfLauncher) Command(name string) (lambda.Command, error) {
	if err := knowsHandler(name); err != nil {
		return lambda.Command{}, err
	}
	path, err := os.Executable()
	if err != nil {
		return lambda.Command{}, fmt.Errorf("find weir's own binary: %w", err)
	}
	return lambda.Command{Path: path, Args: []string{"lambda", name}}, nil
}
