package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	runtime "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"go.uber.org/goleak"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// TestMain is two programs: started as `<test binary> lambda NAME` it is a
// function, as the real launcher starts weir itself.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "lambda" {
		serveHandler(os.Args[2])
		return
	}
	if len(os.Args) == 2 && os.Args[1] == "parent" {
		parent()
		return
	}
	goleak.VerifyTestMain(m)
}

// parent runs a service with a function at work, prints the function's
// process id and waits to be killed.
func parent() {
	s, err := New(Config{Launcher: selfLauncher{}, Roles: &fakeRoles{}, Endpoint: func() string { return "" }})
	if err != nil {
		panic(err)
	}
	go func() { _ = s.Run(context.Background()) }()
	in := &createFunctionInput{FunctionName: "sleep", Code: &FunctionCode{S3Bucket: HandlerBucket, S3Key: "sleep"}}
	in.Role, in.Handler, in.Runtime, in.Timeout = ptr(testRole), ptr("bootstrap"), ptr(runtimeName), ptr(900)
	if _, err := s.handleCreateFunction(context.Background(), nil, in); err != nil {
		panic(err)
	}
	go func() { _, _ = s.Invoke(context.Background(), "sleep", []byte("600")) }()
	for {
		for _, line := range logOf(s, "sleep") {
			if pid, ok := strings.CutPrefix(line, "sleeping "); ok {
				fmt.Println(pid)
				select {}
			}
		}
		_ = clock.Wall{}.Sleep(context.Background(), time.Millisecond)
	}
}

// handlers are the functions the tests run.
func serveHandler(name string) {
	switch name {
	case "echo":
		runtime.Start(func(_ context.Context, event any) (any, error) { return event, nil })
	case "environ":
		runtime.Start(func(context.Context) ([]string, error) { return os.Environ(), nil })
	case "pid":
		runtime.Start(func(context.Context) (int, error) { return os.Getpid(), nil })
	case "sleep":
		runtime.Start(func(_ context.Context, seconds float64) (string, error) {
			fmt.Println("sleeping", os.Getpid())
			clock.Wall{}.Sleep(context.Background(), time.Duration(seconds*float64(time.Second)))
			return "slept", nil
		})
	case "fail":
		runtime.Start(func(context.Context) (string, error) { return "", errors.New("no can do") })
	case "panic":
		runtime.Start(func(context.Context) (string, error) { panic("at the disco") })
	case "exit":
		runtime.Start(func(context.Context) (string, error) { os.Exit(1); return "", nil })
	case "exit-at-init":
		os.Exit(3)
	case "log":
		runtime.Start(func(_ context.Context, text string) (string, error) {
			fmt.Println(text)
			fmt.Fprint(os.Stderr, "no newline at the end")
			return "logged", nil
		})
	case "whoami":
		runtime.Start(func(ctx context.Context) (string, error) {
			cfg, err := config.LoadDefaultConfig(ctx)
			if err != nil {
				return "", err
			}
			out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
			if err != nil {
				return "", err
			}
			return *out.Arn, nil
		})
	case "big":
		runtime.Start(func(_ context.Context, n int) (string, error) { return strings.Repeat("x", n), nil })
	case "allocate":
		runtime.Start(func(_ context.Context, mib int) (int, error) {
			block := make([]byte, mib<<20)
			for i := range block {
				block[i] = byte(i)
			}
			return len(block), nil
		})
	}
}

// selfLauncher starts the test binary as a function.
type selfLauncher struct{}

func (selfLauncher) Command(name string) (Command, error) {
	if name == "unknown" {
		return Command{}, errors.New("there is no handler unknown")
	}
	path, err := os.Executable()
	return Command{Path: path, Args: []string{"lambda", name}}, err
}

// fakeRoles lets every role do everything but what is denied.
type fakeRoles struct {
	mu       sync.Mutex
	denied   map[string]bool // by action
	lifetime time.Duration   // of credentials; 0 means an hour
	issued   int
}

func (r *fakeRoles) deny(action string, yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.denied == nil {
		r.denied = map[string]bool{}
	}
	r.denied[action] = yes
}

func (r *fakeRoles) ServiceCredentials(role, principal, session string) (Credentials, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.HasSuffix(role, "/nobody") || principal != "lambda.amazonaws.com" || session == "" {
		return Credentials{}, errors.New("not assumable")
	}
	r.issued++
	lifetime := r.lifetime
	if lifetime == 0 {
		lifetime = time.Hour
	}
	return Credentials{"ASIA", "secret", "token", clock.Wall{}.Now().Add(lifetime)}, nil
}

func (r *fakeRoles) AuthorizeRole(_ string, a wire.Access) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.denied[a.Action] {
		return wire.Errorf("AccessDeniedException", "not authorized to perform: %s", a.Action)
	}
	return nil
}

const testRole = "arn:aws:iam::000000000000:role/worker"

// running returns a service whose Run ends, and is waited for, with the test.
func running(t *testing.T, cfg Config) *Service {
	t.Helper()
	if cfg.Launcher == nil {
		cfg.Launcher = selfLauncher{}
	}
	if cfg.Roles == nil {
		cfg.Roles = &fakeRoles{}
	}
	if cfg.Endpoint == nil {
		cfg.Endpoint = func() string { return "http://127.0.0.1:1" }
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

func ptr[T any](v T) *T { return &v }

// create makes a function called like its handler.
func create(t *testing.T, s *Service, handler string, change ...func(*createFunctionInput)) {
	t.Helper()
	in := &createFunctionInput{FunctionName: handler, Code: &FunctionCode{S3Bucket: HandlerBucket, S3Key: handler}}
	in.Role, in.Handler, in.Runtime = ptr(testRole), ptr("bootstrap"), ptr(runtimeName)
	for _, c := range change {
		c(in)
	}
	if err := in.Validate(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.handleCreateFunction(t.Context(), nil, in); err != nil {
		t.Fatal(err)
	}
}

// logOf is what a function has logged, oldest line first; nil before there is one.
func logOf(s *Service, name string) []string {
	f, ok := s.function(name)
	if !ok {
		return nil
	}
	return f.logs.snapshot()
}
