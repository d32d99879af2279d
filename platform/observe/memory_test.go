package observe

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// hoardVar makes this test binary a child that allocates, says so, and waits
// for its standard input to end.
const hoardVar = "OBSERVE_TEST_HOARD"

const hoardBytes = 64 << 20

func TestMain(m *testing.M) {
	if os.Getenv(hoardVar) != "" {
		hoard()
		return
	}
	goleak.VerifyTestMain(m)
}

func hoard() {
	held := make([]byte, hoardBytes)
	for i := range held {
		held[i] = byte(i)
	}
	_, _ = os.Stdout.WriteString("holding\n")
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	runtime.KeepAlive(held)
}

func TestSamplerCountsChildren(t *testing.T) {
	t.Parallel()
	sampler := NewMemorySampler()
	before := sampler.Sample()
	if before == 0 {
		t.Fatalf("no memory measured for this process by %s", sampler.method)
	}

	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), hoardVar+"=1")
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("child said %q: %v", line, err)
	}
	during := sampler.Sample()
	_ = stdin.Close()
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	after := sampler.Sample()

	const slack = hoardBytes / 4 // this process breathes too
	if during < before+hoardBytes-slack {
		t.Errorf("%d bytes before and %d with a child that holds %d", before, during, hoardBytes)
	}
	if after > during-hoardBytes+slack {
		t.Errorf("%d bytes with a child that holds %d, still %d after it ended", during, hoardBytes, after)
	}
	peak, method := sampler.Peak()
	if peak < during {
		t.Errorf("peak %d is below a sample of %d", peak, during)
	}
	if runtime.GOOS == "linux" && !strings.HasPrefix(method, "summed PSS") {
		t.Errorf("method %q on Linux", method)
	}
}

func TestRunKeepsThePeak(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sizes := []uint64{10, 40, 20}
		taken := 0
		sampler := &MemorySampler{
			method: "made up",
			family: func(int) []int { return []int{1, 2, 3} },
			probe: func(pid int) (uint64, bool) {
				if pid == 3 {
					return 1 << 40, false // ended between listing and reading
				}
				taken++
				return sizes[min(taken-1, 2*len(sizes)-1)/2], true
			},
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*sampleEvery+time.Millisecond)
		defer cancel()
		if err := sampler.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if peak, _ := sampler.Peak(); peak != 80 {
			t.Errorf("peak %d, want 80", peak)
		}
		if taken != 2*4 { // at 0, 200 and 400 ms, and at the end
			t.Errorf("%d readings, want 8", taken)
		}
	})
}
