package cloud

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// trusting is a transport that trusts c's authority and nothing else.
func trusting(t *testing.T, c *Cloud, http2 bool) *http.Transport {
	t.Helper()
	pem, err := os.ReadFile(c.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("the CA file holds no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: http2}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func TestTLSSpeaksBothVersionsOfHTTP(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{TLS: true})
	for http2, want := range map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"} {
		client := &http.Client{Transport: trusting(t, c, http2)}
		for _, url := range []string{c.Endpoint(), "https://localhost:" + c.Endpoint()[len("https://127.0.0.1:"):]} {
			resp, err := client.Get(url + "/_weir/health")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.Proto != want || resp.StatusCode != 200 {
				t.Errorf("%s: %s %d, want %s", url, resp.Proto, resp.StatusCode, want)
			}
		}
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	var unknown x509.UnknownAuthorityError
	if _, err := (&http.Client{Transport: transport}).Get(c.Endpoint()); !errors.As(err, &unknown) { //nolint:bodyclose // there is no reply
		t.Errorf("a client that does not trust the authority: %v", err)
	}
}

// TestPriorKnowledgeOverTLS speaks HTTP/2 at once, as Java's clients do, without
// having agreed on it in the handshake.
func TestPriorKnowledgeOverTLS(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{TLS: true})
	trust := trusting(t, c, false).TLSClientConfig
	dialer := &tls.Dialer{Config: trust}
	transport := &http.Transport{DialContext: dialer.DialContext, Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	resp, err := (&http.Client{Transport: transport}).Get("http" + strings.TrimPrefix(c.Endpoint(), "https") + "/_weir/health")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Proto != "HTTP/2.0" || resp.StatusCode != 200 {
		t.Errorf("got %s %d", resp.Proto, resp.StatusCode)
	}
}

// TestPlainHTTPToTLS says what is wrong, and the cloud sees calls over TLS as such.
func TestPlainHTTPToTLS(t *testing.T) {
	t.Parallel()
	var encrypted atomic.Bool
	c := runCloud(t, Config{TLS: true, Hooks: []wire.Hook{func(ctx context.Context, call *wire.Call, in any, next wire.Next) (any, error) {
		encrypted.Store(call.HTTP.TLS != nil && call.HTTP.TLS.Version >= tls.VersionTLS12)
		return next(ctx, in)
	}}})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	resp, err := (&http.Client{Transport: transport}).Get("http" + strings.TrimPrefix(c.Endpoint(), "https"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != 400 || !strings.Contains(string(text), "https://") {
		t.Errorf("got %d %s", resp.StatusCode, text)
	}
	for _, http2 := range []bool{false, true} {
		encrypted.Store(false)
		cfg := rootConfig(t, c)
		cfg.HTTPClient = &http.Client{Transport: trusting(t, c, http2)}
		if _, err := kinesis.NewFromConfig(cfg).ListStreams(t.Context(), &kinesis.ListStreamsInput{}); err != nil || !encrypted.Load() {
			t.Errorf("http2 %t: encrypted %t, %v", http2, encrypted.Load(), err)
		}
	}
}

// TestFanOutOverTLS reads records by enhanced fan-out over HTTP/2.
func TestFanOutOverTLS(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{TLS: true})
	cfg := rootConfig(t, c)
	cfg.HTTPClient = &http.Client{Transport: trusting(t, c, true)}
	client := kinesis.NewFromConfig(cfg)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	name := aws.String("secure")
	if _, err := client.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	soon := func(o *kinesis.StreamExistsWaiterOptions) { o.MinDelay = 5 * time.Millisecond }
	if err := kinesis.NewStreamExistsWaiter(client, soon).Wait(ctx, &kinesis.DescribeStreamInput{StreamName: name}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: name, PartitionKey: aws.String("k"), Data: []byte("over TLS")}); err != nil {
		t.Fatal(err)
	}
	described, err := client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: name})
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := client.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: described.StreamDescriptionSummary.StreamARN, ConsumerName: aws.String("reader")})
	if err != nil {
		t.Fatal(err)
	}
	var subscription *kinesis.SubscribeToShardOutput
	for { // the consumer is CREATING for a moment
		subscription, err = client.SubscribeToShard(ctx, &kinesis.SubscribeToShardInput{
			ConsumerARN: consumer.Consumer.ConsumerARN, ShardId: aws.String("shardId-000000000000"),
			StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon},
		})
		var busy *types.ResourceInUseException
		if !errors.As(err, &busy) {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	stream := subscription.GetStream()
	defer stream.Close()
	for event := range stream.Events() {
		got := event.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value
		if len(got.Records) == 1 && string(got.Records[0].Data) == "over TLS" {
			return
		}
	}
	t.Errorf("the subscription ended without the record: %v", stream.Err())
}

func TestQueueURLsFollowTLS(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{TLS: true})
	cfg := rootConfig(t, c)
	cfg.HTTPClient = &http.Client{Transport: trusting(t, c, false)}
	if url := newQueue(t, sqs.NewFromConfig(cfg), "q"); *url != c.Endpoint()+"/123456789012/q" {
		t.Errorf("queue URL %s of %s", *url, c.Endpoint())
	}
}

func TestCAFileStaysOrGoes(t *testing.T) {
	t.Parallel()
	given := filepath.Join(t.TempDir(), "ca.pem")
	for _, file := range []string{"", given} {
		c, err := New(Config{TLS: true, CAFile: file})
		if err != nil {
			t.Fatal(err)
		}
		written := c.CAFile()
		if _, err := os.Stat(written); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(written); (file == "") != errors.Is(err, fs.ErrNotExist) {
			t.Errorf("CA file %q after the cloud ended: %v", file, err)
		}
	}
	if _, err := New(Config{CAFile: given}); err == nil {
		t.Error("a CA file without TLS is accepted")
	}
}
