// Package cloudtest serves embedded clouds to tests.
package cloudtest

import (
	"context"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/weirstream/weir/platform/cloud"
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
// credentials. Its connections are closed before the cloud ends, so none is
// taken for a leak.
func Root(t testing.TB, c *cloud.Cloud) aws.Config {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(c.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:   &http.Client{Transport: transport},
	}
}
