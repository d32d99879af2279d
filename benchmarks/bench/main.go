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

const usage = `Measure weir's embedded cloud, clients and scenarios, without AWS's quotas.

  go run ./benchmarks/bench                 every measurement, about fifteen minutes
  go run ./benchmarks/bench -only put,get   some of them
  go run ./benchmarks/bench -round 5s -rounds 5 -for 20s

It needs nothing but Go and this repository. Close what else works on the
machine: where it does not matter, figures are ratios or processor time, but
latencies are what they are.

`

func main() {
	if len(os.Args) >= 2 && strings.HasPrefix(os.Args[1], servePrefix) {
		if err := serve(os.Args[1], os.Args[2:]); err != nil {
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
	run    time.Duration // how long the scenario runs at its highest rate
}

// row is one line of the result. One without a target is there to compare with.
type row struct {
	what, got, ratio, target string
	met                      bool
}

func (r row) verdict() string {
	switch {
	case r.target == "":
		return ""
	case r.met:
		return "PASS"
	}
	return "miss"
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
		{"aggregated", measureAggregated},
		{"latency", measureLatency},
		{"data", measureData},
		{"hop", measureHop},
		{"windows", measureWindows},
		{"close", measureClose},
		{"cab", measureCab},
		{"devices", measureDevices},
		{"location", measureLocation},
	}
}

func run(ctx context.Context, args []string) error {
	var o options
	var only string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage); flags.PrintDefaults() }
	flags.DurationVar(&o.round, "round", 2*time.Second, "length of one round")
	flags.IntVar(&o.rounds, "rounds", 3, "rounds of each measurement; the median counts")
	flags.DurationVar(&o.run, "for", time.Minute, "how long location runs at 5,000 signups a second, and cab at 20,000 readings")
	flags.StringVar(&only, "only", "", "comma-separated names: "+names())
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if o.round <= 0 || o.rounds <= 0 || o.run <= 0 || flags.NArg() > 0 {
		return fmt.Errorf("want positive -round, -rounds and -for and no further words, got %v, %d, %v, %q", o.round, o.rounds, o.run, flags.Args())
	}
	picked, err := pick(only)
	if err != nil {
		return err
	}
	fmt.Printf("%s/%s, %s, %d CPUs, %s%s; rounds of %v in turns, median of %d; client and server share the machine\n",
		runtime.GOOS, runtime.GOARCH, processor(), runtime.NumCPU(), runtime.Version(), busyness(), o.round, o.rounds)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "what\tgot\tratio\ttarget\t")
	for _, m := range picked {
		fmt.Fprintf(os.Stderr, "measuring %s\n", m.name)
		rows, err := m.run(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		for _, r := range rows {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", r.what, r.got, r.ratio, r.target, r.verdict())
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
