package cabs

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/scenario"
)

// counter is the cheapest hub there can be: it accepts every line unread.
func counter() http.HandlerFunc {
	var readers sync.Pool
	return func(w http.ResponseWriter, r *http.Request) {
		body, lines, buffer := io.Reader(r.Body), 0, make([]byte, 64<<10)
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, _ := readers.Get().(*gzip.Reader)
			if z == nil {
				z = new(gzip.Reader)
			}
			if z.Reset(r.Body) != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			defer readers.Put(z)
			body = z
		}
		for {
			n, err := body.Read(buffer)
			lines += bytes.Count(buffer[:n], []byte{'\n'})
			if err != nil {
				break
			}
		}
		fmt.Fprintf(w, `{"accepted":%d}`, lines)
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// What a reading costs from plan to receipt when 20 000 are due per second, the
// hub's own reading of the body included.
func BenchmarkSimulatePaced(b *testing.B) {
	for _, gzipMin := range []int{0, -1} {
		b.Run(fmt.Sprintf("gzipMin=%d", gzipMin), func(b *testing.B) {
			load := scenario.Load{Rate: 20_000, Devices: 5000, For: time.Hour}
			n, began := 0, time.Now()
			paced := func(yield func(scenario.Planned) bool) {
				for p := range population(b).Plan(1, epoch, load) {
					if ahead := p.At - time.Since(began); ahead > 0 {
						time.Sleep(ahead)
					}
					if n++; n > b.N || !yield(p) {
						return
					}
				}
			}
			before := cpu()
			if _, err := simulate(b, b.Context(), Config{GzipMin: gzipMin}, counter(), paced); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/event")
		})
	}
}
