package main

import (
	"errors"
	"net"
	"net/http"

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

// clientHTTP is one pool of connections for every AWS client of the process.
func clientHTTP() aws.HTTPClient {
	return sdkhttp.Bodies{Next: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = 64
		t.MaxIdleConns = 256
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
func baseConfig(region, endpoint string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(endpoint),
		Credentials:  rootCredentials(),
		HTTPClient:   clientHTTP(),
	}
}
