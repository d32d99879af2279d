package main

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/observe"
)

const rootLong = `weir runs streaming-data scenarios on this machine over the real protocols of
AWS and Kafka, and grades every run: what was sent, what arrived, what was
lost, doubled or late, and whether the business result was right.

Nothing is needed but this binary: the cloud it talks to is embedded. The same
pieces run as separate processes against any endpoint.

Exit codes: 0 the verdict passed, 1 the verdict failed, 2 usage or environment,
so that nothing was graded, 130 interrupted before anything could be graded.`

const rootExample = `  # Run the location scenario for 20 seconds and grade it
  weir run

  # What there is, and what this machine lacks
  weir list
  weir doctor

  # The embedded cloud alone, for any AWS client
  weir cloud`

// newRoot builds the whole command line. Every command is in this one list.
func newRoot() *cobra.Command {
	global := &globals{started: observe.ProcessStart(time.Now())}
	root := &cobra.Command{
		Use:           "weir",
		Short:         "Run, break and grade streaming scenarios on the real protocols",
		Long:          rootLong,
		Example:       rootExample,
		Args:          noSuchCommand,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().BoolVarP(&global.verbose, "verbose", "v", false, "log what happens inside, on stderr")
	root.SetVersionTemplate("weir {{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetHelpCommand(newHelpCommand())
	root.AddCommand(
		newRunCommand(global, sabotage{}),
		newCloudCommand(global),
		newProvisionCommand(global),
		newServeCommand(global),
		newSimulateCommand(global),
		newGradeCommand(global),
		newPeekCommand(global),
		newDLQCommand(global),
		newListCommand(),
		newChaosCommand(),
		newDoctorCommand(),
		newVersionCommand(),
	)
	return root
}

// noSuchCommand turns a stray word into advice instead of the help page.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("no command %q; did you mean `%s %s`?", args[0], cmd.CommandPath(), near[0])
	}
	return usagef("no command %q", args[0])
}

// globals are the flags that several commands share.
type globals struct {
	started  time.Time // of this process
	verbose  bool
	endpoint string
	region   string
	trust    *x509.CertPool // of an https endpoint; nil means the system's
}

// addEndpoint gives cmd the flags that say which cloud it talks to.
func (g *globals) addEndpoint(cmd *cobra.Command) {
	cmd.Flags().StringVar(&g.endpoint, "endpoint", cmp.Or(os.Getenv("AWS_ENDPOINT_URL"), "http://127.0.0.1:4566"),
		"URL of the cloud's API; default from AWS_ENDPOINT_URL")
	g.addRegion(cmd)
}

func (g *globals) addRegion(cmd *cobra.Command) {
	cmd.Flags().StringVar(&g.region, "region", defaultRegion(), "AWS region; default from AWS_REGION")
}

func defaultRegion() string {
	return cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), "us-east-1")
}

// checkEndpoint refuses what no client could dial, before anything is tried.
func (g *globals) checkEndpoint() (err error) {
	if !isURL(g.endpoint) {
		return fmt.Errorf("--endpoint %q is not a URL; give something like http://127.0.0.1:4566", g.endpoint)
	}
	if strings.HasPrefix(g.endpoint, "https:") {
		g.trust, err = trusted()
	}
	return err
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// checkRegion refuses what no signature could be scoped to.
func (g *globals) checkRegion() error {
	if g.region == "" {
		return errors.New("--region is empty: want a name such as us-east-1")
	}
	if err := (cloud.Config{Region: g.region}).Validate(); err != nil {
		return fmt.Errorf("--%w", err)
	}
	return nil
}

// rootCredentials are the environment's, else test/test: what `weir cloud` and
// `weir run` make their account's root and what every command signs with. A
// session token is left out, for a root has none.
func rootCredentials() credentials.StaticCredentialsProvider {
	id, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	if id == "" || secret == "" {
		id, secret = "test", "test"
	}
	return credentials.NewStaticCredentialsProvider(id, secret, "")
}

// logger writes to the command's stderr: warnings, or everything with --verbose.
func (g *globals) logger(cmd *cobra.Command) *slog.Logger {
	return g.loggerTo(cmd.ErrOrStderr(), alikeShown)
}

// loggerTo is logger to somewhere else, of alike lines first the given number.
func (g *globals) loggerTo(w io.Writer, alike int) *slog.Logger {
	log := observe.NewLogger(w, g.verbose)
	if g.verbose {
		return log
	}
	return slog.New(newSparing(log.Handler(), alike))
}
