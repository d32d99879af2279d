package cloud

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weirstream/weir/platform/cloud/wire"
)

func TestStalledBodyIsGivenUp(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{BodyReadMax: 50 * time.Millisecond}, echoService())
	conn, err := net.Dial("tcp", c.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: Echo_1.Greet\r\nContent-Length: 100\r\n\r\n{\"Na")
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 400 || !strings.Contains(string(body), "RequestTimeout") {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}

// A client that sends its whole body before it listens must hear that the body
// was too large, by HTTP/1.1 and HTTP/2, in clear and over TLS.
func TestTooLargeABodyIsAnswered(t *testing.T) {
	t.Parallel()
	plain, secure := runCloud(t, Config{}), runCloud(t, Config{TLS: true})
	body := strings.Repeat("x", 24<<20)
	prior := &http.Transport{Protocols: new(http.Protocols)}
	prior.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(prior.CloseIdleConnections)
	for name, tc := range map[string]struct {
		cloud     *Cloud
		transport *http.Transport
	}{
		"http1": {plain, &http.Transport{DisableKeepAlives: true}}, "http2": {plain, prior},
		"tls http1": {secure, trusting(t, secure, false)}, "tls http2": {secure, trusting(t, secure, true)},
	} {
		for _, announced := range []bool{true, false} {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, tc.cloud.Endpoint(), strings.NewReader(body))
			req.Header.Set("X-Amz-Target", "Kinesis_20131202.PutRecords")
			if !announced {
				req.ContentLength = -1
			}
			resp, err := (&http.Client{Transport: &allOrNothing{tc.transport}}).Do(req)
			if err != nil {
				t.Errorf("%s, length announced %t: %v", name, announced, err)
				continue
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("%s, length announced %t: %s", name, announced, resp.Status)
			}
		}
	}
}

// allOrNothing fails a call that is answered before its body was sent.
type allOrNothing struct{ http.RoundTripper }

func (a *allOrNothing) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := &countingBody{ReadCloser: r.Body}
	r = r.Clone(r.Context())
	r.Body = sent
	resp, err := a.RoundTripper.RoundTrip(r)
	if n := sent.count.Load(); err == nil && n < 24<<20 {
		resp.Body.Close()
		return nil, fmt.Errorf("answered after %d bytes", n)
	}
	return resp, err
}

type countingBody struct {
	io.ReadCloser
	count atomic.Int64
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.count.Add(int64(n))
	return n, err
}

// Calls that are given up half way, with their stream reset or their body
// stalled, must leave the connection to the others.
func TestCallsGivenUpOverHTTP2(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{BodyReadMax: 50 * time.Millisecond}, echoService())
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	begin := func(ctx context.Context) (io.Writer, <-chan *http.Response) {
		body, w := io.Pipe()
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, c.Endpoint(), body)
		req.Header.Set("X-Amz-Target", "Echo_1.Greet")
		answer := make(chan *http.Response, 1)
		go func() {
			defer close(answer)
			if resp, err := client.Do(req); err == nil { //nolint:bodyclose // whoever receives it closes it
				answer <- resp
			}
		}()
		return w, answer
	}
	for range 100 {
		ctx, giveUp := context.WithCancel(t.Context())
		w, answer := begin(ctx)
		fmt.Fprint(w, `{"Na`)
		giveUp()
		for resp := range answer {
			resp.Body.Close()
		}
	}
	w, answer := begin(t.Context())
	fmt.Fprint(w, `{"Na`)
	resp := <-answer
	if resp == nil {
		t.Fatal("a stalled body got no answer")
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != 400 || !strings.Contains(string(text), "RequestTimeout") {
		t.Errorf("a stalled body: %d %s", resp.StatusCode, text)
	}
	if resp, body, err := post(t, client, c, "Echo_1.Greet", `{"Name":"Ada"}`); err != nil || resp.Proto != "HTTP/2.0" || body != `{"Greeting":"hello Ada"}` {
		t.Errorf("afterwards: %s, %v", body, err)
	}
}

func TestGarbageOnTheConnection(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{}, echoService())
	for _, text := range []string{
		"\x00\x01\x02\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: AWS4-HMAC-SHA256 Credential=////\r\n\r\n",
		"POST /%zz HTTP/1.1\r\nHost: h\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\ngarbage that is no frame at all, but long enough for one",
	} {
		conn, err := net.Dial("tcp", c.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, text)
		conn.(*net.TCPConn).CloseWrite()
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q: the connection hangs", text)
		}
		conn.Close()
	}
	if _, body, err := post(t, http.DefaultClient, c, "Echo_1.Greet", `{"Name":"Ada"}`); err != nil || body != `{"Greeting":"hello Ada"}` {
		t.Errorf("afterwards: %s, %v", body, err)
	}
}

