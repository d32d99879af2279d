package main

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/weirstream/weir/platform/cloud"
)

// TestCloudServesUntilInterrupted starts `weir cloud` as a process, uses it as
// its printed lines say, holds its port against a second one, and ends it.
func TestCloudServesUntilInterrupted(t *testing.T) {
	t.Parallel()
	process := exec.CommandContext(t.Context(), os.Args[0], "cloud", "--listen", "127.0.0.1:0", "--account", "111122223333", "--region", "eu-central-1")
	process.Env = append(os.Environ(), asWeir+"=1", "AWS_ACCESS_KEY_ID=me", "AWS_SECRET_ACCESS_KEY=secret")
	var stderr bytes.Buffer
	process.Stderr = &stderr
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	exports := map[string]string{}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "ready" {
		if rest, found := strings.CutPrefix(lines.Text(), "export "); found {
			for _, assignment := range strings.Fields(rest) {
				name, value, _ := strings.Cut(assignment, "=")
				exports[name] = value
			}
		}
	}
	if lines.Text() != "ready" {
		t.Fatalf("ended without ready: %s", stderr.String())
	}

	who, err := sts.NewFromConfig(aws.Config{
		Region:       exports["AWS_REGION"],
		BaseEndpoint: aws.String(exports["AWS_ENDPOINT_URL"]),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: exports["AWS_ACCESS_KEY_ID"], SecretAccessKey: exports["AWS_SECRET_ACCESS_KEY"]}, nil
		}),
	}).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Errorf("use it as printed: %v", err)
	} else if got, want := aws.ToString(who.Arn), "arn:aws:iam::111122223333:root"; got != want {
		t.Errorf("caller is %s, want %s", got, want)
	}
	if got := exports["AWS_DEFAULT_REGION"]; got != "eu-central-1" {
		t.Errorf("region exported for the aws CLI is %q", got)
	}

	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, exports["OPENSEARCH_URL"]+"/_cat/indices", nil)
	if err != nil {
		t.Fatal(err)
	}
	ask.SetBasicAuth(exports["AWS_ACCESS_KEY_ID"], exports["AWS_SECRET_ACCESS_KEY"])
	if answer, err := http.DefaultClient.Do(ask); err != nil {
		t.Errorf("OpenSearch as printed: %v", err)
	} else if answer.Body.Close(); answer.StatusCode != http.StatusOK {
		t.Errorf("OpenSearch as printed: %s", answer.Status)
	}

	var second bytes.Buffer
	listen := strings.TrimPrefix(exports["AWS_ENDPOINT_URL"], "http://")
	if code := execute([]string{"cloud", "--listen", listen}, strings.NewReader(""), &second, &second); code != exitUsage {
		t.Errorf("a second cloud on the port: exit code %d", code)
	}
	if want := "take a free port with --listen 127.0.0.1:0"; !strings.Contains(second.String(), want) {
		t.Errorf("a second cloud on the port says no remedy: %s", second.String())
	}

	if err := process.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("Ctrl-C: %v: %s", err, stderr.String())
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr is for trouble, got %s", stderr.String())
	}
}

func TestOnlyLoopbackIsLoopback(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]bool{
		"127.0.0.1:4566": true, "[::1]:0": true, "localhost:1": true,
		"0.0.0.0:4566": false, ":4566": false, "[::]:4566": false, "10.0.0.1:4566": false,
	} {
		if got := isLoopback(listen); got != want {
			t.Errorf("%s: %t, want %t", listen, got, want)
		}
	}
}

// TestPiecesTrustTheBundle has the pieces of a run talk to a cloud over TLS by
// the file that it prints.
func TestPiecesTrustTheBundle(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	c, err := cloud.New(cloud.Config{TLS: true, CAFile: ca, Launcher: launcher()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for _, tc := range []struct{ bundle, want string }{
		{ca, ""},
		{"", "unknown authority"},
		{os.DevNull, "AWS_CA_BUNDLE: " + os.DevNull + " holds no certificate"},
		{ca + ".gone", "AWS_CA_BUNDLE: open"},
	} {
		t.Setenv("AWS_CA_BUNDLE", tc.bundle)
		var stdout, stderr bytes.Buffer
		code := execute([]string{"provision", "location", "--endpoint", c.Endpoint()}, strings.NewReader(""), &stdout, &stderr)
		if tc.want == "" && code != 0 || tc.want != "" && (code != exitUsage || !strings.Contains(stderr.String(), tc.want)) {
			t.Errorf("with %q: exit code %d\n%s", tc.bundle, code, stderr.String())
		}
	}
}
