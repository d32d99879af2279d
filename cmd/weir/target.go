package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/scenario"
)

// Where a run runs.
const (
	targetEmbedded   = "embedded"
	targetContainers = "containers"
)

// Where compose/ publishes what it starts.
const (
	composeCloud      = "http://127.0.0.1:4566"
	composeBrokers    = "127.0.0.1:9092"
	composeOpenSearch = "http://127.0.0.1:9200"
)

// targetFlags say where a run runs and how to reach what is there. Those of
// addresses are empty unless given: the environment comes next, then compose/.
type targetFlags struct {
	target     string
	endpoint   string
	kafka      string
	registry   string
	openSearch string
}

func (f *targetFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.target, "target", targetEmbedded, "where it runs: embedded in this process, or containers")
	flags.StringVar(&f.endpoint, "endpoint", "", "containers: URL of the cloud (default AWS_ENDPOINT_URL, else "+composeCloud+")")
	flags.StringVar(&f.kafka, "kafka", "", "containers: brokers as HOST:PORT,HOST:PORT (default "+brokersVar+", else "+composeBrokers+")")
	flags.StringVar(&f.registry, "registry", "", "containers: URL of the schema registry (default "+registryVar+", else the cloud's)")
	flags.StringVar(&f.openSearch, "opensearch", "", "containers: URL of OpenSearch (default "+searchVar+", else "+composeOpenSearch+")")
}

// check says every wrong flag at once, and completes the others.
func (f *targetFlags) check() error {
	switch f.target {
	case targetEmbedded:
		return f.checkEmbedded()
	case targetContainers:
		f.endpoint = cmp.Or(f.endpoint, os.Getenv("AWS_ENDPOINT_URL"), composeCloud)
		f.kafka = cmp.Or(f.kafka, os.Getenv(brokersVar), composeBrokers)
		f.registry = cmp.Or(f.registry, os.Getenv(registryVar))
		f.openSearch = cmp.Or(f.openSearch, os.Getenv(searchVar), composeOpenSearch)
		return f.checkContainers()
	case "aws":
		return errors.New("--target aws: this build has the targets embedded and containers; the same scenario will run there by endpoint and credentials alone")
	}
	return fmt.Errorf("--target %q: want embedded or containers", f.target)
}

func (f *targetFlags) checkEmbedded() error {
	var problems []error
	for _, flag := range []struct{ name, value string }{
		{"endpoint", f.endpoint}, {"kafka", f.kafka}, {"registry", f.registry}, {"opensearch", f.openSearch},
	} {
		if flag.value != "" {
			problems = append(problems, fmt.Errorf("--%s %s: the embedded target has its own; give --target containers, too", flag.name, flag.value))
		}
	}
	return errors.Join(problems...)
}

func (f *targetFlags) checkContainers() error {
	var problems []error
	for _, flag := range []struct{ name, value, like string }{
		{"registry", f.registry, "http://127.0.0.1:8081"}, {"opensearch", f.openSearch, composeOpenSearch},
	} {
		if flag.value != "" && !isURL(flag.value) {
			problems = append(problems, fmt.Errorf("--%s %q is not a URL; give something like %s", flag.name, flag.value, flag.like))
		}
	}
	brokers := kafka.Cluster{Seeds: strings.Split(f.kafka, ",")}
	if err := brokers.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("--kafka %q: want HOST:PORT,HOST:PORT: %w", f.kafka, err))
	}
	return errors.Join(problems...)
}

// checkSpeed refuses to hurry what keeps time of its own: a cloud in another
// process runs functions and reads streams by its own clock.
func checkSpeed(speed float64, s scenario.Scenario, d scenario.Defaults) error {
	if speed == 1 {
		return nil
	}
	for _, t := range d.Targets {
		if t.Kind == chaos.Function {
			return fmt.Errorf("--speed %g for %s: the cloud in its container runs function %s by the wall clock; leave --speed out", speed, s.Name(), t.Name)
		}
	}
	return nil
}
