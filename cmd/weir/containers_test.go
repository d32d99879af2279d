package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/scenario"
)

// engines is what a run on containers needs, here of one cloud in this process,
// reached like any other: by addresses and passwords alone.
func engines(t *testing.T) (args []string) {
	t.Helper()
	c := cloudtest.Run(t, cloud.Config{AccessKeyID: "me", SecretAccessKey: "secret", Launcher: launcher()})
	brokers, err := c.KafkaBrokers()
	search, err2 := c.OpenSearch()
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"AWS_ACCESS_KEY_ID", userVar, searchUserVar} {
		t.Setenv(user, "me")
	}
	for _, password := range []string{"AWS_SECRET_ACCESS_KEY", passwordVar, searchPasswordVar} {
		t.Setenv(password, "secret")
	}
	return []string{"run", "cab", "--target", "containers", "--endpoint", c.Endpoint(), "--kafka", strings.Join(brokers, ","), "--opensearch", search}
}

func TestRunOnEnginesElsewhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "verdict.json")
	var stdout, stderr bytes.Buffer
	code := execute(append(engines(t), "--for", "30s", "--json", file), strings.NewReader(""), &stdout, &stderr)
	if code != exitPass {
		t.Fatalf("exit code %d:\n%s\n%s", code, stdout.String(), stderr.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v []scenario.Verdict
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if len(v) != 1 || v[0].Target != targetContainers || !v[0].Pass || v[0].Hops[1].Received == 0 {
		t.Errorf("verdict %s", text)
	}
}

// TestEnginesThatAreNotThere: a run that could not begin is none that failed.
func TestEnginesThatAreNotThere(t *testing.T) {
	args := engines(t)
	for _, test := range []struct {
		name     string
		args     []string
		password string
		wants    []string
	}{
		{"Kafka gone", []string{"--kafka", "127.0.0.1:1"}, "secret", []string{"Kafka at 127.0.0.1:1", "nothing answers", "compose:up", "--kafka or KAFKA_BOOTSTRAP_SERVERS"}},
		{"registry gone", []string{"--registry", "http://127.0.0.1:1"}, "secret", []string{"schema registry at http://127.0.0.1:1", "compose:up", "SCHEMA_REGISTRY_URL"}},
		{"no registry", []string{"--registry", args[5]}, "secret", []string{"it answers 4", "schema registry"}},
		{"another password", nil, "guessed", []string{`refuses user "me"`, "KAFKA_USER and KAFKA_PASSWORD"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(passwordVar, test.password)
			var stdout, stderr bytes.Buffer
			if code := execute(append(args, test.args...), strings.NewReader(""), &stdout, &stderr); code != exitUsage {
				t.Errorf("exit code %d, want %d: %s", code, exitUsage, stdout.String())
			}
			for _, want := range append(test.wants, "could not begin") {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("stderr lacks %q: %s", want, stderr.String())
				}
			}
		})
	}
}

func TestBrokerThatAdvertisesAnAddressOfItsOwn(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	cluster.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		reply := request.ResponseKind().(*kmsg.MetadataResponse)
		reply.Brokers = []kmsg.MetadataResponseBroker{{NodeID: 7, Host: "127.0.0.1", Port: 1}}
		reply.ControllerID = 7
		return reply, nil, true
	})
	err = knockKafka(scenario.Brokers{Seeds: cluster.ListenAddrs()})
	if err == nil || !strings.Contains(err.Error(), "broker 7 says that it is at 127.0.0.1:1") {
		t.Errorf("%v", err)
	}
}

// Brokers without users are there, and say what is wrong with asking as one.
func TestBrokerThatHasNoUsers(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	cluster.ControlKey(int16(kmsg.SASLHandshake), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		reply := request.ResponseKind().(*kmsg.SASLHandshakeResponse) // Apache Kafka's, where kfake hangs up
		reply.ErrorCode = kerr.IllegalSaslState.Code
		return reply, nil, true
	})
	err = knockKafka(scenario.Brokers{Seeds: cluster.ListenAddrs(), User: "me", Password: "secret"})
	if err == nil || !strings.Contains(err.Error(), `KAFKA_USER names "me": unset it`) || strings.Contains(err.Error(), "nothing answers") {
		t.Errorf("%v", err)
	}
}

func TestServicesProcessesAreToldWhatTheFlagsTold(t *testing.T) {
	t.Parallel()
	c := containers{targetFlags: targetFlags{kafka: "a:1", openSearch: "http://b", registry: "http://c"}}
	want := "KAFKA_BOOTSTRAP_SERVERS=a:1 OPENSEARCH_URL=http://b SCHEMA_REGISTRY_URL=http://c"
	if got := strings.Join(c.environment(), " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
