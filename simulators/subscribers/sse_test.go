package subscribers

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestSSE(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 10_000)
	for _, c := range []struct{ name, stream, want string }{
		{"nothing", "", ""},
		{"one", "event: a\ndata: 1\n\n", "a=1;"},
		{"no space", "event:a\ndata:1\n\n", "a=1;"},
		{"carriage returns", "event: a\r\ndata: 1\r\n\r\n", "a=1;"},
		{"two", "event: a\ndata: 1\n\nevent: b\ndata: 2\n\n", "a=1;b=2;"},
		{"name does not stick", "event: a\ndata: 1\n\ndata: 2\n\n", "a=1;=2;"},
		{"lines of data", "data: 1\ndata: 2\ndata:\n\n", "=1\n2\n;"},
		{"comments, ids and the unknown", ": ping\n\nid: 7\nretry: 10\nfoo: bar\nevent: a\ndata: 1\n\n", "a=1;"},
		{"no data, no event", "event: a\n\ndata: 1\n\n", "=1;"},
		{"unfinished event", "event: a\ndata: 1\n", ""},
		{"unfinished line", "event: a\ndata: 1\n\nevent: b\ndata: 2", "a=1;"},
		{"long line", "data: " + long + "\n\n", "=" + long + ";"},
		{"colon in data", "data: a: b\n\n", "=a: b;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []io.Reader{strings.NewReader(c.stream), iotest.OneByteReader(strings.NewReader(c.stream))} {
				if got, err := readAll(r); got != c.want || !errors.Is(err, io.EOF) {
					t.Errorf("got %.80q and %v, want %.80q", got, err, c.want)
				}
			}
		})
	}
	for _, endless := range []string{"x", "data: x\n"} {
		if _, err := readAll(&repeat{endless}); !errors.Is(err, errLongEvent) {
			t.Errorf("an endless stream of %q: got %v", endless, err)
		}
	}
}

func readAll(r io.Reader) (string, error) {
	s := newSSE()
	s.reset(r)
	var b strings.Builder
	for {
		name, data, err := s.next()
		if err != nil {
			return b.String(), err
		}
		b.WriteString(string(name) + "=" + string(data) + ";")
	}
}

// repeat is an endless stream.
type repeat struct{ text string }

func (r *repeat) Read(p []byte) (int, error) {
	n := 0
	for n+len(r.text) <= len(p) {
		n += copy(p[n:], r.text)
	}
	return n, nil
}

func FuzzSSE(f *testing.F) {
	f.Add([]byte("event: a\ndata: 1\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		if _, err := readAll(strings.NewReader(string(stream))); err == nil {
			t.Error("no end")
		}
	})
}
