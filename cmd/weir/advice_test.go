package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
)

func TestServiceUnknownToBrokersSaysHowToProvision(t *testing.T) {
	t.Parallel()
	err := unprovisioned(fmt.Errorf("service index: %w", kerr.SaslAuthenticationFailed), "cab")
	if !errors.Is(err, kerr.SaslAuthenticationFailed) || !strings.HasSuffix(err.Error(), "`weir provision cab` does it") {
		t.Errorf("got %v", err)
	}
	if other := errors.New("x"); unprovisioned(other, "cab") != other || unprovisioned(nil, "cab") != nil { //nolint:errorlint // the very same
		t.Error("other errors are given advice, too")
	}
}

func TestSimulateAsksFirstWhetherAnythingAnswers(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	if err := answers(t.Context(), url+"/path"); err != nil {
		t.Errorf("something listens: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	url = "http://127.0.0.1:1" // another test may have the listener's port by now
	err = answers(t.Context(), url)
	if exitCode(err) != exitUsage || err == nil || !strings.Contains(err.Error(), "--url "+url+": nothing answers there; start `weir serve`") {
		t.Errorf("nothing listens: %v", err)
	}
}

// TestProvisionNamesTheEngineThatIsAway has an environment, so it is not parallel.
func TestProvisionNamesTheEngineThatIsAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv(brokersVar, "127.0.0.1:1, "+l.Addr().String()) // one of them answers
	t.Setenv(registryVar, "http://"+l.Addr().String()+"/path")
	endpoint := cloudtest.Run(t, cloud.Config{}).Endpoint()
	for _, test := range []struct{ variable, where, says string }{
		{searchVar, "http://127.0.0.1:1", "nothing answers at http://127.0.0.1:1: start OpenSearch there, or name another with OPENSEARCH_URL"},
		{brokersVar, "127.0.0.1:1", "nothing answers at 127.0.0.1:1: start Kafka there, or name another with KAFKA_BOOTSTRAP_SERVERS"},
	} {
		t.Run(test.variable, func(t *testing.T) {
			if test.variable == searchVar {
				t.Setenv(brokersVar, "") // the cloud's
			}
			t.Setenv(test.variable, test.where)
			var stdout, stderr bytes.Buffer
			code := execute([]string{"provision", "cab", "--endpoint", endpoint}, strings.NewReader(""), &stdout, &stderr)
			if said := stderr.String(); code != exitUsage || !strings.Contains(said, test.says) || strings.Count(said, "nothing answers") != 1 {
				t.Errorf("exit %d, want only %q:\n%s", code, test.says, said)
			}
		})
	}
	dial := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	if err := engineless(t.Context(), dial); err != error(dial) { //nolint:errorlint // the very same
		t.Errorf("all answer, yet %v", err)
	}
}
