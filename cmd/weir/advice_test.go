package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
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
