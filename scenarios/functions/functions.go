// Package functions is the one list of Lambda handlers. Two mains run it: the
// command line's `weir lambda NAME`, which the embedded cloud starts as a child
// process, and cmd/bootstrap, the zip to deploy. It must stay light: whatever
// it imports is in every function's memory.
package functions

import (
	"context"

	"github.com/weirstream/weir/scenarios/location/offers"
)

// Constructor reads the environment and returns a handler for lambda.Start. It
// is called once per process.
type Constructor func(ctx context.Context) (handler any, err error)

// All are the handlers by name.
func All() map[string]Constructor {
	return map[string]Constructor{
		"location-offers": offers.NewHandler,
	}
}
