package lambda

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/wire"
)

func TestInvokeOutcomes(t *testing.T) {
	t.Parallel()
	s := running(t, Config{})
	for _, c := range []struct {
		handler, event string
		functionError  string
		payload        string // contained in the reply
		log            string // contained in the log tail
	}{
		{"echo", `{"a":[1,2]}`, "", `{"a":[1,2]}`, "START RequestId"},
		{"fail", `1`, "Unhandled", `"errorMessage":"no can do"`, "REPORT RequestId"},
		{"panic", `1`, "Unhandled", `"errorMessage":"at the disco"`, "disco"},
		{"exit", `1`, "Unhandled", `Runtime exited with error: exit status 1","errorType":"Runtime.ExitError"`, "END RequestId"},
		{"exit-at-init", `1`, "Unhandled", `Runtime exited with error: exit status 3`, "REPORT"},
		{"log", `"hello log"`, "", `"logged"`, "hello log\nno newline at the end\nEND"},
		{"big", `6291400`, "", "xxx", ""},
		{"big", `7000000`, "Unhandled", "Function.ResponseSizeTooLarge", ""},
		{"allocate", `20`, "", "20971520", "Max Memory Used: "},
	} {
		t.Run(c.handler+" "+c.event, func(t *testing.T) {
			t.Parallel()
			name := c.handler + strings.Map(alnum, c.event)
			create(t, s, c.handler, func(in *createFunctionInput) { in.FunctionName = name })
			r, err := s.Invoke(t.Context(), name, []byte(c.event))
			if err != nil {
				t.Fatal(err)
			}
			if r.FunctionError != c.functionError {
				t.Errorf("function error %q, want %q", r.FunctionError, c.functionError)
			}
			if !strings.Contains(string(r.Payload), c.payload) {
				t.Errorf("payload %.200q lacks %q", r.Payload, c.payload)
			}
			if !strings.Contains(string(r.LogTail), c.log) {
				t.Errorf("log %q lacks %q", r.LogTail, c.log)
			}
			if !strings.Contains(strings.Join(logOf(s, name), "\n"), "REPORT RequestId: "+r.RequestID) {
				t.Errorf("function log lacks the report of %s", r.RequestID)
			}
			m, _ := s.Metrics(name)
			if wantErrors := c.functionError != ""; m.Invocations != 1 || (m.Errors == 1) != wantErrors {
				t.Errorf("metrics %+v", m)
			}
		})
	}
}

func alnum(r rune) rune {
	if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}

func TestTimeoutKillsTheFunction(t *testing.T) {
	t.Parallel()
	s := running(t, Config{})
	create(t, s, "sleep", func(in *createFunctionInput) { in.Timeout = ptr(1) })
	r, err := s.Invoke(t.Context(), "sleep", []byte("60"))
	if err != nil {
		t.Fatal(err)
	}
	if r.FunctionError != "Unhandled" || !strings.Contains(string(r.Payload), r.RequestID+" Task timed out after 1.00 seconds") {
		t.Errorf("got %s %s", r.FunctionError, r.Payload)
	}
	if !strings.Contains(string(r.LogTail), "sleeping ") {
		t.Errorf("log %q lacks what the function said before", r.LogTail)
	}
	if r, err = s.Invoke(t.Context(), "sleep", []byte("0")); err != nil || string(r.Payload) != `"slept"` {
		t.Errorf("after a time-out: %s %v", r.Payload, err)
	}
}

func TestEnvironmentsAreReusedUntilTheFunctionChanges(t *testing.T) {
	t.Parallel()
	s := running(t, Config{})
	create(t, s, "pid")
	first := invokePID(t, s)
	for range 20 {
		if again := invokePID(t, s); again != first {
			t.Fatalf("process %d, then %d: not reused", first, again)
		}
	}
	in := &updateFunctionConfigurationInput{name: target{FunctionName: "pid"}}
	in.MemorySize = ptr(256)
	s.mu.Lock()
	f := s.functions["pid"]
	s.revise(f, in.apply(f.spec))
	s.mu.Unlock()
	if second := invokePID(t, s); second == first {
		t.Error("an updated function still runs in its old process")
	}
}

