// Package cloudtest serves embedded clouds to tests.
package cloudtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/sdkhttp"
)

// Run serves a cloud until the test ends, and fails the test if the cloud does
// not end cleanly.
func Run(t testing.TB, cfg cloud.Config) *cloud.Cloud {
	t.Helper()
	c, err := cloud.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("cloud: %v", err)
		}
	})
	return c
}

// Root is the configuration of the account's root, for a cloud with default
// credentials; over TLS it trusts the cloud's authority. Its connections are
// closed before the cloud ends, so none is taken for a leak.
func Root(t testing.TB, c *cloud.Cloud) aws.Config {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	if c.CAFile() != "" {
		certificate, err := os.ReadFile(c.CAFile())
		if err != nil {
			t.Fatal(err)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
		transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(certificate)
	}
	return rootOver(t, transport, c.Endpoint())
}

// At is Root for a cloud in another process, without TLS.
func At(t testing.TB, endpoint string) aws.Config {
	t.Helper()
	return rootOver(t, &http.Transport{MaxIdleConnsPerHost: 16}, endpoint)
}

func rootOver(t testing.TB, transport *http.Transport, endpoint string) aws.Config {
	t.Cleanup(transport.CloseIdleConnections)
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: &endpoint,
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:   sdkhttp.Bodies{Next: &http.Client{Transport: transport}},
	}
}
