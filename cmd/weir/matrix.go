package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/chaos"
)

const matrixLong = `Run a scenario under each preset with each seed, one run after another, each in
a process of its own. Every run is one line; a run that fails says which promise
it broke and the command that replays it, and its verdict and output are kept.

A run is late, not failed, if nothing but a latency objective was missed: on a
machine that is busy otherwise that is worth a second look, not an alarm. The
exit code is 0 if every run passed and 1 if any was late or failed.

Ctrl-C ends the run in hand and says how to go on from there.`

const matrixExample = `  # Every preset that has something for the scenario, with seeds 1 to 20
  weir chaos matrix

  # One preset, a few seeds, a light and short load
  weir chaos matrix location --presets storm --seeds 1-5,9 --rate 100 --for 5s

  # Go on where an interrupted matrix stopped
  weir chaos matrix --from storm/8`

// matrixFlags are `weir chaos matrix`'s.
type matrixFlags struct {
	loadFlags
	presets []string
	all     bool // presets are not named: those that have something for the scenario
	seeds   string
	from    string
	keep    string
	quotas  string
}

func newMatrixCommand() *cobra.Command {
	f := &matrixFlags{}
	cmd := &cobra.Command{
		Use:     "matrix [SCENARIO]",
		Short:   "Run presets × seeds and count what passes",
		Long:    matrixLong,
		Example: matrixExample,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("too many words: %s", strings.Join(args[1:], " "))
			}
			return nil
		},
		ValidArgs: scenarioNames(true),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.all = !cmd.Flags().Changed("presets")
			m, err := f.matrix(args)
			if err != nil {
				return err
			}
			return m.run(cmd)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.presets, "presets", chaos.PresetNames(), "presets, or FILEs of schedules; unless named, those that the scenario has something for")
	flags.StringVar(&f.seeds, "seeds", "1-20", "seeds, as 1-20 or 1,4,7-9")
	flags.StringVar(&f.from, "from", "", "leave out what comes before PRESET/SEED")
	flags.StringVar(&f.keep, "keep", "", "directory for what failed runs leave (default a new one among the temporary files)")
	flags.StringVar(&f.quotas, "quotas", "aws", "aws: enforce AWS's limits; off: measure the software itself")
	f.addSize(cmd)
	f.addEpoch(cmd)
	f.addSettings(cmd)
	return cmd
}

// matrix is a list of runs to make, in order.
type matrix struct {
	*matrixFlags
	scenario string
	epoch    time.Time
	longest  time.Duration // a run may take before it counts as hung
	runs     []matrixRun
}

// matrixRun is one run of a matrix.
type matrixRun struct {
	preset string
	seed   uint64
}

func (r matrixRun) String() string { return fmt.Sprintf("%s/%d", r.preset, r.seed) }

// matrix checks the flags, every problem at once, by the checks of `weir run`.
func (f *matrixFlags) matrix(args []string) (*matrix, error) {
	m := &matrix{matrixFlags: f, scenario: "location"}
	if len(args) > 0 {
		m.scenario = args[0]
	}
	var problems []error
	var fitting []string
	for _, preset := range f.presets {
		run := runFlags{
			loadFlags: f.loadFlags, targetFlags: targetFlags{target: targetEmbedded}, listen: "127.0.0.1:0", quotas: f.quotas, chaos: preset,
		}
		entries, epoch, err := run.check(&globals{region: defaultRegion()}, []string{m.scenario})
		if f.all && errors.Is(err, chaos.ErrNothing) {
			continue
		}
		fitting = append(fitting, preset)
		if err == nil {
			m.epoch = epoch
			simulated := cmp.Or(f.forTime, entries[0].Scenario.Defaults(run.settings[0]).Load.For)
			m.longest = time.Duration(float64(simulated)/run.speedOf(0, entries[0].Scenario)) + 5*time.Minute
		} else if !slices.ContainsFunc(problems, func(p error) bool { return p.Error() == err.Error() }) {
			problems = append(problems, err)
		}
	}
	seeds, err := parseSeeds(f.seeds)
	problems = append(problems, err)
	if len(f.presets) == 0 {
		problems = append(problems, errors.New("--presets is empty: name at least one"))
	}
	f.presets = fitting
	for _, preset := range f.presets {
		for _, seed := range seeds {
			m.runs = append(m.runs, matrixRun{preset, seed})
		}
	}
	problems = append(problems, m.skip(), checkDirectory("--keep", f.keep))
	if err := errors.Join(problems...); err != nil {
		return nil, &usageError{err: err}
	}
	return m, nil
}

// skip drops the runs before --from.
func (m *matrix) skip() error {
	if m.from == "" {
		return nil
	}
	at := slices.IndexFunc(m.runs, func(r matrixRun) bool { return r.String() == m.from })
	if at < 0 {
		return fmt.Errorf("--from %q is none of the runs, which are named PRESET/SEED, such as storm/8", m.from)
	}
	m.runs = m.runs[at:]
	return nil
}

// parseSeeds reads 1-20 and 1,4,7-9.
func parseSeeds(text string) ([]uint64, error) {
	const seedsMax = 10_000
	wrong := fmt.Errorf("--seeds %q: want seeds and ranges of them, such as 1-20 or 1,4,7-9, at most %d", text, seedsMax)
	var seeds []uint64
	for _, part := range strings.Split(text, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		first, err := strconv.ParseUint(low, 10, 64)
		if err != nil {
			return nil, wrong
		}
		last := first
		if isRange {
			last, err = strconv.ParseUint(high, 10, 64)
		}
		if err != nil || last < first || last-first >= seedsMax-uint64(len(seeds)) {
			return nil, wrong
		}
		for n := range last - first + 1 {
			seeds = append(seeds, first+n)
		}
	}
	return seeds, nil
}

// checkDirectory refuses what is there and is no directory.
func checkDirectory(flag, path string) error {
	if there, err := os.Stat(path); path != "" && err == nil && !there.IsDir() {
		return fmt.Errorf("%s %s: is a file; name a directory", flag, path)
	}
	return nil
}

// command is the `weir run` of one run, without where its verdict goes.
func (m *matrix) command(r matrixRun) []string {
	args := []string{
		"run", m.scenario, "--chaos", r.preset, "--seed", strconv.FormatUint(r.seed, 10),
		"--epoch", m.epoch.Format(time.RFC3339Nano),
	}
	more := func(flag, value string, set bool) {
		if set {
			args = append(args, flag, value)
		}
	}
	more("--for", m.forTime.String(), m.forTime != 0)
	more("--rate", strconv.FormatFloat(m.rate, 'g', -1, 64), m.rate != 0)
	more("--devices", strconv.Itoa(m.devices), m.devices != 0)
	more("--quotas", m.quotas, m.quotas != "aws")
	for _, name := range sortedKeys(m.set) {
		more("--set", name+"="+m.set[name], true)
	}
	return args
}

// tell prints the lines of one run.
func tell(out io.Writer, lines ...string) {
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
}