func TestEnvironmentsRetireBeforeTheirCredentials(t *testing.T) {
	t.Parallel()
	roles := &fakeRoles{lifetime: time.Minute} // less than margin and timeout
	s := running(t, Config{Roles: roles})
	create(t, s, "pid")
	if first, second := invokePID(t, s), invokePID(t, s); first == second {
		t.Error("a process was reused although its credentials may end during the invocation")
	}
}

func invokePID(t *testing.T, s *Service) (pid int) {
	t.Helper()
	r, err := s.Invoke(t.Context(), "pid", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(r.Payload, &pid); err != nil {
		t.Fatalf("%s: %v", r.Payload, err)
	}
	return pid
}

func TestRunEndsTheChildren(t *testing.T) {
	t.Parallel()
	var pid int
	t.Run("running", func(t *testing.T) {
		s := running(t, Config{})
		create(t, s, "pid")
		pid = invokePID(t, s)
		process, _ := os.FindProcess(pid)
		if err := process.Signal(syscall.Signal(0)); err != nil {
			t.Fatalf("the function's process is gone while the service runs: %v", err)
		}
	})
	process, _ := os.FindProcess(pid)
	if err := process.Signal(syscall.Signal(0)); err == nil {
		t.Errorf("process %d outlived Run", pid)
	}
}

func TestFunctionEnvironmentIsLambdas(t *testing.T) {
	t.Setenv("WEIR_TEST_SECRET", "leaks")
	sim := clock.Simulated{Epoch: time.Unix(1000, 0), Origin: time.Unix(2000, 0), Speed: 60}
	s := running(t, Config{Sim: sim, Region: "eu-west-1", Account: "123456789012"})
	create(t, s, "environ", func(in *createFunctionInput) {
		in.Environment = &environmentVariables{map[string]string{"OWN": "value", "AWS_ENDPOINT_URL_S3": "x"}}
	})
	r, err := s.Invoke(t.Context(), "environ", nil)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	if err := json.Unmarshal(r.Payload, &list); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, pair := range list {
		name, value, _ := strings.Cut(pair, "=")
		got[name] = value
	}
	for name, want := range map[string]string{
		"OWN": "value", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "ASIA", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN": "token", "AWS_LAMBDA_FUNCTION_NAME": "environ", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "_HANDLER": "bootstrap", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/environ", clock.EnvVar: sim.String(),
	} {
		if got[name] != want {
			t.Errorf("%s=%q, want %q", name, got[name], want)
		}
	}
	if _, leaked := got["WEIR_TEST_SECRET"]; leaked {
		t.Error("the parent's environment leaks into functions")
	}
}

func TestConcurrencyLimits(t *testing.T) {
	t.Parallel()
	s := running(t, Config{})
	create(t, s, "sleep")
	if err := s.pool.reserve("sleep", 2); err != nil {
		t.Fatal(err)
	}
	results := make(chan error, 5)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			_, err := s.Invoke(t.Context(), "sleep", []byte("1"))
			results <- err
		})
	}
	wg.Wait()
	close(results)
	refused := 0
	for err := range results {
		var typed *wire.Error
		switch {
		case err == nil:
		case errors.As(err, &typed) && typed.HTTPStatus() == 429 && typed.Fields["Reason"] == reasonReserved:
			refused++
		default:
			t.Error(err)
		}
	}
	if refused != 3 {
		t.Errorf("%d of 5 calls refused with 2 executions reserved, want 3", refused)
	}
	if m, _ := s.Metrics("sleep"); m.Throttles != 3 || m.ConcurrentExecutionsMax != 2 {
		t.Errorf("metrics %+v", m)
	}
	if err := s.pool.reserve("other", 899); err == nil {
		t.Error("a reservation may leave less than 100 executions unreserved")
	}
}
