// Package e2e runs weir against real engines in containers: `go tool task e2e`.
// Its tests need the build tag e2e and a container engine on this machine.
package e2e
