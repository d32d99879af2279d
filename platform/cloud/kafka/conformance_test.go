package kafka

import (
	"os"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/weirstream/weir/platform/cloud/kafka/conformance"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	s, seeds, _ := run(t, Config{})
	conformance.Run(t, conformance.Target{
		Seeds: seeds, Options: []kgo.Opt{kgo.SASL(root())},
		Compact: func() {
			if err := s.cluster.compact(t.Context()); err != nil {
				t.Error(err)
			}
		},
		As: func(user, password string) []kgo.Opt {
			return []kgo.Opt{kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha512Mechanism())}
		},
	})
}

// The same suite on brokers that run elsewhere: WEIR_KAFKA_SEEDS are their
// addresses, WEIR_KAFKA_USER and WEIR_KAFKA_PASSWORD authenticate by PLAIN.
func TestConformanceElsewhere(t *testing.T) {
	t.Parallel()
	seeds := os.Getenv("WEIR_KAFKA_SEEDS")
	if seeds == "" {
		t.Skip("WEIR_KAFKA_SEEDS names no brokers")
	}
	target := conformance.Target{Seeds: strings.Split(seeds, ",")}
	if user := os.Getenv("WEIR_KAFKA_USER"); user != "" {
		target.Options = []kgo.Opt{kgo.SASL(plain.Auth{User: user, Pass: os.Getenv("WEIR_KAFKA_PASSWORD")}.AsMechanism())}
	}
	conformance.Run(t, target)
}
