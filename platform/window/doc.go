// Package window computes over windows of event time, keyed: how many events a
// zone had in a minute, what a truck's engine did in the last ten seconds. It
// is a library without I/O and without a clock. A caller feeds it events and
// watermarks and writes what it emits; docs/windows.md tells what that means.
//
// Guarantee: what an [Engine] emits is a function of its configuration and of
// the Add and Advance calls made on it, bit for bit and in order. So a caller
// that writes results, [Engine.Changes] and its position in the input in one
// transaction, and restores from what was committed, gives every result exactly
// once, wherever it is killed. It breaks where the three are not written
// together, where an accumulator depends on something else than its events, and
// where a float sum is taken in another order: [Stats] sums integers.
//
// Instants are Unix milliseconds, because that is what events and Kafka records
// carry and because they are cheap to compare; time.UnixMilli and
// Time.UnixMilli lead there and back. All are simulated time wherever a
// simulated clock drives the input: the package never asks what time it is.
package window
