package kinesis_test

import (
	"log/slog"
	"net/http"
	"os"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/cloud/kinesis/conformance"
)

// TestConformance runs the suite on the embedded cloud or, when
// WEIR_CONFORMANCE_ENDPOINT is set, there, with credentials and region of the
// SDK's default chain. The value "aws" means AWS itself.
func TestConformance(t *testing.T) {
	t.Parallel()
	if endpoint := os.Getenv("WEIR_CONFORMANCE_ENDPOINT"); endpoint != "" {
		// No connection is kept, so none is left to be taken for a leak.
		once := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.DisableKeepAlives = true })
		cfg, err := config.LoadDefaultConfig(t.Context(), config.WithHTTPClient(once))
		if err != nil {
			t.Fatal(err)
		}
		if endpoint != "aws" {
			cfg.BaseEndpoint = &endpoint
		}
		conformance.Run(t, kinesis.NewFromConfig(cfg))
		return
	}
	client, _ := embedded(t, cloud.Config{QuotasOff: true})
	conformance.Run(t, client)
}

// embedded serves a cloud until the test ends and returns a root client of it.
func embedded(t testing.TB, cfg cloud.Config) (*kinesis.Client, *cloud.Cloud) {
	t.Helper()
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	c := cloudtest.Run(t, cfg)
	return kinesis.NewFromConfig(cloudtest.Root(t, c)), c
}
