package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"

	"github.com/weirstream/weir/platform/observe"
)

func examineLoopback(context.Context) finding {
	f := finding{Name: "loopback", Required: true, Remedy: "weir listens on 127.0.0.1; bring up the lo interface or allow sockets in this sandbox"}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Found = err.Error()
		return f
	}
	f.OK, f.Found = true, "127.0.0.1 accepts listeners"
	_ = listener.Close()
	return f
}

func examineExecutable(context.Context) finding {
	f := finding{Name: "own binary", Required: true, Remedy: "functions run as children of this binary; start weir from a file that stays in place"}
	path, err := os.Executable()
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		f.Found = err.Error()
		return f
	}
	f.OK, f.Found = true, path
	return f
}

func examineTemp(context.Context) finding {
	f := finding{Name: "temporary files", Required: true, Remedy: "set TMPDIR to a directory you may write to"}
	dir, err := os.MkdirTemp("", "weir-doctor-")
	if err != nil {
		f.Found = err.Error()
		return f
	}
	_ = os.Remove(dir)
	f.OK, f.Found = true, os.TempDir()
	return f
}

func examineCPUs(context.Context) finding {
	const enough = 2
	n := runtime.GOMAXPROCS(0)
	return finding{
		Name: "CPU cores", OK: n >= enough, Found: fmt.Sprintf("%d usable, %s/%s", n, runtime.GOOS, runtime.GOARCH),
		Remedy: "with one core latencies grow; lower --rate, or expect the latency objectives to fail",
	}
}

func examineMemory(context.Context) finding {
	const enoughMiB = 1024
	available, err := availableMiB()
	if err != nil {
		return finding{Name: "memory", OK: true, Found: "not known: " + err.Error()}
	}
	return finding{
		Name: "memory", OK: available >= enoughMiB, Found: fmt.Sprintf("%d MiB available", available),
		Remedy: fmt.Sprintf("a run takes up to 500 MB; free some, below %d MiB it may be killed", enoughMiB),
	}
}

func examinePSS(context.Context) finding {
	sampler := observe.NewMemorySampler()
	now := sampler.Sample()
	_, method := sampler.Peak()
	f := finding{
		Name: "memory accounting", Found: method, OK: now > 0 && runtime.GOOS == "linux" && isPSS(method),
		Remedy: "peak memory in the verdict is read another way than by PSS and counts shared pages more than once",
	}
	if now == 0 {
		f.Remedy = "the verdict's peak memory will be 0"
	}
	return f
}

func isPSS(method string) bool { return len(method) > 10 && method[:10] == "summed PSS" }

func examineDefaultPort(context.Context) finding {
	f := finding{Name: "port 4566", Remedy: "`weir cloud` uses it unless told otherwise: --listen 127.0.0.1:0 takes any free port; `weir run` does not need it"}
	listener, err := net.Listen("tcp", defaultListen)
	if err != nil {
		f.Found = "taken by another process"
		return f
	}
	_ = listener.Close()
	f.OK, f.Found = true, "free"
	return f
}
