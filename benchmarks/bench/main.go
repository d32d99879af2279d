// Command bench measures weir against what bounds it, on one machine in one
// run: every figure that matters is a ratio of two measurements taken in turns,
// because machines differ and shared ones are noisy.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

const usage = `Measure weir's embedded cloud and clients, without AWS's quotas.

  go run ./benchmarks/bench                 every measurement, about a minute
  go run ./benchmarks/bench -only put,get   some of them
  go run ./benchmarks/bench -round 5s -rounds 5

`

func main() {
	if len(os.Args) == 2 && (os.Args[1] == serveCeiling || os.Args[1] == serveCloud) {
		if err := serve(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(2)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

// options of one invocation.
type options struct {
	round  time.Duration // how long one round of a measurement lasts
	rounds int           // how many rounds; the median counts
}

// row is one line of the result.
type row struct {
	what, got, ratio, target string
}

// measurement is one named benchmark; run returns its rows.
type measurement struct {
	name string
	run  func(ctx context.Context, o options) ([]row, error)
}

func measurements() []measurement {
	return []measurement{
		{"put", measurePut},
		{"get", measureGet},
		{"latency", measureLatency},
	}
}

func run(ctx context.Context, args []string) error {
	var o options
	var only string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage); flags.PrintDefaults() }
	flags.DurationVar(&o.round, "round", 2*time.Second, "length of one round")
	flags.IntVar(&o.rounds, "rounds", 3, "rounds of each measurement; the median counts")
	flags.StringVar(&only, "only", "", "comma-separated names: "+names())
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if o.round <= 0 || o.rounds <= 0 || flags.NArg() > 0 {
		return fmt.Errorf("want positive -round and -rounds and no further words, got %v, %d, %q", o.round, o.rounds, flags.Args())
	}
	picked, err := pick(only)
	if err != nil {
		return err
	}
	fmt.Printf("%s/%s, %d CPUs, %s; rounds of %v in turns, median of %d; client and server share the machine\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), o.round, o.rounds)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "what\tgot\tratio\ttarget")
	for _, m := range picked {
		fmt.Fprintf(os.Stderr, "measuring %s\n", m.name)
		rows, err := m.run(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		for _, r := range rows {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", r.what, r.got, r.ratio, r.target)
		}
	}
	return out.Flush()
}

func names() string {
	var list []string
	for _, m := range measurements() {
		list = append(list, m.name)
	}
	return strings.Join(list, ", ")
}

func pick(only string) ([]measurement, error) {
	all := measurements()
	if only == "" {
		return all, nil
	}
	var picked []measurement
	for _, name := range strings.Split(only, ",") {
		i := slices.IndexFunc(all, func(m measurement) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no measurement %q; there are %s", name, names())
		}
		picked = append(picked, all[i])
	}
	return picked, nil
}

// median of a non-empty list.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// thousands prints a rate of records.
func thousands(perSecond float64) string { return fmt.Sprintf("%.0f k rec/s", perSecond/1000) }