// A long poll must outlive the time limit of its request's body, and end as
// soon as its client leaves.
func TestLongPollOutlivesTheBodyLimitAndEndsWithTheClient(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{BodyReadMax: 20 * time.Millisecond})
	client := sqs.NewFromConfig(rootConfig(t, c))
	url := newQueue(t, client, "poll")
	begun, ended := make(chan struct{}, 1), make(chan error, 1)
	wait := func(ctx context.Context, seconds int32) (*sqs.ReceiveMessageOutput, error) {
		return client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: seconds})
	}
	if out, err := wait(t.Context(), 1); err != nil || len(out.Messages) != 0 {
		t.Errorf("a poll longer than the body limit: %+v, %v", out, err)
	}
	c.AddHook(func(ctx context.Context, call *wire.Call, in any, next wire.Next) (any, error) {
		begun <- struct{}{}
		out, err := next(ctx, in)
		ended <- err
		return out, err
	})
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = wait(ctx, 20)
	}()
	<-begun
	leave()
	<-gone
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the poll ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the poll outlived its client")
	}
}

func TestDropReplyLeavesOtherCallsAlone(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	cfg := rootConfig(t, c)
	cfg.Retryer = nil // the SDK's own retries hide the lost reply
	client := sqs.NewFromConfig(cfg)
	url := newQueue(t, client, "lossy")
	var lost atomic.Int32
	remove := c.AddHook(func(ctx context.Context, call *wire.Call, in any, next wire.Next) (any, error) {
		out, err := next(ctx, in)
		if call.Operation == "SendMessage" && lost.CompareAndSwap(0, 1) {
			return nil, wire.ErrDropReply
		}
		return out, err
	})
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x")}); err != nil {
		t.Fatal(err)
	}
	remove()
	got, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10})
	if err != nil || len(got.Messages) != 2 || lost.Load() != 1 {
		t.Errorf("got %d messages, %v, after %d lost replies; want the send and its retry", len(got.Messages), err, lost.Load())
	}
}

func TestACallThatDoesNotEndIsCutOffAfterDrainMax(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	stuck := wire.Op("Stuck", nil, func(ctx context.Context, _ *wire.Call, _ *struct{}) (*struct{}, error) {
		close(begun)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	c, stop := runStoppable(t, Config{DrainMax: 100 * time.Millisecond}, wire.Service{
		SigningName: "echo", Protocol: wire.Protocol{TargetPrefix: "Echo_1", JSONVersion: "1.1"},
		Operations: []wire.Operation{stuck},
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	done := make(chan error, 1)
	go func() {
		_, _, err := post(t, client, c, "Echo_1.Stuck", `{}`)
		done <- err
	}()
	<-begun
	start := time.Now()
	stop()
	if err := <-done; err == nil {
		t.Error("a call that was cut off looked answered")
	}
	if took := time.Since(start); took < 50*time.Millisecond || took > 5*time.Second {
		t.Errorf("cut off after %s, want about DrainMax", took)
	}
}

type brokenStream struct{ begin bool }

func (b brokenStream) Respond(_ context.Context, w http.ResponseWriter) error {
	if b.begin {
		w.WriteHeader(200)
		_, _ = io.WriteString(w, "half")
		w.(http.Flusher).Flush()
	}
	return wire.Errorf("Broken", "the stream broke")
}

func TestRespondersThatFail(t *testing.T) {
	t.Parallel()
	op := func(name string, out brokenStream) wire.Operation {
		return wire.Op(name, nil, func(context.Context, *wire.Call, *struct{}) (brokenStream, error) { return out, nil })
	}
	c := runCloud(t, Config{}, wire.Service{
		SigningName: "echo", Protocol: wire.Protocol{TargetPrefix: "Echo_1", JSONVersion: "1.1"},
		Operations: []wire.Operation{op("Early", brokenStream{}), op("Late", brokenStream{begin: true})},
	})
	resp, body, err := post(t, http.DefaultClient, c, "Echo_1.Early", `{}`)
	if err != nil || resp.StatusCode != 400 || !strings.Contains(body, `"__type":"Broken"`) {
		t.Errorf("failure before the first byte: %s, %v", body, err)
	}
	if _, body, err := post(t, http.DefaultClient, c, "Echo_1.Late", `{}`); err == nil {
		t.Errorf("a stream that broke looked whole: %q", body)
	}
}
