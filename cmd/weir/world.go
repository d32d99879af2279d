package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/weirstream/weir/platform/cloud/lambda"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/platform/sdkhttp"
)

// builtInFunction locates a handler of scenarios/functions where a cloud that
// runs this binary has it built in; see docs/adr/0003.
func builtInFunction(handler string) scenario.FunctionCode {
	return scenario.FunctionCode{S3Bucket: lambda.HandlerBucket, S3Key: handler}
}

// caBundleVar names a file of authorities that AWS clients trust besides the
// system's: what `weir cloud --tls` prints.
const caBundleVar = "AWS_CA_BUNDLE"

// trusted are the authorities to trust; nil means the system's.
func trusted() (*x509.CertPool, error) {
	file := os.Getenv(caBundleVar)
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; name the file that `weir cloud --tls` printed, or unset it", caBundleVar, err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: %s holds no certificate in PEM form", caBundleVar, file)
	}
	return pool, nil
}

// clientHTTP is one pool of connections for every AWS client of the process.
func clientHTTP(trust *x509.CertPool) aws.HTTPClient {
	return sdkhttp.Bodies{Next: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = 64
		t.MaxIdleConns = 256
		if trust != nil {
			t.TLSClientConfig.RootCAs = trust
		}
	})}
}

// elsewhere finds services that run in other processes: all behind one URL.
func elsewhere(url string) (func(string) (net.Listener, error), func(string) string) {
	listen := func(service string) (net.Listener, error) {
		return nil, errors.New(service + " is served by another process")
	}
	return listen, func(string) string { return url }
}

// baseConfig is the identity this process was started with, at an endpoint.
func baseConfig(region, endpoint string, trust *x509.CertPool) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(endpoint),
		Credentials:  rootCredentials(),
		HTTPClient:   clientHTTP(trust),
	}
}
