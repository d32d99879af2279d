package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awsopensearch "github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearch/types"
	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"
	"github.com/opensearch-project/opensearch-go/v4/signer/awsv2"

	service "github.com/weirstream/weir/platform/cloud/opensearch"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// searchClient is OpenSearch's own client, signing as cfg's identity. Its
// connections are not kept, so none is taken for a leak.
func searchClient(t *testing.T, c *Cloud, cfg aws.Config) *opensearchapi.Client {
	t.Helper()
	signer, err := awsv2.NewSignerWithService(cfg, "es")
	if err != nil {
		t.Fatal(err)
	}
	return newSearchClient(t, opensearch.Config{Signer: signer, Addresses: []string{must[string](t)(c.OpenSearch())}})
}

func newSearchClient(t *testing.T, cfg opensearch.Config) *opensearchapi.Client {
	t.Helper()
	cfg.Transport, cfg.DisableRetry = &http.Transport{DisableKeepAlives: true}, true
	client, err := opensearchapi.NewClient(opensearchapi.Config{Client: cfg})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// A client that knows the cloud's endpoint and its keys alone finds the domain,
// writes and searches.
func TestDomainIsFoundThroughTheControlPlane(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	ctx := t.Context()
	control := awsopensearch.NewFromConfig(rootConfig(t, c))
	names := must[*awsopensearch.ListDomainNamesOutput](t)(control.ListDomainNames(ctx, &awsopensearch.ListDomainNamesInput{})).DomainNames
	if len(names) != 1 || *names[0].DomainName != "weir" || names[0].EngineType != types.EngineTypeOpenSearch {
		t.Fatalf("listed %+v", names)
	}
	domain := must[*awsopensearch.DescribeDomainOutput](t)(control.DescribeDomain(ctx, &awsopensearch.DescribeDomainInput{DomainName: names[0].DomainName})).DomainStatus
	if *domain.EngineVersion != "OpenSearch_2.19" || *domain.DomainEndpointOptions.EnforceHTTPS || !*domain.Created {
		t.Errorf("described %+v", domain)
	}
	many := must[*awsopensearch.DescribeDomainsOutput](t)(control.DescribeDomains(ctx, &awsopensearch.DescribeDomainsInput{DomainNames: []string{"weir", "none"}}))
	if len(many.DomainStatusList) != 1 || *many.DomainStatusList[0].ARN != *domain.ARN {
		t.Errorf("described %+v", many.DomainStatusList)
	}
	var missing *types.ResourceNotFoundException
	if _, err := control.DescribeDomain(ctx, &awsopensearch.DescribeDomainInput{DomainName: aws.String("none")}); !errors.As(err, &missing) {
		t.Errorf("no such domain: %v", err)
	}
	if _, err := control.CreateDomain(ctx, &awsopensearch.CreateDomainInput{DomainName: aws.String("two")}); !isCode(err, "NotImplementedException") {
		t.Errorf("create: %v", err)
	}
	client := newSearchClient(t, opensearch.Config{Username: "test", Password: "test", Addresses: []string{"http://" + *domain.Endpoint}})
	writeAndSearch(t, client)
	writeAndSearch(t, searchClient(t, c, rootConfig(t, c)))
}

// writeAndSearch writes two documents with the client, and finds them.
func writeAndSearch(t *testing.T, client *opensearchapi.Client) {
	t.Helper()
	ctx := t.Context()
	info, err := client.Info(ctx, nil)
	if err != nil || info.Version.Number != "2.19.3" {
		t.Fatalf("info %+v: %v", info, err)
	}
	_, err = client.Bulk(ctx, opensearchapi.BulkReq{
		Index: "zones", Params: opensearchapi.BulkParams{Refresh: "true"},
		Body: strings.NewReader("{\"index\":{\"_id\":\"1\"}}\n{\"zone\":\"a\",\"events\":3}\n{\"index\":{\"_id\":\"2\"}}\n{\"zone\":\"a\",\"events\":4}\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := client.Search(ctx, &opensearchapi.SearchReq{
		Indices: []string{"zon*"},
		Body:    strings.NewReader(`{"query":{"term":{"zone.keyword":"a"}},"sort":["events"],"aggs":{"sum":{"sum":{"field":"events"}}}}`),
	})
	if err != nil || found.Hits.Total.Value != 2 || found.Hits.Hits[0].ID != "1" {
		t.Fatalf("found %+v: %v", found, err)
	}
	var sums struct{ Sum struct{ Value float64 } }
	if err := json.Unmarshal(found.Aggregations, &sums); err != nil || sums.Sum.Value != 7 {
		t.Errorf("aggregations %s: %v", found.Aggregations, err)
	}
}

// Who has no permission for a method on the domain gets 403, who has no
// credentials 401, and neither changes anything.
func TestOpenSearchAsksForPermission(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	ctx := t.Context()
	cfg := rootConfig(t, c)
	admin := iam.NewFromConfig(cfg)
	name := aws.String("reader")
	must[*iam.CreateUserOutput](t)(admin.CreateUser(ctx, &iam.CreateUserInput{UserName: name}))
	must[*iam.PutUserPolicyOutput](t)(admin.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
		UserName: name, PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["es:ESHttpGet","es:ESHttpHead"],"Resource":"arn:aws:es:us-east-1:123456789012:domain/weir/zones*"}]}`),
	}))
	key := must[*iam.CreateAccessKeyOutput](t)(admin.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})).AccessKey
	root := searchClient(t, c, cfg)
	writeAndSearch(t, root)
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKeyId, *key.SecretAccessKey, "")
	url := must[string](t)(c.OpenSearch())
	for _, try := range []struct {
		who    opensearch.Config
		method string
		path   string
		want   int
	}{
		{opensearch.Config{Signer: must[signer](t)(awsv2.NewSignerWithService(cfg, "es"))}, "GET", "/zones/_search", 200},
		{opensearch.Config{Signer: must[signer](t)(awsv2.NewSignerWithService(cfg, "es"))}, "DELETE", "/zones", 403},
		{opensearch.Config{Signer: must[signer](t)(awsv2.NewSignerWithService(cfg, "es"))}, "GET", "/other/_search", 403},
		{opensearch.Config{Signer: must[signer](t)(awsv2.NewSignerWithService(cfg, "sqs"))}, "GET", "/zones/_search", 403},
		{opensearch.Config{Username: "test", Password: "wrong"}, "DELETE", "/zones", 401},
		{opensearch.Config{}, "DELETE", "/zones", 401},
		{opensearch.Config{Username: "test", Password: "test"}, "DELETE", "/zones", 200},
	} {
		try.who.Addresses = []string{url}
		request := must[*http.Request](t)(http.NewRequestWithContext(ctx, try.method, try.path, nil))
		reply, err := newSearchClient(t, try.who).Client.Stream(request)
		if err != nil {
			t.Errorf("%s %s: %v", try.method, try.path, err)
			continue
		}
		reply.Body.Close()
		if reply.StatusCode != try.want {
			t.Errorf("%s %s: %d, want %d", try.method, try.path, reply.StatusCode, try.want)
		}
	}
}

type signer = interface {
	SignRequest(*http.Request) error
	OverrideSigningPort(uint16)
}

// Faults: hooks see every request, the domain can be lost, its queues be full.
func TestOpenSearchFaults(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	ctx := t.Context()
	client := searchClient(t, c, rootConfig(t, c))
	writeAndSearch(t, client)
	request := opensearchapi.IndexReq{Index: "zones", DocumentID: "9", Body: strings.NewReader(`{"n":1}`)}

	status := func() int {
		request.Body = strings.NewReader(`{"n":1}`)
		_, err := client.Index(ctx, request)
		var structured *opensearch.StructError
		if errors.As(err, &structured) {
			return structured.Status
		}
		if err != nil {
			return -1
		}
		return http.StatusOK
	}
	c.PressOpenSearch(service.Pressure{Requests: true})
	if got := status(); got != http.StatusTooManyRequests {
		t.Errorf("under pressure: %d", got)
	}
	c.PressOpenSearch(service.Pressure{})
	found := c.LoseOpenSearch()
	if got := status(); got != -1 {
		t.Errorf("lost: %d", got)
	}
	found()
	var operations []string
	remove := c.AddHook(func(ctx context.Context, call *wire.Call, in any, next wire.Next) (any, error) {
		operations = append(operations, call.Service+":"+call.Operation)
		return nil, &wire.Error{Code: "ServiceUnavailable", Message: "a fault", Status: http.StatusServiceUnavailable}
	})
	if got := status(); got != http.StatusServiceUnavailable {
		t.Errorf("hooked: %d", got)
	}
	remove()
	if got := status(); got != http.StatusOK || len(operations) != 1 || operations[0] != "es:Index" {
		t.Errorf("afterwards: %d, operations %v", got, operations)
	}
}
