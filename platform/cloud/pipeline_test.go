package cloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// sign signs req as root for service.
func sign(t *testing.T, req *http.Request, body, service string) {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	root := aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}
	err := v4.NewSigner().SignHTTP(t.Context(), root, req, hex.EncodeToString(sum[:]), service, "us-east-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
}

// post sends one JSON call and returns status, headers and body.
func post(t *testing.T, client *http.Client, c *Cloud, target, body string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Endpoint()+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", target)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	sign(t, req, body, "echo")
	resp, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp, string(text), err
}

func TestPipeline(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{}, echoService())
	for _, tc := range []struct {
		name, target, body string
		status             int
		want               string
	}{
		{"success", "Echo_1.Greet", `{"Name":"Ada","Unknown":[1]}`, 200, `{"Greeting":"hello Ada"}`},
		{"nil output", "Echo_1.Nothing", `{"Name":"Ada"}`, 200, ``},
		{"typed error", "Echo_1.Greet", `{"Name":"Ada","Fail":"typed"}`, 400, `{"__type":"NoSuchName","message":"Ada is unknown"}`},
		{"panic", "Echo_1.Greet", `{"Name":"Ada","Fail":"panic"}`, 500, `"__type":"InternalFailure"`},
		{"invalid", "Echo_1.Greet", `{}`, 400, `1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null`},
		{"wrong type", "Echo_1.Greet", `{"Name":7}`, 400, `{"Message":"NUMBER_VALUE can not be converted to a String","__type":"SerializationException"}`},
		{"no JSON", "Echo_1.Greet", `{"Name"`, 400, `"__type":"SerializationException"`},
		{"empty body", "Echo_1.Greet", ``, 400, `"__type":"SerializationException"`},
		{"unknown operation", "Echo_1.Shout", `{}`, 400, `"__type":"UnknownOperationException"`},
		{"another service's target", "Nope_1.Greet", `{}`, 400, `"__type":"UnknownOperationException"`},
		{"no target", "", `{}`, 400, `"__type":"UnknownOperationException"`},
		{"too large", "Echo_1.Greet", `{"Name":"` + strings.Repeat("x", 16<<20) + `"}`, 413, ``},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			resp, body, err := post(t, http.DefaultClient, c, tc.target, tc.body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tc.status || !strings.Contains(body, tc.want) || tc.want == "" && body != "" {
				t.Errorf("got %d %s, want %d %s", resp.StatusCode, body, tc.status, tc.want)
			}
			if len(resp.Header.Get("X-Amzn-Requestid")) != 36 || resp.Header.Get("X-Amz-Id-2") == "" {
				t.Errorf("request ids missing: %v", resp.Header)
			}
			if resp.StatusCode >= 400 && body != "" && !strings.Contains(body, resp.Header.Get("X-Amzn-Errortype")) {
				t.Errorf("error header %q does not match body %s", resp.Header.Get("X-Amzn-Errortype"), body)
			}
		})
	}
}

func TestUnsignedAndUnknownCallsAreRefused(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{}, echoService())
	for _, tc := range []struct {
		name, target, service string
		form                  bool
		status                int
		want                  string
	}{
		{"unsigned", "Echo_1.Greet", "", false, 400, "MissingAuthenticationTokenException"},
		{"unsigned without target", "", "", false, 400, "MissingAuthenticationTokenException"},
		{"unsigned form", "", "", true, 403, "<Code>MissingAuthenticationToken</Code>"},
		{"unsigned unknown target", "Nope_1.Greet", "", false, 400, "UnknownOperationException"},
		{"a service that is not here", "Nope_1.Greet", "nope", false, 501, "NotImplementedException"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Endpoint()+"/", strings.NewReader("{}"))
			req.Header.Set("X-Amz-Target", tc.target)
			req.Header.Set("Content-Type", "application/x-amz-json-1.1")
			if tc.form {
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			if tc.service != "" {
				sign(t, req, "{}", tc.service)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != tc.status || !strings.Contains(string(body), tc.want) {
				t.Errorf("got %d %s, want %d %s", resp.StatusCode, body, tc.status, tc.want)
			}
		})
	}
}

func TestHooksWrapOutermostFirstAndCanBeRemoved(t *testing.T) {
	t.Parallel()
	var (
		mu    sync.Mutex
		order []string
	)
	mark := func(name string) wire.Hook {
		return func(ctx context.Context, call *wire.Call, in any, next wire.Next) (any, error) {
			mu.Lock()
			order = append(order, name)
			mu.Unlock()
			return next(ctx, in)
		}
	}
	c := runCloud(t, Config{Hooks: []wire.Hook{mark("configured")}}, echoService())
	remove := c.AddHook(mark("added"))
	for range 2 {
		if _, _, err := post(t, http.DefaultClient, c, "Echo_1.Greet", `{"Name":"Ada"}`); err != nil {
			t.Fatal(err)
		}
		remove()
		remove()
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(order, " "); got != "configured added configured" {
		t.Errorf("hooks ran as %q", got)
	}
}

func TestDroppedReplyHappenedButIsNotAnswered(t *testing.T) {
	t.Parallel()
	var happened atomic.Int32
	c := runCloud(t, Config{Hooks: []wire.Hook{func(ctx context.Context, _ *wire.Call, in any, next wire.Next) (any, error) {
		if _, err := next(ctx, in); err != nil {
			return nil, err
		}
		happened.Add(1)
		return nil, wire.ErrDropReply
	}}}, echoService())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	_, body, err := post(t, client, c, "Echo_1.Greet", `{"Name":"Ada"}`)
	if !errors.Is(err, io.EOF) {
		t.Errorf("got %q, %v; want the connection closed without a reply", body, err)
	}
	if n := happened.Load(); n != 1 {
		t.Errorf("the call happened %d times, want once", n)
	}
	stats := c.Stats()
	if len(stats) != 1 || stats[0].Dropped != 1 || stats[0].Calls != 1 {
		t.Errorf("stats %+v, want one dropped call", stats)
	}
}

func TestH2CPriorKnowledge(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{}, echoService())
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	resp, body, err := post(t, &http.Client{Transport: transport}, c, "Echo_1.Greet", `{"Name":"Ada"}`)
	if err != nil {
		t.Fatal(err)
	}
	if resp.ProtoMajor != 2 || body != `{"Greeting":"hello Ada"}` {
		t.Errorf("got %s over %s", body, resp.Proto)
	}
}

func TestLocalEndpoints(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	for path, want := range map[string]string{"health": `"ready"`, "clock": c.cfg.Sim.String(), "engines": `{"kafka":null,"registry":"","search":""}`} {
		resp, err := http.Get(c.Endpoint() + "/_weir/" + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("%s: got %d %s, want %s", path, resp.StatusCode, body, want)
		}
	}
}

func TestConfigSaysEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Listen: "nowhere", Region: "Mars", Account: "12", AccessKeyID: "a b"})
	for _, want := range []string{`listen "nowhere"`, `region "Mars"`, `account "12"`, `access key id "a b"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	_, err := New(Config{Listen: c.listener.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), c.listener.Addr().String()) {
		t.Errorf("got %v, want an error that names the address", err)
	}
}
